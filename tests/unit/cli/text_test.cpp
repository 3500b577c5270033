// SPDX-License-Identifier: Apache-2.0
// What reaches a terminal or another program, and JSON as people type it.
#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace mykeyv::cli {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string refusal_of(std::string_view text)
{
    try {
        parse_json(text, "the value");
    } catch (refusal const& why) {
        return why.code() == exit_code::usage ? why.what() : "another exit code";
    }
    return "accepted";
}

TEST(parse_json, keeps_the_edges_of_64_bits)
{
    EXPECT_EQ(parse_json("9007199254740993", "x").get<std::int64_t>(), (std::int64_t{1} << 53) + 1);
    EXPECT_EQ(parse_json("-9223372036854775808", "x").get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(parse_json("9223372036854775807", "x").get<std::int64_t>(), std::numeric_limits<std::int64_t>::max());
}

TEST(parse_json, refuses_an_integer_that_no_record_holds_exactly)
{
    EXPECT_THAT(refusal_of(R"({"a":[18446744073709551616]})"), HasSubstr("18446744073709551616"));
    EXPECT_THAT(refusal_of("-9223372036854775809"), HasSubstr("outside of -2^63"));
    EXPECT_THAT(refusal_of("9223372036854775808"), HasSubstr("9223372036854775808"));
}

TEST(parse_json, takes_floating_point_numbers) { EXPECT_EQ(parse_json("1e3", "x"), 1000.0); }

TEST(parse_json, says_what_and_where_it_is_wrong)
{
    EXPECT_THAT(refusal_of("garcia"), HasSubstr("the value is not JSON: "));
    EXPECT_THAT(refusal_of("{\"a\":}"), HasSubstr("column 6"));
    EXPECT_THAT(refusal_of(""), HasSubstr("not JSON"));
}

TEST(printable, leaves_text_as_it_is) { EXPECT_EQ(printable("Grüße, 日本 🎸"), "Grüße, 日本 🎸"); }

TEST(printable, shows_what_would_move_the_cursor_as_hex)
{
    EXPECT_EQ(printable("a\x1b[2J\x7f\0b"s), "a\\x1b[2J\\x7f\\x00b");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one character
}

TEST(printable, shows_bytes_that_are_no_utf8_as_hex)
{
    EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");          // an overlong slash
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half a surrogate pair
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(printable, keeps_line_ends_only_where_lines_may_be)
{
    EXPECT_EQ(printable("a\n\tb"), "a\\x0a\\x09b");
    EXPECT_EQ(printable("a\n\tb", false), "a\n\tb");
    EXPECT_EQ(printable("a\rb", false), "a\\x0db");
}

TEST(put_bytes, names_base64_where_there_is_no_text)
{
    json_line line;
    put_bytes(line, "key", "jerry");
    put_bytes(line, "value", "\xff\x00\x01"s);
    EXPECT_EQ(line.dump(), R"({"key":"jerry","value_base64":"/wAB"})");
}

TEST(table, aligns_by_characters_and_leaves_no_blanks_at_the_end)
{
    EXPECT_EQ(table({"KEY", "VALUE"}, {{"jerry", "1"}, {"ü", "22"}}),
              "KEY    VALUE\n"
              "jerry  1\n"
              "ü      22\n");
}

TEST(exit_code_of, tells_whose_fault_it_is)
{
    EXPECT_EQ(exit_code_of({}), exit_code::done);
    EXPECT_EQ(exit_code_of(errc::value_too_long), exit_code::usage);
    EXPECT_EQ(exit_code_of(errc::script_compile), exit_code::usage);
    EXPECT_EQ(exit_code_of(errc::unauthorized), exit_code::cluster_error);
    EXPECT_EQ(exit_code_of(errc::not_connected), exit_code::cluster_error);
    EXPECT_EQ(exit_code_of(errc::outcome_unknown), exit_code::cluster_error);
    EXPECT_EQ(exit_code_of(make_error_code(boost::system::errc::io_error)), exit_code::cluster_error);
}

}  // namespace
}  // namespace mykeyv::cli
