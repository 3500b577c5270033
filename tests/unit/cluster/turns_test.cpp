// SPDX-License-Identifier: Apache-2.0
// How many of its departing slots a node goes on with at a time, and which.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

class departing_slots : public a_mover {
protected:
    /// Node 2 says yes to all that it was asked since; which slots were offered to it.
    std::vector<slot> all_answered()
    {
        std::vector<slot> offered;
        for (auto const& request : std::exchange(outside_.sent, {})) {
            if (std::holds_alternative<cut_over>(request.what)) { offered.push_back(request.slot); }
            auto reply = reply_to(request);
            reply.yes = true;
            mover_->replied(reply);
        }
        return offered;
    }
};

class slots_of_a_busy_node : public departing_slots {
protected:
    static constexpr unsigned small_ones = 300;
    static constexpr unsigned rows_of_the_large_one = 20;

    slots_of_a_busy_node()
    {
        limits_.slots_per_commit = 2;
        limits_.outgoing_per_lane_max = 8;
        limits_.portion_bytes = 10;
        limits_.write_bytes = 10;
        limits_.busy_after_write = std::chrono::hours{1};
        lane_.time.step = {};
    }

    void put(slot s, std::string key)
    {
        lane_.database.committed.slots[s] = {owned, {5, 1}, {}};
        lane_.database.committed.records[{s, std::move(key)}] = {"ten bytes.", 1, format::bytes, {}};
    }
};

TEST_F(slots_of_a_busy_node, that_need_many_turns_have_them_while_others_come_and_go)
{
    std::vector<std::pair<slot, node_id>> wishes{{s_, id(2)}};
    for (unsigned i = 0; i < rows_of_the_large_one; ++i) { put(s_, "row " + std::to_string(i)); }
    for (unsigned number = 1; number <= small_ones; ++number) {
        wishes.emplace_back(slot{number}, id(2));
        put(slot{number}, "row");
    }
    start({owned, {5, 1}, {}});
    run("v");
    mover_->want(wishes);

    std::vector<slot> offered;
    for (unsigned turns = 0; turns < 10 * small_ones && std::ranges::count(offered, s_) == 0; ++turns) {
        lane_.time.pass(std::chrono::milliseconds{10});
        wake();
        std::ranges::copy(all_answered(), std::back_inserter(offered));
    }
    // Eight share two turns at a time: it has one in eight, as each has, and no small one takes fewer than two.
    EXPECT_EQ(std::ranges::count(offered, s_), 1);
    EXPECT_LE(offered.size(), (rows_of_the_large_one + 3) * 8 / 2);
    EXPECT_GE(offered.size(), rows_of_the_large_one);
}

class slots_whose_clients_wait : public departing_slots {
protected:
    void SetUp() override
    {
        lane_.time.step = {};
        std::vector<std::pair<slot, node_id>> wishes;
        for (unsigned number = 0; number < 4000; ++number) {
            lane_.database.committed.slots[slot{number}] = {owned, {5, 1}, {}};
            wishes.emplace_back(slot{number}, id(2));
        }
        start({owned, {5, 1}, {}});
        mover_->want(wishes);
    }
    /// How many wait in each of so many rounds, when node 2 answers after such a time.
    std::vector<std::size_t> waiting(int rounds, std::chrono::milliseconds answered_after)
    {
        std::vector<std::size_t> in_each;
        for (int i = 0; i < rounds; ++i) {
            wake();
            lane_.time.pass(answered_after);
            in_each.push_back(all_answered().size());
        }
        return in_each;
    }
};

TEST_F(slots_whose_clients_wait, are_fewer_at_once_where_they_wait_long_and_more_again_where_they_do_not)
{
    auto const slow = waiting(20, limits_.cut_over_wait_wanted + std::chrono::milliseconds{1});
    EXPECT_EQ(std::ranges::max(slow), limits_.cut_overs_at_once);
    EXPECT_EQ(slow.back(), limits_.cut_overs_at_once_least);
    auto const fast = waiting(60, std::chrono::milliseconds{1});
    EXPECT_EQ(fast.back(), limits_.cut_overs_at_once);
}

TEST_F(departing_slots, that_are_never_answered_for_leave_a_turn_to_the_others)
{
    std::vector<std::pair<slot, node_id>> wishes;
    for (unsigned number = 0; number < 4; ++number) {
        lane_.database.committed.slots[slot{number}] = {owned, {5, 1}, {}};
        wishes.emplace_back(slot{number}, id(2));
    }
    lane_.time.step = {};
    start({owned, {5, 1}, {}});
    mover_->want(wishes);
    std::map<slot, int> asked;
    for (int round = 0; round < 20; ++round) {
        wake();
        for (auto const& request : std::exchange(outside_.sent, {})) {
            asked[request.slot] += std::holds_alternative<prepare>(request.what) ? 1 : 0;
            mover_->unanswered(request.slot, request.offer);
        }
        lane_.time.pass(limits_.again_after);
    }
    EXPECT_EQ(asked.size(), wishes.size());
    for (auto const& [s, times] : asked) { EXPECT_GE(times, 4) << s.number(); }
}

class slots_under_a_rate : public departing_slots {
protected:
    slots_under_a_rate()
    {
        limits_.portion_bytes = 10;
        limits_.resend_rounds_max = 0;
        lane_.time.step = {};
    }
    bool is_sent(slot s, auto const& is_wanted) const
    {
        return std::ranges::any_of(outside_.sent, [&](auto const& each) { return each.slot == s && is_wanted(each.what); });
    }
    static constexpr auto is_portion = [](auto const& what) { return std::holds_alternative<portion>(what); };
    static constexpr auto is_cut_over = [](auto const& what) { return std::holds_alternative<cut_over>(what); };
};

TEST_F(slots_under_a_rate, are_not_read_before_their_time_when_it_is_said_again_what_is_wanted)
{
    lane_.database.committed.slots[slot_of("l")] = {owned, {5, 1}, {}};
    lane_.database.committed.records[{s_, "k"}] = lane_.database.committed.records[{slot_of("l"), "l"}] = {"v", 1, format::bytes, {}};
    std::vector<std::pair<slot, node_id>> const wishes{{s_, id(2)}, {slot_of("l"), id(2)}};
    start({owned, {5, 1}, {}});
    outside_.sends_from = lane_.time.steady() + std::chrono::seconds{10};
    mover_->want(wishes);
    wake();
    all_answered();
    for (int i = 0; i < 3; ++i) {
        mover_->want(wishes);
        wake();
    }
    EXPECT_FALSE(is_sent(s_, is_portion) || is_sent(slot_of("l"), is_portion));
    lane_.time.pass(std::chrono::seconds{10});
    wake();
    EXPECT_TRUE(is_sent(s_, is_portion) && is_sent(slot_of("l"), is_portion));
}

TEST_F(slots_under_a_rate, go_on_all_the_same_once_their_operations_wait)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    prepared();
    all_answered();
    wake();
    ASSERT_TRUE(is_sent(s_, is_portion));
    run("much more than a portion has");
    outside_.sends_from = lane_.time.steady() + std::chrono::seconds{10};
    for (int i = 0; i < 3 && !is_sent(s_, is_cut_over); ++i) {
        all_answered();
        wake();
    }
    EXPECT_EQ(gate_now(), gate::parked);
    EXPECT_TRUE(is_sent(s_, is_cut_over));
}

TEST_F(slots_under_a_rate, that_wait_are_not_held_back_by_what_another_node_has_not_answered_for)
{
    limits_.on_the_way_bytes_max = 1;
    auto const other = slot_of("l");
    lane_.database.committed.slots[other] = {owned, {5, 1}, {}};
    lane_.database.committed.records[{s_, "k"}] = lane_.database.committed.records[{other, "l"}] = {"v", 1, format::bytes, {}};
    start({owned, {5, 1}, {}});
    mover_->want({{s_, id(2)}, {other, id(3)}});
    wake();
    all_answered();
    wake();
    ASSERT_TRUE(is_sent(s_, is_portion) && is_sent(other, is_portion));
    run("much more than a portion has");
    for (int i = 0; i < 3 && !is_sent(s_, is_cut_over); ++i) {
        std::erase_if(outside_.sent, [other](auto const& each) { return each.slot == other; });
        all_answered();
        wake();
    }
    EXPECT_TRUE(is_sent(s_, is_cut_over));
}

}  // namespace
}  // namespace mykeyv::cluster
