// SPDX-License-Identifier: Apache-2.0
// What KV.CLUSTER says, read; and how far a rehash is, from one status after the other.
#include "mykeyv/client/impl/cluster_answer.hpp"
#include "mykeyv/client/impl/rehash_watch.hpp"
#include "tests/unit/client/fake_cluster.hpp"

#include <gtest/gtest.h>

namespace mykeyv::detail {
namespace {

using test::fake_cluster;
using namespace std::chrono_literals;

resp::value text(std::string of) { return {resp::kind::bulk, std::move(of)}; }

TEST(read_status, takes_what_a_node_says)
{
    fake_cluster const cluster{.version = 7, .slots_to_move = {3, 0}, .records = {10, 0}, .paused = true};
    auto const status = read_status(text(cluster.status())).value();
    EXPECT_EQ(status.version, 7u);
    EXPECT_TRUE(status.paused);
    EXPECT_EQ(status.slots_to_move, 3u);
    ASSERT_EQ(status.nodes.size(), 2u);
    EXPECT_EQ(status.nodes[0].heard_ago, 0ms);
    EXPECT_EQ(status.nodes[0].address, (endpoint{"127.0.0.1", 7000}));
    EXPECT_EQ(status.nodes[0].departed.records, 10u);
    EXPECT_EQ(status.nodes[1].version, 7u);
}

TEST(read_status, knows_a_member_that_was_never_heard)
{
    fake_cluster const cluster{.last_is_heard = false, .last_problem = "no answer"};
    auto const status = read_status(text(cluster.status())).value();
    EXPECT_FALSE(status.nodes[0].problem);
    EXPECT_FALSE(status.nodes[1].heard_ago);
    EXPECT_FALSE(status.nodes[1].version);
    EXPECT_EQ(status.nodes[1].problem, "no answer");
}

TEST(read_status, refuses_what_is_none)
{
    auto const whole = fake_cluster{}.status();
    for (std::string const wrong : {"", "{}", "[]", "7", "{\"cluster\": 1}"}) { EXPECT_TRUE(read_status(text(wrong)).has_error()); }
    for (std::size_t length = 0; length < whole.size(); ++length) { EXPECT_TRUE(read_status(text(whole.substr(0, length))).has_error()); }
    EXPECT_TRUE(read_status({}).has_error());
    for (std::string const name : {"version", "paused", "slots_to_move", "nodes", "weight", "departed", "endpoint"}) {
        auto without = whole;
        without.replace(without.find('"' + name + '"') + 1, 1, "x");
        EXPECT_EQ(read_status(text(without)).error(), errc::unexpected_reply) << name;
    }
}

TEST(read_plan, takes_the_slots_of_each_pair)
{
    auto const plan =
        read_plan(text(R"({"version":3,"moves":12,"pairs":[{"source":"a","target":"b","count":12,"slots":[[0,9],[20,21]]}]})")).value();
    EXPECT_EQ(plan.moves, 12u);
    ASSERT_EQ(plan.pairs.size(), 1u);
    EXPECT_EQ(plan.pairs[0].slots, (std::vector<slot_range>{{slot{0}, slot{9}}, {slot{20}, slot{21}}}));
}

TEST(read_plan, refuses_slots_that_are_none)
{
    auto const wrong = R"({"version":3,"moves":1,"pairs":[{"source":"a","target":"b","count":1,"slots":[[0,16384]]}]})";
    EXPECT_TRUE(read_plan(text(wrong)).has_error());
    EXPECT_TRUE(read_plan(text(R"({"version":-3,"moves":0,"pairs":[]})")).has_error());
}

class rehash_watch_test : public testing::Test {
protected:
    rehash_watch watch;
    rehash_watch::time now{};

    void hears(fake_cluster const& cluster)
    {
        now += 1s;
        watch.on_status(read_status(text(cluster.status())).value(), now);
    }
};

TEST_F(rehash_watch_test, ends_when_nothing_is_left_and_every_member_knows)
{
    watch.begin({.version = 2, .moves = 8});
    hears({.version = 1});
    EXPECT_FALSE(watch.finished());
    EXPECT_EQ(watch.so_far().slots_left, 8u);
    hears({.version = 2, .slots_to_move = {5, 0}});
    EXPECT_FALSE(watch.finished());
    EXPECT_EQ(watch.so_far().slots_left, 5u);
    hears({.version = 2, .last_version = 1});
    EXPECT_FALSE(watch.finished());
    hears({.version = 2});
    EXPECT_TRUE(watch.finished());
    EXPECT_EQ(watch.so_far().slots_left, 0u);
}

TEST_F(rehash_watch_test, what_a_member_that_has_not_heard_has_to_move_is_not_taken_for_moved)
{
    watch.begin({.version = 2, .moves = 8});
    hears({.version = 2, .slots_to_move = {3, 0}, .last_version = 1});
    EXPECT_EQ(watch.so_far().slots_left, 8u);
    hears({.version = 2, .slots_to_move = {2, 0}, .records = {10, 0}, .last_version = 1});
    EXPECT_EQ(watch.so_far().slots_left, 7u);
    hears({.version = 2, .slots_to_move = {2, 4}});
    EXPECT_EQ(watch.so_far().slots_left, 6u);
}

TEST_F(rehash_watch_test, waits_for_a_member_that_was_never_heard)
{
    hears({.version = 2, .last_is_heard = false});
    EXPECT_FALSE(watch.finished());
}

TEST_F(rehash_watch_test, ends_also_with_a_newer_topology)
{
    watch.begin({.version = 2, .moves = 8});
    hears({.version = 3});
    EXPECT_TRUE(watch.finished());
}

TEST_F(rehash_watch_test, without_a_plan_the_first_status_says_what_there_is_to_do)
{
    hears({.version = 2, .slots_to_move = {5, 2}});
    EXPECT_EQ(watch.so_far().slots_total, 7u);
    hears({.version = 3, .slots_to_move = {9, 9}});
    EXPECT_EQ(watch.so_far().slots_total, 18u);
}

TEST_F(rehash_watch_test, counts_what_moved_since_it_watches)
{
    hears({.slots_to_move = {5, 0}, .records = {100, 50}});
    EXPECT_EQ(watch.so_far().records, 0u);
    hears({.slots_to_move = {4, 0}, .records = {130, 60}});
    EXPECT_EQ(watch.so_far().records, 40u);
    EXPECT_EQ(watch.so_far().bytes, 400u);
    EXPECT_DOUBLE_EQ(watch.so_far().records_per_second, 40.0);
}

TEST_F(rehash_watch_test, a_daemon_that_was_started_again_takes_nothing_back)
{
    hears({.slots_to_move = {5, 0}, .records = {100, 0}});
    hears({.slots_to_move = {4, 0}, .records = {110, 0}});
    hears({.slots_to_move = {4, 0}, .records = {0, 0}});
    hears({.slots_to_move = {3, 0}, .records = {5, 0}});
    EXPECT_EQ(watch.so_far().records, 15u);
}

TEST_F(rehash_watch_test, speed_is_that_of_the_last_seconds)
{
    for (unsigned i = 0; i < 10; ++i) { hears({.slots_to_move = {5, 0}, .records = {i < 3 ? 1000 * i : 2000 + 10 * i, 0}}); }
    EXPECT_DOUBLE_EQ(watch.so_far().records_per_second, 10.0);
}

}  // namespace
}  // namespace mykeyv::detail
