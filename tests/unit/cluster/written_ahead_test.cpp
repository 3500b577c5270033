// SPDX-License-Identifier: Apache-2.0
// A hand-over that is committed before the slot is offered: who serves it until then, and what becomes of it when no offer is made.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

TEST_F(a_mover, commits_the_hand_over_before_it_offers_the_slot_and_serves_it_until_then)
{
    written_ahead();
    EXPECT_EQ(row(), (slot_row{handing_over, {6, 100}, id(2)}));
    EXPECT_FALSE(has_sent<cut_over>());
    EXPECT_EQ(gate_now(), gate::open);
    EXPECT_EQ(run("v").outcome, errc::ok);
    auto const before = lane_.database.commits;
    wake();
    ASSERT_TRUE(has_sent<cut_over>());
    EXPECT_EQ(std::get<cut_over>(outside_.sent.back().what).last.rows.records(), 1u);
    EXPECT_EQ(gate_now(), gate::parked);
    EXPECT_EQ(lane_.database.commits, before);
}

TEST_F(a_mover, takes_back_what_it_has_written_ahead_of_an_offer_that_it_never_makes)
{
    written_ahead();
    mover_->want({});
    ASSERT_TRUE(has_sent<cancel>());
    EXPECT_EQ(run("v").outcome, errc::ok);
    wake();
    EXPECT_EQ(row(), (slot_row{owned, {7, 100}, id(2)}));
    EXPECT_EQ(outside_.owners.back(), (std::pair{id(1), std::uint64_t{7}}));
    mover_->want({{s_, id(2)}});
    lane_.time.pass(limits_.again_after);
    wake();
    ASSERT_TRUE(has_sent<prepare>());
    EXPECT_EQ(outside_.sent.back().offer, (transfer_offer{8, 101}));
}

TEST_F(a_mover, begins_no_other_attempt_before_it_has_taken_back_what_it_wrote_ahead)
{
    written_ahead();
    mover_->want({});
    mover_->want({{s_, id(2)}});
    lane_.time.step = {};
    lane_.database.endings = {ending::refused};
    lane_.time.pass(limits_.again_after);
    wake();
    EXPECT_TRUE(has_sent<cancel>());
    EXPECT_EQ(mover_->on_the_way(), 1u);
    EXPECT_EQ(gate_now(), gate::open);
    lane_.time.pass(limits_.query_every);
    wake();
    EXPECT_EQ(row().state, owned);
    lane_.time.pass(limits_.again_after);
    wake();
    EXPECT_TRUE(has_sent<prepare>());
}

TEST_F(a_mover, writes_nothing_ahead_of_an_attempt_that_is_given_up_before)
{
    std::vector<std::pair<slot, node_id>> wishes{{s_, id(2)}, {slot_of("l"), id(2)}};
    lane_.database.committed.slots[slot_of("l")] = {owned, {5, 1}, {}};
    start({owned, {5, 1}, {}});
    mover_->want(wishes);
    wake();
    auto const of_s = std::ranges::find(outside_.sent, s_, &slot_request::slot);
    auto reply = reply_to(*of_s);
    reply.yes = true;
    mover_->replied(reply);
    wake();  // the other one is under way, so this one's row can wait
    ASSERT_EQ(row().state, owned);
    ASSERT_EQ(mover_->on_the_way(), 3u);
    mover_->want({});
    EXPECT_EQ(mover_->on_the_way(), 0u);
    lane_.time.pass(limits_.slot_rows_within);
    wake();
    EXPECT_EQ(row(), (slot_row{owned, {5, 1}, {}}));
    EXPECT_EQ(mover_->on_the_way(), 0u);
}

TEST_F(a_mover, offers_no_slot_of_which_it_does_not_know_whether_that_is_written_ahead)
{
    prepared();
    lane_.database.endings = {ending::lost_after_and_away};
    lane_.inbox.waiting = [this](auto&) { lane_.inbox.is_closed = true; };  // no more than one try
    answer(true);
    wake();
    EXPECT_EQ(row().state, handing_over);
    EXPECT_TRUE(has_sent<cancel>());
    EXPECT_EQ(gate_now(), gate::open);
    lane_.database.away = false;
    lane_.time.pass(limits_.query_every);
    wake();
    EXPECT_EQ(row(), (slot_row{owned, {7, 100}, id(2)}));
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_mover, is_bringing_a_slot_to_a_node_until_no_row_names_it_any_more)
{
    written_ahead();
    mover_->want({});
    EXPECT_TRUE(mover_->is_bringing_to(id(2)));
    wake();
    ASSERT_EQ(row().state, owned);
    EXPECT_FALSE(mover_->is_bringing_to(id(2)));
}

TEST_F(a_mover, that_ends_in_order_takes_back_what_it_has_not_offered)
{
    written_ahead();
    lane_.core.stop(errc::stopping);
    EXPECT_EQ(row(), (slot_row{owned, {7, 100}, id(2)}));
}

TEST_F(a_mover, that_ends_in_order_leaves_what_it_has_offered)
{
    offered();
    lane_.core.stop(errc::stopping);
    EXPECT_EQ(row(), (slot_row{handing_over, {6, 100}, id(2)}));
}

TEST_F(a_mover, takes_back_a_slot_whose_records_are_all_erased)
{
    written_ahead();
    mover_->erasing({&s_, 1});
    EXPECT_TRUE(has_sent<cancel>());
    wake();
    EXPECT_EQ(row(), (slot_row{owned, {7, 100}, id(2)}));
}

TEST_F(a_mover, serves_on_and_takes_the_slot_back_when_its_last_rows_cannot_be_read)
{
    written_ahead();
    lane_.database.away = true;
    lane_.inbox.waiting = [this](auto&) { lane_.inbox.is_closed = true; };  // no more than one try
    wake();
    EXPECT_TRUE(has_sent<cancel>());
    EXPECT_EQ(gate_now(), gate::open);
    lane_.database.away = false;
    lane_.time.pass(limits_.query_every);
    wake();
    EXPECT_EQ(row(), (slot_row{owned, {7, 100}, id(2)}));
}

TEST_F(a_mover, parks_no_slot_early_before_its_hand_over_is_written_ahead)
{
    limits_.resend_rounds_max = 0;
    limits_.cut_over_keys_max = 0;
    lane_.database.committed.slots[slot_of("l")] = {owned, {5, 1}, {}};
    start({owned, {5, 1}, {}});
    mover_->want({{slot_of("l"), id(2)}, {s_, id(2)}});  // the other one is under way, so this one's row can wait
    wake();
    answer(true);
    wake();
    run("v");
    wake();
    EXPECT_EQ(row().state, owned);
    EXPECT_EQ(gate_now(), gate::open);
    lane_.time.pass(limits_.slot_rows_within);
    wake();
    wake();
    EXPECT_EQ(row().state, handing_over);
    EXPECT_EQ(gate_now(), gate::parked);
}

}  // namespace
}  // namespace mykeyv::cluster
