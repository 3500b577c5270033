// SPDX-License-Identifier: Apache-2.0
// Compiling: what is refused, and that no text keeps the parser for long.
#include "mykeyv/script/engine.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mykeyv::script {
namespace {

std::string repeated(std::string_view piece, std::size_t times)
{
    std::string text;
    for (std::size_t i = 0; i < times; ++i) { text += piece; }
    return text;
}

/// True when asking for the compile error of `code` takes no more than ten times the default time budget.
bool answers_in_time(std::string const& code)
{
    auto const start = std::chrono::steady_clock::now();
    static_cast<void>(compile_error(code));
    return std::chrono::steady_clock::now() - start <= 10 * limits::script_time_default;
}

}  // namespace

TEST(compile, of_good_code_has_no_error)
{
    EXPECT_EQ(compile_error("local record, args, key = ... return true"), std::nullopt);
    EXPECT_EQ(compile_error(""), std::nullopt);
}

TEST(compile, of_bad_code_says_where) { EXPECT_EQ(compile_error("\n\nreturn return"), "update:3: unexpected symbol near 'return'"); }

TEST(compile, of_too_long_code_is_refused)
{
    EXPECT_EQ(compile_error("--" + std::string(limits::script_code_bytes_max, 'x')), "the code is too long");
}

TEST(compile, of_deeply_nested_code_is_refused)
{
    EXPECT_TRUE(compile_error("return " + repeated("(", 100'000)).has_value());
    EXPECT_TRUE(compile_error("return " + repeated("{", 100'000)).has_value());
    EXPECT_TRUE(compile_error(repeated("do ", 100'000)).has_value());
    EXPECT_TRUE(compile_error("return " + repeated("-", 1) + repeated("not ", 100'000) + "x").has_value());
}

TEST(compile, of_code_that_parses_in_quadratic_time_is_cut_off)
{
    EXPECT_TRUE(answers_in_time("if x then" + repeated(" elseif x then", 70'000) + " end"));
    std::string labels;
    for (int i = 0; i < 30'000; ++i) { labels += "::a" + std::to_string(i) + "::"; }
    EXPECT_TRUE(answers_in_time(labels));
    EXPECT_TRUE(answers_in_time(repeated("goto z ", 30'000) + labels + "::z::"));
}

TEST(compile, of_a_long_concatenation_is_bounded) { EXPECT_TRUE(answers_in_time("return x" + repeated("..x", 300'000))); }

}  // namespace mykeyv::script
