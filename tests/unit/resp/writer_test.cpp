// SPDX-License-Identifier: Apache-2.0
// The shapes of replies in RESP2 and in RESP3.
#include "mykeyv/resp/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mykeyv::resp {
namespace {

template <class Write>
std::string written(protocol version, Write write)
{
    std::string out;
    writer w{out, version};
    write(w);
    return out;
}

template <class Write>
std::string resp2(Write write) { return written(protocol::resp2, write); }
template <class Write>
std::string resp3(Write write) { return written(protocol::resp3, write); }

template <class Write>
void expect_both(Write write, std::string_view bytes)
{
    EXPECT_EQ(resp2(write), bytes);
    EXPECT_EQ(resp3(write), bytes);
}

constexpr auto one_half = [](writer& w) { w.floating(0.5); };
constexpr auto infinite = [](writer& w) { w.floating(-std::numeric_limits<double>::infinity()); };
constexpr auto no_number = [](writer& w) { w.floating(-std::numeric_limits<double>::quiet_NaN()); };

TEST(writer, appends)
{
    std::string out = "+OK\r\n";
    writer{out}.integer(7);
    EXPECT_EQ(out, "+OK\r\n:7\r\n");
}

TEST(writer, simple_and_error_are_lines)
{
    expect_both([](writer& w) { w.simple("OK"); }, "+OK\r\n");
    expect_both([](writer& w) { w.error("ERR syntax error"); }, "-ERR syntax error\r\n");
}

TEST(writer, a_line_end_in_an_error_cannot_forge_a_reply)
{
    expect_both([](writer& w) { w.error("ERR unknown command 'a\r\n+OK\n'"); }, "-ERR unknown command 'a  +OK '\r\n");
}

TEST(writer, only_the_text_of_the_line_is_blanked)
{
    std::string out;
    writer w{out};
    w.bulk("a\r\nb");
    w.simple("c\nd");
    EXPECT_EQ(out, "$4\r\na\r\nb\r\n+c d\r\n");
}

TEST(writer, integers_reach_both_ends_of_64_bits)
{
    expect_both([](writer& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }, ":-9223372036854775808\r\n");
    expect_both([](writer& w) { w.integer(std::numeric_limits<std::int64_t>::max()); }, ":9223372036854775807\r\n");
}

TEST(writer, bulk_holds_any_bytes)
{
    expect_both([](writer& w) { w.bulk(std::string_view{"\0\r\n", 3}); }, std::string_view{"$3\r\n\0\r\n\r\n", 9});
    expect_both([](writer& w) { w.bulk(""); }, "$0\r\n\r\n");
}

TEST(writer, null_is_one_type_in_resp3_and_two_in_resp2)
{
    EXPECT_EQ(resp2([](writer& w) { w.null(); }), "$-1\r\n");
    EXPECT_EQ(resp2([](writer& w) { w.null_array(); }), "*-1\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.null(); }), "_\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.null_array(); }), "_\r\n");
}

TEST(writer, doubles_are_bulks_in_resp2)
{
    EXPECT_EQ(resp2(one_half), "$3\r\n0.5\r\n");
    EXPECT_EQ(resp3(one_half), ",0.5\r\n");
    EXPECT_EQ(resp2(infinite), "$4\r\n-inf\r\n");
    EXPECT_EQ(resp3(infinite), ",-inf\r\n");
    EXPECT_EQ(resp3(no_number), ",nan\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.floating(-std::numeric_limits<double>::denorm_min()); }), ",-5e-324\r\n");
}

TEST(writer, booleans_are_integers_in_resp2)
{
    EXPECT_EQ(resp2([](writer& w) { w.boolean(true); }), ":1\r\n");
    EXPECT_EQ(resp2([](writer& w) { w.boolean(false); }), ":0\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.boolean(true); }), "#t\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.boolean(false); }), "#f\r\n");
}

TEST(writer, verbatim_loses_its_format_in_resp2)
{
    EXPECT_EQ(resp2([](writer& w) { w.verbatim("txt", "Some string"); }), "$11\r\nSome string\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.verbatim("txt", "Some string"); }), "=15\r\ntxt:Some string\r\n");
}

TEST(writer, every_aggregate_is_an_array_in_resp2)
{
    EXPECT_EQ(resp2([](writer& w) { w.array(3); }), "*3\r\n");
    EXPECT_EQ(resp2([](writer& w) { w.map(3); }), "*6\r\n");
    EXPECT_EQ(resp2([](writer& w) { w.set(3); }), "*3\r\n");
    EXPECT_EQ(resp2([](writer& w) { w.push(3); }), "*3\r\n");
}

TEST(writer, aggregates_have_their_own_types_in_resp3)
{
    EXPECT_EQ(resp3([](writer& w) { w.array(3); }), "*3\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.map(3); }), "%3\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.set(3); }), "~3\r\n");
    EXPECT_EQ(resp3([](writer& w) { w.push(3); }), ">3\r\n");
}

}  // namespace
}  // namespace mykeyv::resp
