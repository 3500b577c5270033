// SPDX-License-Identifier: Apache-2.0
// Who may go when, as transcripts; and a random walk through all of them that checks the order.
#include "mykeyv/client/impl/slot_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace mykeyv::detail {
namespace {

class slot_order_test : public testing::Test {
protected:
    slot const s{7};
    int const old_node = 0, new_node = 0;
    slot_order order;

    static turn nth(unsigned n) { return {operation_id{n}, ticket{n}}; }
    bool enters(unsigned n, int const& way) { return order.enter(s, nth(n), &way); }
    void is_turned_back(unsigned n) { order.turn_back(s, nth(n)), order.wake(s, nth(n)); }
    void is_answered() { order.leave(s, true); }
    /// All that go now, to this node.
    std::vector<unsigned> go(int const& way)
    {
        std::vector<unsigned> gone;
        while (auto const who = order.next(s)) {
            auto const n = static_cast<unsigned>(*who);
            if (order.go_on(s, nth(n), &way)) { gone.push_back(n); }
        }
        return gone;
    }
    using these = std::vector<unsigned>;
};

TEST_F(slot_order_test, of_a_slot_at_rest_holds_nobody)
{
    for (unsigned n = 1; n < 9; ++n) { EXPECT_TRUE(enters(n, old_node)); }
    for (unsigned n = 1; n < 9; ++n) { is_answered(); }
    EXPECT_TRUE(enters(9, new_node));
    EXPECT_TRUE(order.settled(s));
    EXPECT_EQ(go(new_node), these{});
}

TEST_F(slot_order_test, a_newer_one_with_another_way_waits_for_the_older_ones)
{
    enters(1, old_node), enters(2, old_node);
    EXPECT_FALSE(enters(3, new_node));
    is_answered();
    EXPECT_EQ(go(new_node), these{});
    is_answered();
    EXPECT_EQ(go(new_node), these{3});
    EXPECT_TRUE(order.settled(s));
}

TEST_F(slot_order_test, those_turned_back_go_in_the_order_of_their_calls_the_first_one_alone)
{
    enters(1, old_node), enters(2, old_node), enters(3, old_node);
    is_turned_back(1);
    EXPECT_FALSE(enters(4, new_node));
    EXPECT_EQ(go(new_node), these{});
    is_turned_back(2), is_turned_back(3);
    EXPECT_EQ(go(new_node), these{1});
    EXPECT_FALSE(enters(5, new_node));
    is_answered();
    EXPECT_EQ(go(new_node), (these{2, 3, 4, 5}));
    EXPECT_TRUE(enters(6, new_node));
}

TEST_F(slot_order_test, one_that_went_alone_and_is_turned_back_is_first_again)
{
    enters(1, old_node), enters(2, old_node);
    is_turned_back(1), is_turned_back(2);
    EXPECT_EQ(go(new_node), these{1});
    is_turned_back(1);
    EXPECT_EQ(go(new_node), these{1});
}

TEST_F(slot_order_test, one_that_pauses_keeps_the_others_back)
{
    enters(1, old_node), enters(2, old_node);
    order.turn_back(s, nth(1));
    is_turned_back(2);
    EXPECT_EQ(go(old_node), these{});
    order.wake(s, nth(1));
    EXPECT_EQ(go(old_node), these{1});
}

TEST_F(slot_order_test, when_the_first_is_answered_no_pause_is_sat_out)
{
    enters(1, old_node), enters(2, old_node);
    order.turn_back(s, nth(1)), order.turn_back(s, nth(2));
    order.wake(s, nth(1));
    EXPECT_EQ(go(old_node), these{1});
    is_answered();
    EXPECT_EQ(go(old_node), these{2});
}

TEST_F(slot_order_test, one_that_gives_up_lets_the_next_go)
{
    enters(1, old_node), enters(2, old_node);
    order.turn_back(s, nth(1));
    is_turned_back(2);
    order.give_up(s, nth(1));
    EXPECT_EQ(go(old_node), these{2});
}

TEST_F(slot_order_test, when_all_have_given_up_the_slot_is_at_rest)
{
    enters(1, old_node);
    order.turn_back(s, nth(1));
    order.give_up(s, nth(1));
    EXPECT_TRUE(order.settled(s));
    EXPECT_TRUE(enters(2, new_node));
}

TEST_F(slot_order_test, one_whose_outcome_is_unknown_lets_the_next_go_alone)
{
    enters(1, old_node), enters(2, old_node), enters(3, old_node);
    is_turned_back(1), is_turned_back(2), is_turned_back(3);
    EXPECT_EQ(go(new_node), these{1});
    order.leave(s, false);
    EXPECT_EQ(go(new_node), these{2});
}

TEST_F(slot_order_test, a_further_request_of_an_older_call_goes_before_those_held)
{
    order.join(s, &old_node);
    EXPECT_FALSE(enters(5, new_node));
    EXPECT_FALSE(order.enter(s, {operation_id{1}, ticket{6}}, &new_node));
    order.leave(s, false);
    EXPECT_EQ(*order.next(s), ticket{6});
}

TEST_F(slot_order_test, several_slots_travel_together_only_where_nothing_has_to_wait)
{
    EXPECT_TRUE(order.goes_straight(s, &old_node));
    enters(1, old_node);
    EXPECT_TRUE(order.goes_straight(s, &old_node));
    EXPECT_FALSE(order.goes_straight(s, &new_node));
    is_turned_back(1);
    EXPECT_FALSE(order.goes_straight(s, &old_node));
}

TEST_F(slot_order_test, tells_those_held_what_keeps_them)
{
    enters(1, old_node);
    EXPECT_EQ(order.hindrance(s), errc::timed_out_unsent);
    order.turn_back(s, nth(1));
    order.hindered(s, errc::cluster_down);
    EXPECT_EQ(order.hindrance(s), errc::cluster_down);
}

// A slot that moves to and fro between nodes, each a queue of requests, while the client's map knows it or does not. Whatever happens,
// requests are executed in the order of their calls.
TEST_F(slot_order_test, holds_through_any_moves)
{
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random{seed};
        slot_order walk;
        std::deque<unsigned> nodes[2];
        std::vector<unsigned> executed, pausing;
        unsigned owner = 0, called = 0;
        auto const pump = [&] {
            while (auto const who = walk.next(s)) {
                auto const n = static_cast<unsigned>(*who);
                std::erase(pausing, n);
                auto const to = random() % 2;
                if (walk.go_on(s, nth(n), &nodes[to])) { nodes[to].push_back(n); }
            }
        };
        for (int step = 0; step < 400 || executed.size() < called; ++step) {
            auto const at = static_cast<unsigned>(random() % 2);
            switch (random() % 5) {
            case 0:
                if (step < 400 && walk.enter(s, nth(++called), &nodes[at])) { nodes[at].push_back(called); }
                break;
            case 1:
                if (nodes[at].empty()) { owner = at; }
                break;
            case 2:
                if (!pausing.empty()) {
                    walk.wake(s, nth(pausing.back()));
                    pausing.pop_back();
                }
                break;
            default:
                if (nodes[at].empty()) { break; }
                auto const n = nodes[at].front();
                nodes[at].pop_front();
                if (at == owner) {
                    executed.push_back(n);
                    walk.leave(s, true);
                } else {
                    walk.turn_back(s, nth(n));
                    pausing.push_back(n);
                }
            }
            pump();
        }
        ASSERT_TRUE(std::is_sorted(executed.begin(), executed.end())) << "seed " << seed;
        ASSERT_TRUE(walk.settled(s)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace mykeyv::detail
