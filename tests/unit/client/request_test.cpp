// SPDX-License-Identifier: Apache-2.0
// The requests on the wire, the map they are routed by, and the pauses between them.
#include "mykeyv/client/impl/backoff.hpp"
#include "mykeyv/client/impl/request.hpp"
#include "mykeyv/client/impl/slot_map.hpp"

#include <gtest/gtest.h>

namespace mykeyv::detail {
namespace {

using namespace std::chrono_literals;

TEST(request, get_goes_to_the_slot_of_its_key_and_may_be_repeated)
{
    auto const made = get_request("foo");
    EXPECT_EQ(made.wire, "*2\r\n$6\r\nKV.GET\r\n$3\r\nfoo\r\n");
    EXPECT_EQ(std::get<slot>(made.to), slot_of("foo"));
    EXPECT_TRUE(made.repeatable);
}

TEST(request, set_names_format_condition_and_time)
{
    EXPECT_EQ(set_request("k", 1, {.ttl = 1500ms, .only_if_present = true}).wire,
              "*8\r\n$6\r\nKV.SET\r\n$1\r\nk\r\n$1\r\n1\r\n$6\r\nFORMAT\r\n$8\r\ndocument\r\n$2\r\nXX\r\n$2\r\nPX\r\n$4\r\n1500\r\n");
    EXPECT_NE(set_request("k", bytes{""}, {.only_if_absent = true}).wire.find("$5\r\nbytes\r\n$2\r\nNX\r\n"), std::string::npos);
}

TEST(request, writes_are_not_repeatable)
{
    EXPECT_FALSE(set_request("k", 1, {}).repeatable);
    EXPECT_FALSE(erase_request("k").repeatable);
    std::vector<std::string> const incr{"INCR", "k"};
    EXPECT_FALSE(command_request(incr, {}).repeatable);
    std::vector<key> const keys{"k"};
    std::vector<std::size_t> const chosen{0};
    EXPECT_FALSE(update_request({"return true", "null"}, keys, chosen).repeatable);
}

TEST(request, hello_carries_a_password_if_there_is_one)
{
    EXPECT_EQ(hello_wire("", ""), "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
    EXPECT_EQ(hello_wire("", "pw"), "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$2\r\npw\r\n");
}

TEST(slot_map, knows_nobody_at_first)
{
    EXPECT_TRUE(slot_map{}.empty());
    EXPECT_EQ(slot_map{}.owner(slot{0}), nullptr);
}

TEST(slot_map, later_words_win)
{
    slot_map map;
    map.assign({slot{0}, slot{16383}}, {"a", 1}, "ida");
    map.assign({slot{5}, slot{5}}, {"b", 2}, "");
    EXPECT_EQ(*map.owner(slot{4}), (endpoint{"a", 1}));
    EXPECT_EQ(*map.owner(slot{5}), (endpoint{"b", 2}));
    auto const nodes = map.describe();
    ASSERT_EQ(nodes.size(), 2u);
    EXPECT_EQ(nodes[0].slots, (std::vector<slot_range>{{slot{0}, slot{4}}, {slot{6}, slot{16383}}}));
    EXPECT_EQ(nodes[1].slots, (std::vector<slot_range>{{slot{5}, slot{5}}}));
}

TEST(slot_map, a_node_without_slots_is_not_described)
{
    slot_map map;
    map.assign({slot{7}, slot{7}}, {"a", 1}, "");
    map.assign({slot{7}, slot{7}}, {"b", 2}, "");
    EXPECT_EQ(map.describe().size(), 1u);
}

TEST(backoff, doubles_to_its_maximum_and_never_leaves_the_upper_half)
{
    backoff pauses{10ms, 100ms, 1};
    for (int attempt = 0; attempt < 100; ++attempt) {
        auto const whole = attempt < 4 ? 10ms * (1 << attempt) : 100ms;
        auto const pause = pauses.pause(attempt);
        EXPECT_GE(pause, whole / 2);
        EXPECT_LE(pause, std::min(whole, 100ms));
    }
}

}  // namespace
}  // namespace mykeyv::detail
