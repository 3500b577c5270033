// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/answer.hpp"

#include <gtest/gtest.h>

#include <climits>

namespace mykeyv::detail {
namespace {

using resp::kind;
using resp::value;

value error(std::string text) { return {kind::error, std::move(text)}; }
value text(std::string bytes) { return {kind::bulk, std::move(bytes)}; }
value integer(std::int64_t number) { return {kind::integer, number}; }
value list(std::vector<value> elements) { return {kind::array, std::move(elements)}; }

TEST(classify, what_is_no_error_is_a_result)
{
    EXPECT_EQ(classify({}).what, answer::kind::result);
    EXPECT_EQ(classify(text("MOVED 1 a:1")).what, answer::kind::result);
}

TEST(classify, moved_and_ask_name_slot_and_node)
{
    auto const moved = classify(error("MOVED 3999 127.0.0.1:6381"));
    EXPECT_EQ(moved.what, answer::kind::moved);
    EXPECT_EQ(moved.place, slot{3999});
    EXPECT_EQ(moved.node, (endpoint{"127.0.0.1", 6381}));
    EXPECT_EQ(classify(error("ASK 0 ::1:7000")).node, (endpoint{"::1", 7000}));
    EXPECT_EQ(classify(error("ASK 0 ::1:7000")).what, answer::kind::ask);
}

TEST(classify, a_redirect_to_nowhere_is_an_unexpected_reply)
{
    for (auto const* bad :
         {"MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED x a:1", "MOVED 1 :1", "MOVED 1 a:70000", "ASK 1 a"}) {
        EXPECT_EQ(classify(error(bad)).error, errc::unexpected_reply) << bad;
    }
}

TEST(classify, some_errors_pass)
{
    for (auto const* passing : {"TRYAGAIN a", "CLUSTERDOWN a", "LOADING a"}) {
        EXPECT_EQ(classify(error(passing)).what, answer::kind::try_later);
    }
    EXPECT_EQ(classify(error("NOSCRIPT a")).what, answer::kind::unknown_code);
    EXPECT_EQ(classify(error("ERR a")).what, answer::kind::failed);
}

TEST(read_error, knows_the_prefixes)
{
    EXPECT_EQ(read_error("WRONGTYPE Operation against a key holding the wrong kind of value").error, errc::wrong_type);
    EXPECT_EQ(read_error("NOAUTH Authentication required.").error, errc::unauthorized);
    EXPECT_EQ(read_error("UNCERTAIN who knows").error, errc::outcome_unknown);
    EXPECT_EQ(read_error("RUNTIME line 3: oops").error, errc::script_runtime);
    EXPECT_EQ(read_error("RUNTIME line 3: oops").detail, "line 3: oops");
}

TEST(read_error, knows_the_sentence_of_every_errc)
{
    for (auto const e : {errc::overflow, errc::key_too_long, errc::version_mismatch, errc::path_not_supported, errc::not_json}) {
        EXPECT_EQ(read_error("ERR " + std::string{message(e)}).error, e);
    }
    EXPECT_EQ(read_error("ERR string exceeds maximum allowed size (value-bytes-max)").error, errc::value_too_long);
    EXPECT_EQ(read_error("ERR Protocol error: invalid bulk length").error, errc::value_too_long);
    EXPECT_EQ(read_error("ERR the text is not one JSON value: record: empty").error, errc::not_json);
    EXPECT_EQ(read_error("ERR invalid expire time in 'kv.set' command").error, errc::invalid_expire);
}

TEST(read_error, keeps_the_words_that_it_does_not_know)
{
    EXPECT_EQ(read_error("EGGS and spam").error, errc::unexpected_reply);
    EXPECT_EQ(read_error("EGGS and spam").detail, "EGGS and spam");
    EXPECT_EQ(read_error("").error, errc::unexpected_reply);
}

TEST(read_get, of_null_is_absence) { EXPECT_FALSE(read_get({}).value()); }

TEST(read_get, reads_value_format_version_and_time_left)
{
    auto const record = read_get(list({text("{}"), text("document"), integer(7), integer(1000)})).value();
    EXPECT_EQ(record->data, "{}");
    EXPECT_EQ(record.encoding, encoding::document);
    EXPECT_EQ(record.version, 7u);
    EXPECT_EQ(record.expires_in, std::chrono::seconds{1});
    EXPECT_FALSE(read_get(list({text("x"), text("bytes"), integer(7), {}})).value().expires_in);
}

TEST(read_get, of_anything_else_is_unexpected)
{
    std::vector<value> const wrong{
        text("x"), integer(1), list({}), list({text("x"), text("bytes"), integer(1)}), list({integer(1), text("bytes"), integer(1), {}}),
        list({text("x"), text("picture"), integer(1), {}}), list({text("x"), text("bytes"), text("1"), {}})};
    for (auto reply : wrong) { EXPECT_EQ(read_get(std::move(reply)).error(), errc::unexpected_reply); }
}

TEST(read_set, gives_the_version_and_zero_for_null)
{
    EXPECT_EQ(read_set(integer(8)).value(), 8u);
    EXPECT_EQ(read_set({}).value(), 0u);
    EXPECT_EQ(read_set(text("OK")).error(), errc::unexpected_reply);
}

TEST(read_erase, of_a_text_is_unexpected) { EXPECT_TRUE(read_erase(text("OK")).has_error()); }

TEST(read_scan, of_a_page_without_a_cursor_is_unexpected)
{
    EXPECT_EQ(read_scan(list({text("0"), list({text("k")})})).value().keys, std::vector<std::string>{"k"});
    EXPECT_TRUE(read_scan(list({integer(0), list({})})).has_error());
    EXPECT_TRUE(read_scan(list({text("0"), text("k")})).has_error());
    EXPECT_TRUE(read_scan(list({text("0"), list({integer(1)})})).has_error());
    EXPECT_TRUE(read_scan(list({})).has_error());
}

value range(value first, value last, value host, value port) { return list({first, last, list({host, port, text("id")})}); }

TEST(read_slots, maps_ranges_to_nodes)
{
    auto const low = range(integer(0), integer(99), text("a"), integer(1));
    auto const high = range(integer(100), integer(16383), text(""), integer(2));
    auto const map = read_slots(list({low, high}), {"asked", 9}).value();
    EXPECT_EQ(*map.owner(slot{99}), (endpoint{"a", 1}));
    EXPECT_EQ(*map.owner(slot{16383}), (endpoint{"asked", 2}));
    EXPECT_EQ(map.describe().at(0).id, "id");
}

TEST(read_slots, of_anything_else_is_unexpected)
{
    std::vector<value> const wrong{
        text("x"), list({text("x")}), list({list({integer(0), integer(1)})}), list({range(integer(-1), integer(1), text("a"), integer(1))}),
        list({range(integer(2), integer(1), text("a"), integer(1))}), list({range(integer(0), integer(16384), text("a"), integer(1))}),
        list({range(integer(0), integer(INT64_MAX), text("a"), integer(1))}), list({range(integer(0), integer(1), text("a"), integer(0))}),
        list({range(integer(0), integer(1), text("a"), integer(65536))}), list({range(text("0"), integer(1), text("a"), integer(1))}),
        list({list({integer(0), integer(1), text("a")})})};
    for (auto const& reply : wrong) { EXPECT_EQ(read_slots(reply, {"a", 1}).error(), errc::unexpected_reply); }
}

TEST(read_update, of_anything_else_is_unexpected)
{
    std::vector<value> const wrong{text("x"), list({}), list({text("x")}), list({list({text("stored")})}), list({list({text("fine"), {}})}),
                                   list({list({text("stored"), text("{")})})};
    for (auto const& reply : wrong) { EXPECT_EQ(read_update(reply, 1).error(), errc::unexpected_reply); }
}

TEST(read_update, a_moved_key_may_name_its_owner)
{
    auto const parts = read_update(list({list({text("moved"), text("5 b:2")}), list({text("moved"), {}})}), 2).value();
    EXPECT_TRUE(parts[0].moved);
    EXPECT_EQ(parts[0].owner->node, (endpoint{"b", 2}));
    EXPECT_TRUE(parts[1].moved);
    EXPECT_FALSE(parts[1].owner);
}

}  // namespace
}  // namespace mykeyv::detail
