// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/encode.hpp"
#include "mykeyv/server/error_replies.hpp"

#include <gtest/gtest.h>

namespace mykeyv::server {
namespace {

std::string encoded(reply const& what, resp::protocol version = resp::protocol::resp2)
{
    std::string out;
    encode(what, resp::writer{out, version}, "set");
    return out;
}

TEST(error_text, is_the_one_that_redis_clients_match)
{
    EXPECT_EQ(error_text(errc::syntax, "set"), "ERR syntax error");
    EXPECT_EQ(error_text(errc::not_an_integer, "incr"), "ERR value is not an integer or out of range");
    EXPECT_EQ(error_text(errc::not_a_float, "x"), "ERR value is not a valid float");
    EXPECT_EQ(error_text(errc::overflow, "incr"), "ERR increment or decrement would overflow");
    EXPECT_EQ(error_text(errc::not_finite, "x"), "ERR increment would produce NaN or Infinity");
    EXPECT_EQ(error_text(errc::invalid_expire, "getex"), "ERR invalid expire time in 'getex' command");
    EXPECT_EQ(error_text(errc::offset_out_of_range, "x"), "ERR offset is out of range");
    EXPECT_EQ(error_text(errc::wrong_type, "x"), "WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT_EQ(error_text(errc::cross_slot, "x"), "CROSSSLOT Keys in request don't hash to the same slot");
    EXPECT_EQ(error_text(errc::cluster_down, "x"), "CLUSTERDOWN The cluster is down");
    EXPECT_EQ(error_text(errc::no_such_script, "x"), "NOSCRIPT No matching script. Use KV.LOAD.");
}

TEST(error_text, has_a_prefix_and_a_blank_for_every_error)
{
    for (int code = 1; code <= static_cast<int>(errc::outcome_unknown); ++code) {
        auto const text = error_text(static_cast<errc>(code), "get");
        auto const blank = text.find(' ');
        ASSERT_NE(blank, text.npos) << text;
        EXPECT_EQ(text.substr(0, blank).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), text.npos) << text;
    }
}

TEST(error_text, invites_to_repeat_only_what_was_certainly_not_executed)
{
    for (int code = 1; code <= static_cast<int>(errc::outcome_unknown); ++code) {
        auto const text = error_text(static_cast<errc>(code), "get");
        if (text.starts_with("TRYAGAIN") || text.starts_with("CLUSTERDOWN")) {
            EXPECT_EQ(remedy_of(static_cast<errc>(code)), remedy::retry) << text;
        }
    }
    EXPECT_TRUE(error_text(errc::outcome_unknown, "set").starts_with("UNCERTAIN "));
}

TEST(error_text, gives_the_detail_instead_of_the_sentence) { EXPECT_EQ(error_text(errc::script_runtime, "x", "line 3"), "RUNTIME line 3"); }

TEST(error_text, gives_the_sentence_too_where_clients_know_the_error_by_it)
{
    EXPECT_EQ(error_text(errc::not_json, "x", "args: no"), "ERR the text is not one JSON value: args: no");
    EXPECT_EQ(error_text(errc::syntax, "x", "this node belongs to another cluster"), "ERR this node belongs to another cluster");
}

TEST(encode, writes_each_kind_of_reply)
{
    EXPECT_EQ(encoded({reply::nil{}}), "$-1\r\n");
    EXPECT_EQ(encoded({reply::nil{}}, resp::protocol::resp3), "_\r\n");
    EXPECT_EQ(encoded({reply::ok{}}), "+OK\r\n");
    EXPECT_EQ(encoded({std::int64_t{-3}}), ":-3\r\n");
    EXPECT_EQ(encoded({std::string{"a\0b", 3}}), std::string("$3\r\na\0b\r\n", 9));
    EXPECT_EQ(encoded({reply::borrowed{"xy"}}), "$2\r\nxy\r\n");
    EXPECT_EQ(encoded({reply::word{"string"}}), "+string\r\n");
    EXPECT_EQ(encoded({reply::failure{errc::invalid_expire, {}}}), "-ERR invalid expire time in 'set' command\r\n");
    EXPECT_EQ(encoded({reply::list{{std::int64_t{1}}, {reply::nil{}}}}), "*2\r\n:1\r\n$-1\r\n");
}

}  // namespace
}  // namespace mykeyv::server
