// SPDX-License-Identifier: Apache-2.0
// What a connection promises, whatever the commands are.
#include "mykeyv/base/limits.hpp"
#include "tests/integration/server/node_fixture.hpp"

namespace mykeyv::test {
namespace {

using session = session_test;
using list = std::vector<std::string>;

TEST_F(session, promise_3_a_read_sees_the_writes_before_it)
{
    EXPECT_EQ(c.pipeline({{"SET", "k", "1"}, {"GET", "k"}, {"INCR", "k"}, {"GET", "k"}, {"DEL", "k"}, {"GET", "k"}}),
              (list{"OK", "1", ":2", "2", ":1", "nil"}));
}

TEST_F(session, promise_3_a_write_does_not_change_what_a_read_before_it_says)
{
    c("SET k old");
    for (int i = 0; i < 50; ++i) {
        auto const cold = "cold" + std::to_string(i);  // not cached: goes to a reader
        EXPECT_EQ(c.pipeline({{"GET", cold}, {"SET", cold, "new"}, {"GET", cold}}), (list{"nil", "OK", "new"}));
    }
}

TEST_F(session, promise_3_replies_keep_the_order_of_commands)
{
    std::vector<std::vector<std::string_view>> commands;
    list expected;
    list numbers;
    for (int i = 0; i < 2000; ++i) { numbers.push_back(std::to_string(i)); }
    for (auto const& number : numbers) {
        commands.push_back({"SET", "k" + number.substr(number.size() - 1), number});
        commands.push_back({"ECHO", number});
        expected.push_back("OK");
        expected.push_back(number);
    }
    std::vector<std::string> keys;  // the commands borrow them
    keys.reserve(commands.size());
    for (auto& words : commands) {
        if (words[0] == "SET") { words[1] = keys.emplace_back("k" + std::string{words[2].substr(words[2].size() - 1)}); }
    }
    EXPECT_EQ(c.pipeline(commands), expected);
}

TEST_F(session, promise_3_node_wide_commands_take_their_turn)
{
    EXPECT_EQ(c.pipeline({{"SET", "a", "1"}, {"DBSIZE"}, {"SET", "b", "1"}, {"FLUSHALL"}, {"DBSIZE"}, {"SET", "c", "1"}, {"KEYS", "*"}}),
              (list{"OK", ":1", "OK", "OK", ":0", "OK", "[c]"}));
}

TEST_F(session, promise_7_bad_commands_cost_an_error_and_nothing_else)
{
    std::string const long_key(limits::key_bytes_max + 1, 'k');
    EXPECT_EQ(c("GET"), "-ERR wrong number of arguments for 'get' command");
    EXPECT_EQ(c.call({"SET", long_key, "v"}), "-ERR the key is longer than 1024 bytes");
    EXPECT_EQ(c("SET k v WHEN"), "-ERR syntax error");
    EXPECT_EQ(c("SCAN x"), "-ERR invalid cursor");
    EXPECT_EQ(c("DBSIZE"), ":0");
    EXPECT_EQ(c("PING"), "PONG");
}

TEST_F(session, promise_7_a_broken_protocol_is_told_and_closed)
{
    c.send_bytes("*1\r\n$-5\r\n");
    EXPECT_EQ(c.receive(), "-ERR Protocol error: invalid bulk length");
    EXPECT_EQ(c.receive(), "end");
}

TEST_F(session, promise_7_an_argument_over_the_limit_is_refused_before_it_is_sent)
{
    c.send_bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000000\r\n");
    EXPECT_EQ(c.receive(), "-ERR Protocol error: invalid bulk length");
    EXPECT_EQ(c.receive(), "end");
}

TEST_F(session, an_argument_over_the_limit_that_is_sent_nevertheless_is_refused_without_a_reset)
{
    EXPECT_TRUE(c.send_bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$18000000\r\n" + std::string(18'000'000, 'v') + "\r\n"));
    EXPECT_EQ(c.receive(), "-ERR Protocol error: invalid bulk length");
    EXPECT_EQ(c.receive(), "end");
}

TEST_F(session, http_is_closed_without_a_word)
{
    c.send_bytes("POST / HTTP/1.1\r\nHost: x\r\nSET hacked 1\r\n\r\n");
    EXPECT_EQ(c.receive(), "end");
    wire other{shared_node::get().at()};
    EXPECT_EQ(other("GET hacked"), "nil");
}

TEST_F(session, quit_answers_what_came_before_and_closes)
{
    c.send_bytes("SET k v\r\nQUIT\r\nSET k late\r\n");
    EXPECT_EQ(c.receive(), "OK");
    EXPECT_EQ(c.receive(), "OK");
    EXPECT_EQ(c.receive(), "end");
    wire other{shared_node::get().at()};
    EXPECT_EQ(other("GET k"), "v");
}

TEST_F(session, a_peer_that_sends_no_more_is_still_answered)
{
    c.send_bytes("SET k v\r\nGET k\r\n");
    c.send_no_more();
    EXPECT_EQ(c.receive(), "OK");
    EXPECT_EQ(c.receive(), "v");
    EXPECT_EQ(c.receive(), "end");
}

TEST_F(session, the_largest_value_goes_in_and_out_and_one_byte_more_does_not)
{
    std::string value(16u << 20, 'v');
    EXPECT_EQ(c.call({"SET", "k", value}), "OK");
    EXPECT_EQ(c("GET k"), value);
    value += 'v';
    EXPECT_EQ(c.call({"SET", "k2", value}), "-ERR string exceeds maximum allowed size (value-bytes-max)");
    EXPECT_EQ(c("EXISTS k2"), ":0");
    EXPECT_EQ(c("APPEND k x"), "-ERR string exceeds maximum allowed size (value-bytes-max)");
}

TEST_F(session, keys_are_bytes)
{
    std::string_view const with_nul{"foo\0", 4};
    EXPECT_EQ(c.pipeline({{"SET", "Foo", "1"}, {"SET", "foo", "2"}, {"SET", "foo ", "3"}, {"SET", with_nul, "4"}}),
              (list{"OK", "OK", "OK", "OK"}));
    EXPECT_EQ(c.pipeline({{"GET", "Foo"}, {"GET", "foo"}, {"GET", "foo "}, {"GET", with_nul}}), (list{"1", "2", "3", "4"}));
    EXPECT_EQ(c("DBSIZE"), ":4");
}

TEST_F(session, more_replies_than_may_wait_are_all_delivered)
{
    std::string const value(100'000, 'x');
    c.call({"SET", "k", value});
    constexpr int gets = 200;  // 20 MB of replies before the first is read
    std::string requests;
    for (int i = 0; i < gets; ++i) { requests += "GET k\r\n"; }
    c.send_bytes(requests);
    for (int i = 0; i < gets; ++i) { ASSERT_EQ(c.receive().size(), value.size()) << i; }
}

TEST_F(session, more_commands_than_may_be_unanswered_are_all_answered)
{
    constexpr std::size_t commands = 2 * limits::unanswered_per_session_max + 100;
    std::string requests;
    for (std::size_t i = 0; i < commands; ++i) { requests += "INCR k\r\n"; }
    c.send_bytes(requests);
    for (std::size_t i = 1; i <= commands; ++i) { ASSERT_EQ(c.receive(), ":" + std::to_string(i)); }
}

TEST_F(session, another_one_can_be_closed_by_client_kill)
{
    wire other{shared_node::get().at()};
    auto const id = other("CLIENT ID").substr(1);
    EXPECT_EQ(c("CLIENT KILL ID " + id), ":1");
    EXPECT_EQ(other.receive(), "end");
    EXPECT_EQ(c("CLIENT KILL ID " + id), ":0");
}

}  // namespace
}  // namespace mykeyv::test
