// SPDX-License-Identifier: Apache-2.0
// The steps of a lane's errands and of its agent: transactions of their own.
#include "mykeyv/store/lane_core.hpp"
#include "tests/unit/store/a_database.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gtest/gtest.h>

namespace mykeyv::store::testing {
namespace {

class a_lanes_step : public ::testing::Test {
protected:
    /// A step that counts how often it is done, and stores a value.
    errc store_in_a_step()
    {
        return lane_.core.step([&](lane_session& session) {
            ++tries_;
            row const r{slot_of("k"), "k", 1, format::bytes, "v", {}};
            auto failed = session.upsert({&r, 1});
            return failed ? failed : session.commit();
        });
    }
    errc read_in_a_step()
    {
        slot_row found;
        return lane_.core.read([&](lane_session& session) { return session.load_slot(slot_of("k"), found); });
    }

    a_lane lane_;
    a_database& database_ = lane_.database;
    int tries_ = 0;
    fate first_;
};

TEST_F(a_lanes_step, is_done_once_if_all_goes_well)
{
    EXPECT_EQ(store_in_a_step(), errc::ok);
    EXPECT_EQ(tries_, 1);
    EXPECT_NE(database_.find("k"), nullptr);
}

TEST_F(a_lanes_step, is_repeated_when_the_connection_was_lost)
{
    for (auto const how : {ending::lost_before, ending::lost_after}) {
        tries_ = 0;
        lane_.time.step = std::chrono::seconds{1};
        database_.endings = {how};
        EXPECT_EQ(store_in_a_step(), errc::ok);
        EXPECT_EQ(tries_, 2);
    }
}

TEST_F(a_lanes_step, that_was_refused_is_not_done)
{
    database_.endings = {ending::refused};
    EXPECT_EQ(store_in_a_step(), errc::storage_failed);
    EXPECT_EQ(tries_, 1);
    EXPECT_EQ(database_.find("k"), nullptr);
}

TEST_F(a_lanes_step, that_was_refused_after_a_lost_commit_is_unknown)
{
    lane_.time.step = std::chrono::seconds{1};
    database_.endings = {ending::lost_after, ending::refused};
    EXPECT_EQ(store_in_a_step(), errc::outcome_unknown);
    EXPECT_NE(database_.find("k"), nullptr);
}

TEST_F(a_lanes_step, without_a_connection_is_not_begun)
{
    database_.away = true;
    lane_.inbox.is_closed = true;
    database_.endings = {};
    EXPECT_EQ(store_in_a_step(), errc::outcome_unknown);  // the connection was lost in it
    EXPECT_EQ(store_in_a_step(), errc::cluster_down);
    EXPECT_EQ(tries_, 1);
}

TEST_F(a_lanes_step, that_waits_for_mysql_refuses_what_arrives_meanwhile_and_errands_too)
{
    lane_.time.step = std::chrono::seconds{1};
    database_.endings = {ending::lost_before};
    std::optional<errc> told;
    lane_.inbox.waiting = [&](std::vector<lane_item>& out) {
        database_.away = false;
        lane_.inbox.waiting = {};
        out.emplace_back(set("k", "w", first_));
        out.emplace_back(errand{[&](errc why) { told = why; }});
    };
    auto const done = lane_.core.step([&](lane_session& session) {
        auto failed = session.commit();
        if (failed) { database_.away = true; }
        return failed;
    });
    EXPECT_EQ(done, errc::ok);
    EXPECT_EQ(first_.outcome, errc::cluster_down);
    EXPECT_EQ(told, errc::cluster_down);
}

// Transactions that only read

TEST_F(a_lanes_step, that_only_read_is_over_soon)
{
    ASSERT_EQ(read_in_a_step(), errc::ok);
    auto const next = lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 0);
    EXPECT_EQ(next, lane_.time.steady() + std::chrono::milliseconds{50});
    lane_.time.pass(std::chrono::milliseconds{50});
    lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 1);
    lane_.time.pass(std::chrono::seconds{1});
    lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 1);
}

TEST_F(a_lanes_step, that_reads_all_the_time_does_not_put_the_end_off)
{
    ASSERT_EQ(read_in_a_step(), errc::ok);
    lane_.time.pass(std::chrono::milliseconds{40});
    ASSERT_EQ(read_in_a_step(), errc::ok);
    lane_.time.pass(std::chrono::milliseconds{10});
    lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 1);
}

TEST_F(a_lanes_step, that_only_read_is_over_with_the_next_commit)
{
    ASSERT_EQ(read_in_a_step(), errc::ok);
    ASSERT_EQ(store_in_a_step(), errc::ok);
    ASSERT_EQ(read_in_a_step(), errc::ok);
    lane_.env.gates.set(slot_of("k"), gate::open);
    lane_.run_all(set("k", "w", first_));
    ASSERT_EQ(first_.outcome, errc::ok);
    lane_.time.pass(std::chrono::seconds{1});
    lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 0);
}

TEST_F(a_lanes_step, that_only_read_does_not_end_what_is_left_open_behind_it)
{
    ASSERT_EQ(read_in_a_step(), errc::ok);
    row const r{slot_of("k"), "k", 1, format::bytes, "v", {}};
    ASSERT_EQ(lane_.core.step([&](lane_session& session) { return session.upsert({&r, 1}); }), errc::ok);
    lane_.time.pass(std::chrono::seconds{1});
    lane_.core.idle();
    EXPECT_EQ(database_.rollbacks, 0);
    ASSERT_EQ(lane_.core.step([&](lane_session& session) { return session.commit(); }), errc::ok);
    EXPECT_NE(database_.find("k"), nullptr);
}

}  // namespace
}  // namespace mykeyv::store::testing
