// SPDX-License-Identifier: Apache-2.0
// The request parser: what it finds, at whatever points the stream is split; what it refuses, and with which words.
#include "mykeyv/resp/request_parser.hpp"
#include "mykeyv/resp/request_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace mykeyv::resp {
namespace {

using command = std::vector<std::string>;

/// A session's input buffer with a parser behind it.
struct session {
    std::vector<command> commands = {};
    std::string error = {};

    explicit session(request_limits limits = {}) : parser{limits} {}

    session& receive(std::string_view bytes)
    {
        // A buffer of exactly this size at a new place each time, so that a view into the old one or beyond the end is found.
        buffer = std::string{buffer + std::string{bytes}};
        std::size_t done = 0;
        while (error.empty()) {
            auto const found = parser.parse(std::string_view{buffer}.substr(done));
            done += found.consumed;
            if (found.state == progress::complete) { commands.emplace_back(found.arguments.begin(), found.arguments.end()); }
            if (found.state == progress::failed) { error = found.error; }
            wanted = found.wanted;
            if (found.state == progress::need_more) { break; }
        }
        buffer.erase(0, done);
        return *this;
    }

    std::size_t kept() const { return buffer.size(); }

    request_parser parser;
    std::string buffer = {};
    std::size_t wanted = 0;
};

std::vector<command> commands_of(std::string_view bytes)
{
    auto const read = session{}.receive(bytes);
    EXPECT_EQ(read.error, "");
    return read.commands;
}

std::string error_of(std::string_view bytes, request_limits limits = {}) { return session{limits}.receive(bytes).error; }

/// The same commands and the same error, whole, split in two at each point, and byte by byte.
void expect_no_split_matters(std::string const& bytes, request_limits limits = {})
{
    auto const whole = session{limits}.receive(bytes);
    session one_by_one{limits};
    for (std::size_t split = 0; split < bytes.size(); ++split) {
        session halves{limits};
        halves.receive(bytes.substr(0, split)).receive(bytes.substr(split));
        EXPECT_EQ(halves.commands, whole.commands) << bytes << " split at " << split;
        EXPECT_EQ(halves.error, whole.error) << bytes << " split at " << split;
        if (one_by_one.error.empty()) { one_by_one.receive(bytes.substr(split, 1)); }
    }
    EXPECT_EQ(one_by_one.commands, whole.commands) << bytes;
    EXPECT_EQ(one_by_one.error, whole.error) << bytes;
}

TEST(multibulk, is_a_command_and_its_arguments)
{
    EXPECT_EQ(commands_of("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n"), (std::vector<command>{{"SET", "k", "value"}}));
}

TEST(multibulk, pipelined_gives_one_command_per_call_in_order)
{
    EXPECT_EQ(commands_of("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), (std::vector<command>{{"PING"}, {"GET", "k"}}));
}

TEST(multibulk, holds_any_bytes)
{
    std::string const binary{"\r\n\0*$\xff", 6};
    EXPECT_EQ(commands_of("*1\r\n$6\r\n" + binary + "\r\n"), (std::vector<command>{{binary}}));
}

TEST(multibulk, may_have_empty_arguments) { EXPECT_EQ(commands_of("*2\r\n$0\r\n\r\n$0\r\n\r\n"), (std::vector<command>{{"", ""}})); }

TEST(multibulk, without_arguments_is_skipped)
{
    EXPECT_EQ(commands_of("*0\r\n*-1\r\n\r\n\n*1\r\n$4\r\nPING\r\n"), (std::vector<command>{{"PING"}}));
}

TEST(multibulk, arguments_are_views_into_the_input)
{
    std::string const input = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
    request_parser parser;
    auto const found = parser.parse(input);
    ASSERT_EQ(found.arguments.size(), 2u);
    EXPECT_EQ(found.arguments[1].data(), input.data() + input.find("k\r"));
}

TEST(request, nothing_skipped_stays_in_the_buffer)
{
    session client;
    for (int i = 0; i < 100; ++i) { client.receive("\r\n*0\r\n"); }
    EXPECT_EQ(client.kept(), 0u);
    EXPECT_TRUE(client.commands.empty());
}

TEST(request, says_how_many_bytes_are_missing)
{
    session client;
    EXPECT_EQ(client.receive("*2\r\n$3\r\nGET\r\n$100\r\nabc").wanted, 99u);
    EXPECT_EQ(client.receive(std::string(97, 'x')).wanted, 2u);
    EXPECT_EQ(client.receive("\r").wanted, 1u);
    EXPECT_EQ(client.receive("\n").commands.size(), 1u);
}

TEST(request, may_be_split_anywhere)
{
    for (auto const* bytes : {
             "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n*1\r\n$4\r\nPING\r\n", "*0\r\n*-1\r\n\r\n*1\r\n$0\r\n\r\n",
             "PING\r\nSET k \"a b\\x41\\n\" 'c d'\n\r\nGET k\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\n", "*1\r\n$4\r\nPING\r\n*x\r\n",
             "*2\r\n$3\r\nGET\r\n$-1\r\n", "*2\r\n$3\r\nGET\r\n:1\r\n", "*1\r\n$4\r\nPINGxx\r\n", "*1\rx", "set \"k\r\n",
             "*123456789012345678901\r\n", "*1\r\n$123456789012345678901\r\n"}) {
        expect_no_split_matters(bytes);
    }
}

TEST(request, over_a_limit_may_be_split_anywhere)
{
    request_limits const small{.arguments_max = 2, .argument_bytes_max = 4, .inline_bytes_max = 8, .command_bytes_max = 30};
    for (auto const* bytes : {"*3\r\n$1\r\nx\r\n", "*2\r\n$5\r\nhello\r\n", "123456789\r\n", "12345678\r\n", "12345678\r12\n",
                              "123456789012\r\n", "*2\r\n$04\r\n", "*2\r\n$4\r\n1234\r\n$4\r\n1234\r\n"}) {
        expect_no_split_matters(bytes, small);
    }
}

TEST(request, of_16_mib_in_chunks_is_found_without_looking_at_a_byte_twice)
{
    constexpr std::size_t chunk = 64u << 10;
    std::string bytes;
    request_writer{bytes}.command({"SET", "k", std::string(16u << 20, 'x')});
    request_parser parser;
    request_parser::result found;
    for (std::size_t there = chunk; found.state == progress::need_more && there < bytes.size() + chunk; there += chunk) {
        found = parser.parse(std::string_view{bytes}.substr(0, there));
        std::fill(bytes.begin() + 1, bytes.begin() + static_cast<std::ptrdiff_t>(std::min(there, bytes.size())), '?');
    }
    ASSERT_EQ(found.state, progress::complete);
    EXPECT_EQ(found.arguments[2].size(), 16u << 20);
}

TEST(multibulk, errors_have_the_words_of_redis)
{
    EXPECT_EQ(error_of("*abc\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*01\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*1\rx"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*99999999999999999999999"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*1\r\n$abc\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("*1\r\nPING\r\n"), "Protocol error: expected '$', got 'P'");
    EXPECT_EQ(error_of("*1\r\n$4\r\nPINGPONG"), "Protocol error: expected CRLF behind an argument");
}

TEST(multibulk, before_authentication_is_small)
{
    auto const limits = request_limits::unauthenticated();
    EXPECT_EQ(error_of("*10\r\n", limits), "");
    EXPECT_EQ(error_of("*11\r\n", limits), "Protocol error: unauthenticated multibulk length");
    EXPECT_EQ(error_of("*1\r\n$16384\r\n", limits), "");
    EXPECT_EQ(error_of("*1\r\n$16385\r\n", limits), "Protocol error: unauthenticated bulk length");
}

TEST(multibulk, limits_hold_before_the_data_arrives)
{
    request_limits const limits{.arguments_max = 3, .argument_bytes_max = 100, .command_bytes_max = 150};
    EXPECT_EQ(error_of("*4\r\n", limits), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*3\r\n$101\r\n", limits), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("*3\r\n$100\r\n" + std::string(100, 'x') + "\r\n$50\r\n", limits), "Protocol error: too big multibulk request");
}

TEST(request, limits_change_on_authentication)
{
    session client{request_limits::unauthenticated()};
    client.receive("*1\r\n$4\r\nAUTH\r\n");
    client.parser.set_limits({});
    client.receive("*11\r\n$20000\r\n");
    EXPECT_EQ(client.error, "");
}

TEST(inline_request, is_split_at_blanks)
{
    EXPECT_EQ(commands_of("SET  k\tv \r\n PING\n"), (std::vector<command>{{"SET", "k", "v"}, {"PING"}}));
}

TEST(inline_request, empty_is_skipped) { EXPECT_EQ(commands_of("\r\n\n   \r\nPING\r\n"), (std::vector<command>{{"PING"}})); }

TEST(inline_request, unquotes_as_redis)
{
    EXPECT_EQ(commands_of(R"(a "b c" "\x41\x0a\n\r\t\b\a\\\"\q\xg" 'd\n' 'e\'f' "" x"y z")" "\r\n"),
              (std::vector<command>{{"a", "b c", "A\n\n\r\t\b\a\\\"qxg", "d\\n", "e'f", "", "xy z"}}));
}

TEST(inline_request, with_unbalanced_quotes_fails)
{
    for (auto const* line : {"set \"k\r\n", "set 'k\r\n", "set \"k\"v\r\n", "set 'k'v\r\n", "set \"k\\\r\n", "set \"k\\\"\r\n"}) {
        EXPECT_EQ(error_of(line), "Protocol error: unbalanced quotes in request") << line;
    }
}

TEST(inline_request, longer_than_the_limit_fails_without_a_line_end)
{
    request_limits const limits{.inline_bytes_max = 10};
    EXPECT_EQ(error_of("0123456789\r\n", limits), "");
    EXPECT_EQ(error_of("0123456789x\r\n", limits), "Protocol error: too big inline request");
    EXPECT_EQ(error_of("0123456789xy", limits), "Protocol error: too big inline request");
}

TEST(request_writer, writes_what_the_parser_reads)
{
    std::string bytes;
    request_writer{bytes}.command({"SET", std::string_view{"k\r\n\0", 4}, ""});
    request_writer{bytes}.command({"PING"});
    EXPECT_EQ(commands_of(bytes), (std::vector<command>{{"SET", std::string{"k\r\n\0", 4}, ""}, {"PING"}}));
}

TEST(request_writer, writes_multibulk)
{
    std::string bytes = "before";
    request_writer{bytes}.command({"GET", "key"});
    EXPECT_EQ(bytes, "before*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
}

}  // namespace
}  // namespace mykeyv::resp
