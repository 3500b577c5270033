// SPDX-License-Identifier: Apache-2.0
// The reply parser: every type, at whatever points the stream is split; what it refuses; the writer's replies read back.
#include "mykeyv/resp/reply_parser.hpp"
#include "mykeyv/resp/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>

namespace mykeyv::resp {

void PrintTo(value const& v, std::ostream* out)
{
    *out << "kind " << static_cast<int>(v.kind);
    if (auto const* text = v.text()) { *out << " '" << *text << '\''; }
    if (auto const* number = v.integer()) { *out << ' ' << *number; }
    if (auto const* elements = v.elements()) {
        *out << " [";
        for (auto const& element : *elements) { PrintTo(element, out), *out << ", "; }
        *out << ']';
    }
}

namespace {

using list = std::vector<value>;

value bulk(std::string text) { return {kind::bulk, std::move(text)}; }
value integer(std::int64_t number) { return {kind::integer, number}; }
value array(list elements) { return {kind::array, std::move(elements)}; }
value const null{};

/// A client's connection: what came in, and what was wrong with it.
struct connection {
    std::vector<value> replies = {};
    std::string error = {};

    explicit connection(reply_limits limits = {}) : parser{limits} {}

    connection& receive(std::string_view bytes)
    {
        buffer = std::string{buffer + std::string{bytes}};
        auto state = progress::complete;
        while (state == progress::complete) {
            auto found = parser.parse(buffer);
            state = found.state;
            buffer = buffer.substr(found.consumed);
            if (state == progress::complete) { replies.push_back(std::move(found.reply)); }
            if (state == progress::failed) { error = found.error; }
        }
        return *this;
    }

    reply_parser parser;
    std::string buffer = {};
};

value reply_of(std::string_view bytes)
{
    auto const read = connection{}.receive(bytes);
    EXPECT_EQ(read.error, "") << bytes;
    EXPECT_EQ(read.replies.size(), 1u) << bytes;
    EXPECT_EQ(read.buffer, "") << bytes;
    return read.replies.empty() ? value{kind::error, "no reply"} : read.replies.front();
}

std::string error_of(std::string_view bytes, reply_limits limits = {}) { return connection{limits}.receive(bytes).error; }

TEST(reply, of_resp2_types)
{
    EXPECT_EQ(reply_of("+OK\r\n"), (value{kind::simple, "OK"}));
    EXPECT_EQ(reply_of("-MOVED 1 a:2\r\n"), (value{kind::error, "MOVED 1 a:2"}));
    EXPECT_EQ(reply_of(":-42\r\n"), integer(-42));
    EXPECT_EQ(reply_of("$4\r\na\r\nb\r\n"), bulk("a\r\nb"));
    EXPECT_EQ(reply_of("$0\r\n\r\n"), bulk(""));
    EXPECT_EQ(reply_of("$-1\r\n"), null);
    EXPECT_EQ(reply_of("*-1\r\n"), null);
    EXPECT_EQ(reply_of("*0\r\n"), array({}));
    EXPECT_EQ(reply_of("*2\r\n:1\r\n*1\r\n$1\r\nx\r\n"), array({integer(1), array({bulk("x")})}));
}

TEST(reply, of_resp3_types)
{
    EXPECT_EQ(reply_of("_\r\n"), null);
    EXPECT_EQ(reply_of("#t\r\n"), (value{kind::boolean, true}));
    EXPECT_EQ(reply_of("#f\r\n"), (value{kind::boolean, false}));
    EXPECT_EQ(reply_of(",1.5\r\n"), (value{kind::floating, 1.5}));
    EXPECT_EQ(reply_of(",-inf\r\n"), (value{kind::floating, -std::numeric_limits<double>::infinity()}));
    EXPECT_TRUE(std::isnan(*reply_of(",nan\r\n").floating()));
    EXPECT_EQ(reply_of("(-12345678901234567890123\r\n"), (value{kind::big_number, "-12345678901234567890123"}));
    EXPECT_EQ(reply_of("!9\r\nERR a\r\nbc\r\n"), (value{kind::error, "ERR a\r\nbc"}));
    EXPECT_EQ(reply_of("=8\r\ntxt:a\r\nb\r\n"), (value{kind::verbatim, "a\r\nb"}));
    EXPECT_EQ(reply_of("%1\r\n+k\r\n:1\r\n"), (value{kind::map, list{{kind::simple, "k"}, integer(1)}}));
    EXPECT_EQ(reply_of("~1\r\n:1\r\n"), (value{kind::set, list{integer(1)}}));
    EXPECT_EQ(reply_of(">1\r\n:1\r\n"), (value{kind::push, list{integer(1)}}));
}

TEST(reply, loses_its_attributes)
{
    EXPECT_EQ(reply_of("|1\r\n+ttl\r\n*1\r\n:5\r\n:1\r\n"), integer(1));
    EXPECT_EQ(reply_of("|0\r\n:1\r\n"), integer(1));
    EXPECT_EQ(reply_of("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n"), array({integer(1), integer(2)}));
}

TEST(reply, in_a_pipeline_comes_one_per_call)
{
    auto const read = connection{}.receive("+OK\r\n$1\r\nx\r\n*1\r\n:1\r\n+un");
    EXPECT_EQ(read.replies, (list{{kind::simple, "OK"}, bulk("x"), array({integer(1)})}));
    EXPECT_EQ(read.buffer, "+un");
}

TEST(reply, may_be_split_anywhere)
{
    std::string const bytes =
        "*3\r\n$5\r\nhe\r\nl\r\n%1\r\n+k\r\n|1\r\n+a\r\n,1\r\n*0\r\n=5\r\ntxt:x\r\n-ERR no\r\n_\r\n>2\r\n#t\r\n(12\r\n!1\r\ne\r\n:77\r\n";
    auto const whole = connection{}.receive(bytes);
    ASSERT_EQ(whole.replies.size(), 6u);
    connection one_by_one;
    for (std::size_t split = 0; split < bytes.size(); ++split) {
        connection halves;
        halves.receive(std::string_view{bytes}.substr(0, split)).receive(std::string_view{bytes}.substr(split));
        EXPECT_EQ(halves.replies, whole.replies) << "split at " << split;
        one_by_one.receive(std::string_view{bytes}.substr(split, 1));
    }
    EXPECT_EQ(one_by_one.replies, whole.replies);
}

TEST(reply, is_consumed_as_it_arrives)
{
    connection server;
    EXPECT_EQ(server.receive("*2\r\n$1000\r\nabc").buffer, "");
    EXPECT_EQ(server.receive(std::string(997, 'x') + "\r").buffer, "\r");
    EXPECT_EQ(server.receive("\n:1\r\n").replies.size(), 1u);
}

TEST(reply, that_is_not_resp_is_refused)
{
    for (auto const* bytes : {"hello\r\n", "\r\n", "+OK\rx", ":1x\r\n", ":\r\n", ":99999999999999999999\r\n", "$x\r\n",
                              "$-2\r\n", "*-2\r\n", "%-1\r\n", "!-1\r\n", "$1\r\nxyz", "#x\r\n", "_x\r\n",
                              ",\r\n", ",1e999\r\n", ",1x\r\n", "(\r\n",
                              "(1x\r\n", "=3\r\ntxt\r\n", "=4\r\ntxtx\r\n"}) {
        EXPECT_NE(error_of(bytes), "") << bytes;
    }
}

// A line of a number is read in a quicker way where more follows it.
TEST(reply, with_a_number_that_is_none_is_refused_whatever_follows)
{
    for (std::string const text : {"$03\r\nabc\r\n", ":007\r\n", "*01\r\n:1\r\n", ":\r\n", "$1 \r\nx\r\n", ":12345678901x\r\n"}) {
        auto const alone = error_of(text);
        EXPECT_NE(alone, "") << text;
        EXPECT_EQ(error_of(text + "+a line that follows it\r\n"), alone) << text;
    }
    EXPECT_EQ(connection{}.receive(":0\r\n+a line that follows it\r\n").replies.front(), integer(0));
    EXPECT_EQ(connection{}.receive(":12345678901234\r\n+a line that follows it\r\n").replies.front(), integer(12345678901234));
}

TEST(reply, that_came_in_two_parts_leaves_nothing_behind_for_a_shorter_line)
{
    auto const read = connection{}.receive("$12").receive("\r\nhello world!\r\n_\r\n:5\r\n");
    EXPECT_EQ(read.error, "");
    EXPECT_EQ(read.replies, (list{bulk("hello world!"), null, integer(5)}));
}

TEST(reply, that_is_streamed_is_refused)
{
    EXPECT_EQ(error_of("$?\r\n"), "streamed replies are not supported");
    EXPECT_EQ(error_of("*?\r\n"), "streamed replies are not supported");
}

TEST(reply, limits_hold_before_the_data_arrives)
{
    reply_limits const limits{.depth_max = 2, .elements_max = 4, .bytes_max = 10, .line_bytes_max = 6};
    EXPECT_EQ(error_of("*1\r\n*1\r\n:1\r\n", limits), "");
    EXPECT_EQ(error_of("*1\r\n*1\r\n*1\r\n", limits), "a reply is nested too deep");
    EXPECT_EQ(error_of("*5\r\n", limits), "a reply has too many elements");
    EXPECT_EQ(error_of("%3\r\n", limits), "a reply has too many elements");
    EXPECT_EQ(error_of("*2\r\n*3\r\n", limits), "a reply has too many elements");
    EXPECT_EQ(error_of("$11\r\n", limits), "a reply is too large");
    EXPECT_EQ(error_of("*2\r\n$6\r\n123456\r\n$5\r\n", limits), "a reply is too large");
    EXPECT_EQ(error_of("*2\r\n$6\r\n123456\r\n+12345\r\n", limits), "a reply is too large");
    EXPECT_EQ(error_of("+123456", limits), "a line of a reply is too long");
}

TEST(reply, limit_of_a_line_holds_for_a_number_whatever_follows)
{
    reply_limits const four{.line_bytes_max = 4};
    for (std::string const text : {":123456\r\n", "$000001\r\n"}) {
        EXPECT_NE(error_of(text, four), "") << text;
        EXPECT_EQ(error_of(text + "+OK\r\n+OK\r\n+OK\r\n", four), error_of(text, four)) << text;
    }
}

TEST(reply, limits_are_of_one_reply_not_of_the_stream)
{
    connection server{{.elements_max = 2, .bytes_max = 4}};
    for (int i = 0; i < 10; ++i) { server.receive("*2\r\n$4\r\n1234\r\n_\r\n"); }
    EXPECT_EQ(server.replies.size(), 10u);
}

TEST(reply, of_a_million_elements_is_read_in_small_chunks)
{
    std::string bytes = "*1000000\r\n";
    for (int i = 0; i < 1'000'000; ++i) { bytes += ":1\r\n"; }
    connection server;
    for (std::size_t at = 0; at < bytes.size(); at += 1000) { server.receive(std::string_view{bytes}.substr(at, 1000)); }
    ASSERT_EQ(server.replies.size(), 1u);
    EXPECT_EQ(server.replies.front().elements()->size(), 1'000'000u);
}

/// One of each, as the given version writes it.
std::string everything(protocol version)
{
    std::string out;
    writer w{out, version};
    w.map(2);
    w.bulk("k");
    w.set(1);
    w.integer(-7);
    w.simple("flags");
    w.array(5);
    w.null();
    w.null_array();
    w.floating(0.1);
    w.boolean(true);
    w.verbatim("txt", "v");
    w.error("ERR no");
    return out;
}

TEST(written_in_resp2, is_read_back)
{
    auto const inner = array({null, null, bulk("0.1"), integer(1), bulk("v")});
    auto const read = connection{}.receive(everything(protocol::resp2));
    EXPECT_EQ(read.replies, (list{array({bulk("k"), array({integer(-7)}), {kind::simple, "flags"}, inner}), {kind::error, "ERR no"}}));
}

TEST(written_in_resp3, is_read_back)
{
    auto const inner = array({null, null, {kind::floating, 0.1}, {kind::boolean, true}, {kind::verbatim, "v"}});
    auto const read = connection{}.receive(everything(protocol::resp3));
    EXPECT_EQ(read.replies, (list{{kind::map, list{bulk("k"), {kind::set, list{integer(-7)}}, {kind::simple, "flags"}, inner}},
                                  {kind::error, "ERR no"}}));
}

}  // namespace
}  // namespace mykeyv::resp
