// SPDX-License-Identifier: Apache-2.0
// A lane without its thread: gates, errands, and what it says when its connection is lost.
#include "mykeyv/store/lane_core.hpp"

#include "mykeyv/base/limits.hpp"
#include "tests/unit/store/a_database.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gmock/gmock.h>

namespace mykeyv::store::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Notes what it is told of.
class an_agent final : public slot_agent {
public:
    explicit an_agent(a_database const& watched) : database_{watched} {}

    void writing(batch_writes const& changes) override
    {
        for (auto const& put : changes.puts) { written.emplace_back(put.k); }
        for (auto const& gone : changes.erasures) { written.push_back("-" + std::string{gone.k}); }
        commits_before = database_.commits;
    }
    void erasing(std::span<slot const> slots) override { erased.assign(slots.begin(), slots.end()); }
    void stopping() override {}
    void end_transaction() override
    {
        commits_at_end.push_back(database_.commits);
        if (at_end) { at_end(); }
    }
    std::chrono::steady_clock::time_point wake() override { return ++woken, std::chrono::steady_clock::time_point::max(); }

    std::vector<std::string> written;
    std::vector<slot> erased;
    int commits_before = -1;
    std::vector<int> commits_at_end;  ///< so many there were, whenever its transaction was to be ended
    std::function<void()> at_end;
    int woken = 0;

private:
    a_database const& database_;
};

class a_lanes_work : public ::testing::Test {
protected:
    a_lanes_work() { gate_of("k", gate::open); }

    void gate_of(std::string const& key, gate g) { lane_.env.gates.set(slot_of(key), g); }
    void run(operation_ptr op) { lane_.run_all(std::move(op)); }
    errand errands(std::function<void()> what)
    {
        return [what = std::move(what)](errc) { what(); };
    }

    a_lane lane_;
    a_database& database_ = lane_.database;
    fate first_, second_, third_;
};

// Gates

TEST_F(a_lanes_work, on_an_open_slot_is_committed)
{
    run(set("k", "v", first_));
    EXPECT_EQ(first_.outcome, errc::ok);
    EXPECT_EQ(database_.find("k")->value, "v");
}

TEST_F(a_lanes_work, on_a_closed_slot_has_moved)
{
    gate_of("k", gate::closed);
    run(set("k", "v", first_));
    EXPECT_EQ(first_.outcome, errc::moved);
    EXPECT_EQ(first_.decisions, 0);
    EXPECT_EQ(database_.commits, 0);
}

TEST_F(a_lanes_work, on_a_parked_slot_waits)
{
    gate_of("k", gate::parked);
    run(set("k", "v", first_));
    EXPECT_FALSE(first_.outcome);
    EXPECT_EQ(database_.commits, 0);
}

TEST_F(a_lanes_work, that_was_parked_goes_on_in_its_order_and_before_what_came_later)
{
    gate_of("k", gate::parked);
    run(append("k", "1", first_));
    run(append("k", "2", second_));
    auto release = errands([&] {
        gate_of("k", gate::open);
        lane_.core.release(slot_of("k"));
    });
    lane_.run_all(std::move(release), append("k", "3", third_));
    EXPECT_EQ(database_.find("k")->value, "123");
    EXPECT_EQ(third_.outcome, errc::ok);
}

TEST_F(a_lanes_work, that_was_parked_has_moved_when_the_slot_has_gone)
{
    gate_of("k", gate::parked);
    run(append("k", "1", first_));
    lane_.run_all(errands([&] {
        gate_of("k", gate::closed);
        lane_.core.release(slot_of("k"));
    }));
    EXPECT_EQ(first_.outcome, errc::moved);
    EXPECT_EQ(database_.find("k"), nullptr);
}

TEST_F(a_lanes_work, that_is_parked_too_long_is_in_transit)
{
    gate_of("k", gate::parked);
    run(append("k", "1", first_));
    lane_.time.pass(limits::parked_time_default);
    lane_.core.idle();
    EXPECT_EQ(first_.outcome, errc::in_transit);
}

TEST_F(a_lanes_work, that_is_parked_at_the_end_is_refused)
{
    gate_of("k", gate::parked);
    run(append("k", "1", first_));
    lane_.core.stop(errc::stopping);
    EXPECT_EQ(first_.outcome, errc::stopping);
}

TEST_F(a_lanes_work, on_due_lines_of_a_slot_that_is_not_served_erases_nothing)
{
    database_.committed.records[{slot_of("k"), "k"}] = {"v", 1, format::bytes, unix_ms{1}};
    gate_of("k", gate::parked);
    bool swept = false;
    lane_.run_all(sweep{{{unix_ms{1}, slot_of("k"), "k"}}, [&] { swept = true; }});
    EXPECT_TRUE(swept);
    EXPECT_NE(database_.find("k"), nullptr);
}

// Errands

TEST_F(a_lanes_work, before_an_errand_is_committed_and_behind_it_is_not_begun)
{
    std::vector<std::optional<errc>> seen;
    lane_.run_all(set("k", "1", first_), errands([&] { seen = {first_.outcome, second_.outcome}; }), set("k", "2", second_));
    EXPECT_THAT(seen, ElementsAre(errc::ok, std::nullopt));
    EXPECT_EQ(second_.outcome, errc::ok);
}

// Batches whose connection is lost

TEST_F(a_lanes_work, whose_commit_lost_its_answer_is_done_once)
{
    lane_.env.outcome_patience = std::chrono::minutes{1};
    for (auto const how : {ending::lost_before, ending::lost_after}) {
        lane_.time.step = std::chrono::seconds{1};
        database_.endings = {how};
        run(append("k", "x", first_));
        EXPECT_EQ(first_.outcome, errc::ok);
    }
    EXPECT_EQ(database_.find("k")->value, "xx");
}

TEST_F(a_lanes_work, that_erased_what_it_had_not_read_is_done_although_its_commit_lost_its_answer)
{
    run(set("k", "v", first_));
    lane_.env.known.clear();
    database_.endings = {ending::lost_after_and_away};
    lane_.inbox.waiting = [this](auto&) {
        database_.away = false;
        lane_.time.pass(lane_reconnect_pause);
        database_.endings = {ending::refused, ending::refused, ending::refused};
    };
    lane_.run_all(set("k", "w", first_), remove("k", second_));
    EXPECT_EQ(first_.outcome, errc::ok);
    EXPECT_EQ(second_.outcome, errc::ok);
    EXPECT_EQ(database_.find("k"), nullptr);
}

TEST_F(a_lanes_work, that_mysql_rolls_back_again_and_again_is_refused_when_patience_is_over)
{
    lane_.env.outcome_patience = std::chrono::seconds{10};
    lane_.time.step = std::chrono::seconds{3};
    database_.endings.assign(8, ending::lost_before);
    run(append("k", "x", first_));
    EXPECT_EQ(first_.outcome, errc::storage_failed);
    EXPECT_GT(database_.endings.size(), 4u);
    database_.endings.clear();
    run(append("k", "y", second_));
    EXPECT_EQ(second_.outcome, errc::ok);
    EXPECT_EQ(database_.find("k")->value, "y");
}

TEST_F(a_lanes_work, that_loses_its_mysql_on_the_way_out_is_refused_and_so_is_what_comes_behind)
{
    lane_.time.step = std::chrono::seconds{1};
    lane_.env.outcome_patience = std::chrono::minutes{1};
    lane_.inbox.is_closed = true;
    database_.endings = {ending::lost_before, ending::lost_before};
    run(append("k", "x", first_));
    EXPECT_EQ(first_.outcome, errc::storage_failed);
    lane_.core.interrupt();
    run(append("k", "y", second_));
    EXPECT_EQ(second_.outcome, errc::cluster_down);
    EXPECT_EQ(database_.find("k"), nullptr);
    EXPECT_EQ(database_.endings.size(), 1u);
}

// The agent

TEST_F(a_lanes_work, is_told_to_the_agent_before_it_is_committed)
{
    an_agent agent{database_};
    lane_.core.employ(&agent);
    run(set("k", "v", first_));
    EXPECT_THAT(agent.written, ElementsAre("k"));
    EXPECT_EQ(agent.commits_before, 0);
    run(remove("k", second_));
    EXPECT_THAT(agent.written, ElementsAre("k", "-k"));
    EXPECT_EQ(agent.commits_before, 1);
}

TEST_F(a_lanes_work, that_changes_nothing_is_not_told)
{
    an_agent agent{database_};
    lane_.core.employ(&agent);
    run(read({"k"}, first_));
    EXPECT_THAT(agent.written, IsEmpty());
}

TEST_F(a_lanes_work, wakes_the_agent_when_there_is_none)
{
    an_agent agent{database_};
    lane_.core.employ(&agent);
    lane_.core.idle();
    EXPECT_EQ(agent.woken, 1);
}

TEST_F(a_lanes_work, begins_when_the_agents_transaction_is_over)
{
    an_agent agent{database_};
    lane_.core.employ(&agent);
    lane_.run_all(note{[](errc) {}}, errands([] {}));
    EXPECT_THAT(agent.commits_at_end, IsEmpty());
    run(set("k", "v", first_));
    EXPECT_THAT(agent.commits_at_end, ElementsAre(0));
    lane_.core.step([](lane_session& session) { return session.commit(); });
    EXPECT_THAT(agent.commits_at_end, ElementsAre(0, 1));
}

TEST_F(a_lanes_work, finds_the_gates_as_the_end_of_the_agents_transaction_has_left_them)
{
    an_agent agent{database_};
    agent.at_end = [this] { gate_of("k", gate::closed); };
    lane_.core.employ(&agent);
    run(set("k", "v", first_));
    EXPECT_EQ(first_.outcome, errc::moved);
    EXPECT_EQ(database_.commits, 0);
}

// Everything

TEST_F(a_lanes_work, of_erasing_all_concerns_open_slots_and_is_told_to_the_agent)
{
    an_agent agent{database_};
    lane_.core.employ(&agent);
    run(set("k", "v", first_));
    database_.committed.records[{slot_of("other"), "other"}] = {"v", 1, format::bytes, {}};
    EXPECT_EQ(lane_.core.erase_all([](slot) { return true; }), errc::ok);
    EXPECT_EQ(database_.find("k"), nullptr);
    EXPECT_NE(database_.find("other"), nullptr);
    EXPECT_THAT(agent.erased, ElementsAre(slot_of("k")));
}

TEST_F(a_lanes_work, of_erasing_all_is_refused_while_a_slot_is_parked)
{
    run(set("k", "v", first_));
    gate_of("parked", gate::parked);
    EXPECT_EQ(lane_.core.erase_all([](slot) { return true; }), errc::in_transit);
    EXPECT_NE(database_.find("k"), nullptr);
    EXPECT_EQ(lane_.core.erase_all([](slot s) { return s != slot_of("parked"); }), errc::ok);
    EXPECT_EQ(database_.find("k"), nullptr);
}

// Versions

TEST_F(a_lanes_work, gives_out_versions_behind_those_of_a_slot_that_came)
{
    ASSERT_EQ(lane_.core.ceiling_behind(1000), std::nullopt);
    lane_.core.continue_behind(1000, {});
    run(set("k", "v", first_));
    EXPECT_EQ(database_.find("k")->version, 1001u);
}

TEST_F(a_lanes_work, sets_versions_aside_behind_those_of_a_slot_that_came_if_need_be)
{
    auto const high = 7 * versions_per_tenure;
    auto const ceiling = lane_.core.ceiling_behind(high);
    ASSERT_EQ(ceiling, high + versions_per_tenure);
    lane_.core.continue_behind(high, ceiling);
    EXPECT_EQ(lane_.core.ceiling_behind(high), std::nullopt);
    run(set("k", "v", first_));
    EXPECT_EQ(database_.find("k")->version, high + 1);
}

}  // namespace
}  // namespace mykeyv::store::testing
