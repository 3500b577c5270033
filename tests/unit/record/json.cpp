// SPDX-License-Identifier: Apache-2.0
// What text may be stored as a document, and how it is stored.
#include "mykeyv/record/json.hpp"

#include "mykeyv/base/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mykeyv {
namespace {

std::string stored_as(std::string_view text)
{
    auto const document = checked_document(text);
    return document ? *document : document.error().message();
}

bool unchanged(std::string_view text) { return stored_as(text) == text; }

bool fails(std::string_view text, errc e)
{
    auto const document = checked_document(text);
    return document.has_error() && is(document.error(), e);
}

std::string nested(std::size_t levels, std::string_view inside = "")
{
    return std::string(levels, '[') + std::string{inside} + std::string(levels, ']');
}

TEST(a_document, is_any_one_json_value)
{
    for (auto const* const text : {"{}", "[]", "\"\"", "0", "-1", "1.5", "true", "false", "null", R"({"a":[1,{"b":null}]})"}) {
        EXPECT_TRUE(unchanged(text)) << text;
    }
}
TEST(a_document, loses_the_blanks_between_its_tokens_and_nothing_else)
{
    EXPECT_EQ(stored_as(" { \"a b\" :\t[ 1 , 2 ]\r\n} "), R"({"a b":[1,2]})");
    EXPECT_EQ(stored_as(" \" \\\" { \" "), R"(" \" { ")");
}
TEST(a_document, keeps_the_text_of_its_numbers)
{
    for (auto const* const text : {"1.0", "1e2", "1E+2", "-0", "0.10", "9007199254740993", "0.1000000000000000055511151231257827"}) {
        EXPECT_TRUE(unchanged(text)) << text;
    }
}
TEST(a_document, keeps_order_and_repetition_of_its_members) { EXPECT_TRUE(unchanged(R"({"b":1,"a":2,"b":3})")); }
TEST(a_document, keeps_empty_arrays_and_objects_apart) { EXPECT_TRUE(unchanged(R"({"a":[],"o":{}})")); }
TEST(a_document, keeps_the_text_of_its_strings)
{
    EXPECT_TRUE(unchanged(R"(["\u0000\ud83d\ude00\/","ä€😀"])"));
}

TEST(a_document, of_nothing_is_none)
{
    EXPECT_TRUE(fails("", errc::not_json));
    EXPECT_TRUE(fails(std::string_view{}, errc::not_json));
    EXPECT_TRUE(fails(" \n", errc::not_json));
}
TEST(a_document, is_not_two_values)
{
    for (auto const* const text : {"1 2", "{} {}", "{},", "[1]]", "\"a\"\"b\"", "tr ue"}) {
        EXPECT_TRUE(fails(text, errc::not_json)) << text;
    }
}
TEST(a_document, follows_the_grammar)
{
    for (auto const* const text : {"{", "[1,]", "[,1]", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":1,}", "True", "nul", "NaN", "Infinity",
                                   "\"open", "\"\\x\"", "\"\n\"", "// c\n1", "\xef\xbb\xbf{}"}) {
        EXPECT_TRUE(fails(text, errc::not_json)) << text;
    }
    EXPECT_TRUE(fails(std::string_view("{}\0", 3), errc::not_json));
}
TEST(a_document, has_no_malformed_numbers)
{
    for (auto const* const text : {"01", "-", "+1", "1.", ".5", "1e", "1e+", "-01", "0x10", "1.2.3", "--1", "1a", "[1e5,1-2]"}) {
        EXPECT_TRUE(fails(text, errc::not_json)) << text;
    }
}

TEST(an_integer, within_64_signed_bits_is_exact)
{
    for (auto const* const text : {"9223372036854775807", "-9223372036854775808", "9007199254740993"}) {
        EXPECT_TRUE(unchanged(text)) << text;
    }
}
TEST(an_integer, outside_is_refused)
{
    for (auto const* const text : {"9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
                                   "{\"a\":[1,9223372036854775808]}", "1000000000000000000000000000000"}) {
        EXPECT_TRUE(fails(text, errc::json_not_exact)) << text;
    }
}
TEST(an_integer, in_a_string_is_text) { EXPECT_TRUE(unchanged(R"({"18446744073709551616":"\"18446744073709551616"})")); }
TEST(another_number, is_a_finite_double)
{
    EXPECT_TRUE(unchanged("1.7976931348623157e308"));
    EXPECT_TRUE(unchanged("18446744073709551616.0"));
    EXPECT_TRUE(fails("1e309", errc::json_not_exact));
    EXPECT_TRUE(fails("[-1.5e99999]", errc::json_not_exact));
}

TEST(a_document, nests_down_to_the_limit)
{
    EXPECT_TRUE(unchanged(nested(limits::json_depth_max)));
    EXPECT_TRUE(unchanged(nested(limits::json_depth_max, "1")));
    EXPECT_TRUE(unchanged(nested(limits::json_depth_max - 1, "{}")));
}
TEST(a_document, below_the_limit_is_refused)
{
    EXPECT_TRUE(fails(nested(limits::json_depth_max + 1), errc::json_too_deep));
    EXPECT_TRUE(fails(nested(limits::json_depth_max + 1, "1"), errc::json_too_deep));
    EXPECT_TRUE(fails(nested(limits::json_depth_max, "{}"), errc::json_too_deep));
    EXPECT_TRUE(fails(nested(1u << 20), errc::json_too_deep));
}
TEST(a_document, may_be_wide) { EXPECT_TRUE(unchanged('[' + nested(1, "0") + ',' + nested(1, "0") + ']')); }
TEST(a_document, counts_no_brackets_in_strings) { EXPECT_TRUE(unchanged('"' + std::string(1000, '[') + '"')); }

TEST(a_document, is_utf8)
{
    for (auto const* const text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\""}) {
        EXPECT_TRUE(fails(text, errc::json_not_utf8)) << text;
    }
}
TEST(a_document, has_no_lone_surrogates)
{
    EXPECT_TRUE(fails(R"("\ud800")", errc::not_json));
    EXPECT_TRUE(fails(R"("\udc00")", errc::not_json));
}

TEST(a_json_checker, serves_again_after_success_and_failure)
{
    json_checker checker;
    EXPECT_EQ(*checker.check("[1]"), "[1]");
    EXPECT_TRUE(is(checker.check("[1").error(), errc::not_json));
    EXPECT_EQ(*checker.check(" [ 2 ] "), "[2]");
}
TEST(a_json_checker, holds_the_depth_after_a_large_text)
{
    json_checker checker;
    auto const large = '"' + std::string(1u << 20, 'x') + '"';
    EXPECT_EQ(*checker.check(large), large);
    EXPECT_TRUE(is(checker.check(nested(limits::json_depth_max + 1, "1")).error(), errc::json_too_deep));
    EXPECT_EQ(*checker.check(large), large);
}
TEST(a_json_checker, reads_text_that_ends_anywhere)
{
    json_checker checker;
    for (std::size_t length = 0; length < 300; ++length) {
        auto const text = '"' + std::string(length, 'x') + '"';
        EXPECT_EQ(*checker.check(std::string(length % 7, ' ') + text), text);
    }
}

}  // namespace
}  // namespace mykeyv
