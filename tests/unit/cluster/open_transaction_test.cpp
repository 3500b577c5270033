// SPDX-License-Identifier: Apache-2.0
// Rows that arrive are written at once, and committed with what comes next: what that may not change.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

class rows_in_an_open_transaction : public a_mover {
protected:
    using said = std::optional<slot_reply>;

    slot const served_ = slot_of("a");
    slot const other_ = slot_of("l");
    transfer_offer const offer_{6, 50};

    rows_in_an_open_transaction()
    {
        limits_.open_bytes_max = 100;
        lane_.time.step = {};
        lane_.database.committed.slots[served_] = {owned, {5, 1}, {}};
        start({});
        before_ = commits();
    }

    int commits() const { return lane_.database.commits - before_; }
    /// Of node 2; nothing is done before the next wake().
    void ask(slot s, decltype(slot_request::what) what, said& reply, transfer_offer offer = {6, 50})
    {
        mover_->asked({s, offer, id(2), std::move(what)}, [this, &reply](said now) {
            reply = std::move(now);
            ++heard_;
        });
    }
    /// Node 2 may send rows of the slot.
    void prepared(slot s)
    {
        said reply;
        ask(s, prepare{}, reply);
        wake();
        wake();
        ASSERT_TRUE(reply && reply->yes);
        before_ = lane_.database.commits;
        heard_ = 0;
    }
    portion one_row(std::string_view key, std::uint64_t number = 1, std::string_view value = "v") const
    {
        packed_rows rows;
        rows.add({key, moved_row::content{7, format::bytes, {}, value}});
        return {number, std::move(rows)};
    }
    /// A row of "k" is written, and its transaction open.
    void written()
    {
        prepared(s_);
        ask(s_, one_row("k"), rows_);
        wake();
        ASSERT_EQ(commits(), 0);
        ASSERT_FALSE(rows_);
    }
    bool is_there(std::string const& key) const { return lane_.database.find(key) != nullptr; }

    int before_ = 0;
    int heard_ = 0;  // answers that were given, also those with nothing
    said rows_, taken_;
};

TEST_F(rows_in_an_open_transaction, are_answered_for_when_they_are_committed_because_nothing_else_comes)
{
    written();
    wake();
    EXPECT_EQ(commits(), 1);
    EXPECT_TRUE(is_there("k"));
    EXPECT_TRUE(rows_ && rows_->yes);
}

TEST_F(rows_in_an_open_transaction, let_the_lane_come_again_at_once)
{
    prepared(s_);
    ask(s_, one_row("k"), rows_);
    EXPECT_LE(lane_.core.idle(), lane_.time.steady());
    EXPECT_GT(lane_.core.idle(), lane_.time.steady());
}

TEST_F(rows_in_an_open_transaction, are_committed_with_the_slot_that_is_taken_over_next)
{
    prepared(other_);
    written();
    ask(other_, nothing_more(), taken_);
    wake();
    EXPECT_EQ(commits(), 1);
    EXPECT_TRUE(rows_ && rows_->yes);
    EXPECT_TRUE(taken_ && taken_->yes);
    EXPECT_TRUE(is_there("k"));
    EXPECT_EQ(lane_.database.committed.slots.at(other_).state, owned);
}

TEST_F(rows_in_an_open_transaction, and_their_slot_are_taken_over)
{
    written();
    ask(s_, cut_over{{2, {}}, {1, 7}, 7}, taken_);
    wake();
    EXPECT_TRUE(rows_ && rows_->yes);
    EXPECT_TRUE(taken_ && taken_->yes);
    EXPECT_EQ(row().state, owned);
}

TEST_F(rows_in_an_open_transaction, are_committed_once_they_are_many)
{
    prepared(s_);
    ask(s_, one_row("k", 1, std::string(100, 'v')), rows_);
    wake();
    EXPECT_EQ(commits(), 1);
    EXPECT_TRUE(rows_ && rows_->yes);
}

TEST_F(rows_in_an_open_transaction, are_written_again_when_their_connection_was_lost_and_its_transaction_is_over)
{
    written();
    auto const tag = "session " + std::to_string(lane_.database.sessions);
    lane_.core.interrupt();
    wake();
    EXPECT_EQ(lane_.database.ended, std::vector{tag});
    EXPECT_TRUE(is_there("k"));
    EXPECT_TRUE(rows_ && rows_->yes);
}

TEST_F(rows_in_an_open_transaction, are_committed_before_a_batch_of_clients_and_not_undone_with_it)
{
    written();
    fate became;
    lane_.run_all(store::testing::refused_set("a", became));  // writes nothing, so it rolls back
    EXPECT_EQ(became.outcome, errc::ok);
    EXPECT_EQ(commits(), 1);
    EXPECT_TRUE(is_there("k"));
    EXPECT_TRUE(rows_ && rows_->yes);
}

TEST_F(rows_in_an_open_transaction, are_committed_before_a_step_of_somebody_else)
{
    written();
    EXPECT_EQ(lane_.core.step([](store::lane_session& session) { return session.rollback(); }), errc::ok);
    EXPECT_TRUE(is_there("k"));
    EXPECT_TRUE(rows_ && rows_->yes);
}

TEST_F(rows_in_an_open_transaction, are_none_while_clients_write)
{
    limits_.busy_after_write = std::chrono::hours{1};
    start({});
    fate became;
    lane_.run_all(store::testing::set("a", "v", became));
    before_ = lane_.database.commits;
    ask(s_, prepare{}, taken_);
    wake();
    EXPECT_EQ(commits(), 1);
    EXPECT_TRUE(taken_ && taken_->yes);
}

TEST_F(rows_in_an_open_transaction, are_refused_or_not_behind_the_slot_that_was_refused_with_them)
{
    prepared(other_);
    written();
    ask(other_, nothing_more(), taken_);
    lane_.database.endings = {ending::refused, ending::refused, ending::well};
    wake();
    EXPECT_EQ(heard_, 2);
    EXPECT_TRUE(rows_ && rows_->yes);
    EXPECT_TRUE(is_there("k"));
    EXPECT_FALSE(taken_);
    EXPECT_EQ(lane_.database.committed.slots.at(other_).state, importing);
}

TEST_F(rows_in_an_open_transaction, are_written_again_when_the_commit_has_lost_its_connection)
{
    for (auto const how : {ending::lost_before, ending::lost_after}) {
        lane_.database.committed.records.clear();
        start({});
        written();
        auto const tag = "session " + std::to_string(lane_.database.sessions);
        lane_.database.ended.clear();
        lane_.database.endings = {how};
        lane_.time.step = store::lane_reconnect_pause;
        wake();
        lane_.time.step = {};
        EXPECT_THAT(lane_.database.ended, testing::Contains(tag));
        EXPECT_EQ(heard_, 1);
        EXPECT_TRUE(rows_ && rows_->yes);
        EXPECT_TRUE(is_there("k"));
        rows_.reset();
    }
}

TEST_F(rows_in_an_open_transaction, are_not_undone_by_what_an_errand_lets_go_on)
{
    lane_.env.gates.set(served_, gate::parked);
    written();
    fate became;
    lane_.run_all(store::testing::refused_set("a", became));
    ASSERT_FALSE(became.outcome);
    // Nothing but the errand: what it lets go on is not among the items.
    ask(s_, one_row("l", 2), taken_);
    wake();
    auto const before = commits();
    lane_.run_all(store::errand{[this](errc) {
        lane_.env.gates.set(served_, gate::open);
        lane_.core.release(served_);
    }});
    EXPECT_EQ(became.outcome, errc::ok);
    EXPECT_EQ(commits(), before + 1);
    EXPECT_TRUE(is_there("k"));
    EXPECT_TRUE(lane_.database.committed.records.contains({s_, "l"}));
}

TEST_F(rows_in_an_open_transaction, are_not_answered_for_when_mysql_is_away)
{
    written();
    lane_.database.away = true;
    lane_.core.interrupt();
    wake();
    EXPECT_EQ(heard_, 1);
    EXPECT_FALSE(rows_);
    lane_.database.away = false;
    lane_.time.pass(store::lane_reconnect_pause);
    wake();
    EXPECT_FALSE(is_there("k"));
}

TEST_F(rows_in_an_open_transaction, of_an_attempt_that_is_replaced_do_not_replace_the_next_one)
{
    ask(s_, prepare{}, rows_);
    wake();
    ask(s_, prepare{}, taken_, {6, 51});
    wake();
    wake();
    EXPECT_TRUE(taken_ && taken_->yes);
    EXPECT_EQ(row(), (slot_row{importing, {6, 51}, id(2)}));
}

TEST_F(rows_in_an_open_transaction, of_a_slot_that_is_no_longer_taken_are_given_up)
{
    ask(s_, prepare{}, rows_);
    wake();
    EXPECT_EQ(mover_->refuse_arrivals(), "");
    ask(s_, nothing_more(), taken_);
    wake();
    EXPECT_TRUE(taken_ && !taken_->yes);
    EXPECT_EQ(row().state, refused);
}

}  // namespace
}  // namespace mykeyv::cluster
