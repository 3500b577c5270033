// SPDX-License-Identifier: Apache-2.0
// The mover of one lane over a MySQL that goes wrong when it is told to: what is committed, said and served after each thing that happens.
#include "mykeyv/cluster/migration/mover.hpp"

#include "tests/unit/cluster/few_nodes.hpp"
#include "tests/unit/store/a_database.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using store::gate;
using store::testing::a_lane;
using store::testing::ending;
using store::testing::fate;
using enum slot_state;
using to = enum slot_reply::to;

/// Notes what is sent and told.
class an_outside final : public mover_outside {
public:
    node_id self() const override { return id(1); }
    void send(node_id, slot_request request) override { sent.push_back(std::move(request)); }
    void owned_by(slot, node_id owner, std::uint64_t epoch) override { owners.emplace_back(owner, epoch); }
    time pace(std::size_t) override { return {}; }
    void departed(departure const&) override {}

    std::vector<slot_request> sent;
    std::vector<std::pair<node_id, std::uint64_t>> owners;
};

/// Node 1. Node 2 is the other one.
class a_mover : public testing::Test {
protected:
    slot const s_ = slot_of("k");

    /// The node starts, or starts again, with this row.
    void start(slot_row const& row)
    {
        lane_.database.committed.slots[s_] = row;
        std::vector const rows{std::pair{s_, row}};
        mover_.emplace(lane_.core, outside_, rows, 100);
    }
    void wake() { lane_.core.idle(); }
    slot_row row() const { return lane_.database.committed.slots.at(s_); }
    gate gate_now() const { return lane_.env.gates.of(s_); }
    template <class What>
    bool has_sent() const
    {
        return !outside_.sent.empty() && std::holds_alternative<What>(outside_.sent.back().what);
    }
    /// The other node answers what it was sent last.
    void answer(bool yes)
    {
        auto reply = reply_to(outside_.sent.back());
        reply.yes = yes;
        mover_->replied(reply);
    }
    /// The owner of a slot without rows, which is to go to node 2, has asked it to get ready.
    void prepared()
    {
        start({owned, {5, 1}, {}});
        mover_->want({{s_, id(2)}});
        wake();
    }
    /// Node 2 is ready: with no rows to be sent first, the slot is cut over.
    void offered()
    {
        prepared();
        answer(true);
    }
    /// Something arrives from node 2.
    std::optional<slot_reply> asked(decltype(slot_request::what) what, transfer_offer offer = {6, 50})
    {
        slot_request request{s_, offer, id(2), std::move(what)};
        return mover_->answer(request);
    }
    void imported()
    {
        start({});
        ASSERT_TRUE(asked(prepare{})->yes);
    }
    /// The next commit is done, and nobody learns that: its answer is lost, and the next try is refused.
    void next_commit_is_unknown()
    {
        lane_.time.step = std::chrono::seconds{1};
        lane_.database.endings = {ending::lost_after, ending::refused};
    }
    static cut_over nothing_more(std::uint64_t last_version = 7) { return {{1, {}}, {0, 0}, last_version}; }
    fate run(char const* value)
    {
        fate became;
        lane_.run_all(store::testing::set("k", value, became));
        return became;
    }

    a_lane lane_;
    an_outside outside_;
    std::optional<mover> mover_;
};

// The source

TEST_F(a_mover, asks_the_target_to_get_ready_at_the_next_epoch_and_serves_on)
{
    prepared();
    ASSERT_TRUE(has_sent<prepare>());
    EXPECT_EQ(outside_.sent.back().offer, (transfer_offer{6, 100}));
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_mover, commits_the_hand_over_before_it_offers_the_slot_and_parks_it)
{
    offered();
    ASSERT_TRUE(has_sent<cut_over>());
    EXPECT_EQ(row(), (slot_row{handing_over, {6, 100}, id(2)}));
    EXPECT_EQ(gate_now(), gate::parked);
}

TEST_F(a_mover, tells_what_is_parked_that_the_slot_has_moved_when_it_was_taken)
{
    offered();
    fate parked;
    lane_.run_all(store::testing::set("k", "v", parked));
    answer(true);
    wake();
    EXPECT_EQ(parked.outcome, errc::moved);
    EXPECT_EQ(row().state, gone);
    EXPECT_EQ(gate_now(), gate::closed);
    EXPECT_EQ(outside_.owners.back(), (std::pair{id(2), std::uint64_t{6}}));
}

TEST_F(a_mover, goes_on_with_what_is_parked_two_epochs_on_when_the_slot_was_not_taken)
{
    offered();
    fate parked;
    lane_.run_all(store::testing::set("k", "v", parked));
    answer(false);
    wake();
    EXPECT_EQ(parked.outcome, errc::ok);
    EXPECT_EQ(row().state, owned);
    EXPECT_EQ(row().epoch(), 7u);
}

TEST_F(a_mover, does_not_take_an_answer_to_something_else_for_one_to_the_offer)
{
    offered();
    for (bool const yes : {true, false}) {
        for (auto const about : {to::prepare, to::portion, to::cancel}) { mover_->replied({s_, {6, 100}, about, 1, yes, {}}); }
        mover_->replied({s_, {6, 99}, to::cut_over, 0, yes, {}});
    }
    EXPECT_EQ(gate_now(), gate::parked);
    EXPECT_EQ(row().state, handing_over);
}

TEST_F(a_mover, asks_for_ever_and_never_serves_a_slot_that_was_offered)
{
    offered();
    mover_->unanswered(s_, {6, 100});
    for (int i = 0; i < 100; ++i) {
        lane_.time.pass(move_limits{}.query_every);
        wake();
        ASSERT_TRUE(has_sent<query>());
        ASSERT_EQ(gate_now(), gate::parked);
    }
    EXPECT_GT(outside_.sent.size(), 100u);
}

TEST_F(a_mover, asks_about_a_slot_that_it_had_offered_before_a_restart)
{
    start({handing_over, {6, 3}, id(2)});
    EXPECT_EQ(gate_now(), gate::parked);
    wake();
    ASSERT_TRUE(has_sent<query>());
    EXPECT_EQ(outside_.sent.back().offer, (transfer_offer{6, 3}));
}

TEST_F(a_mover, gives_up_a_slot_that_is_to_stay_after_all)
{
    prepared();
    mover_->want({});
    EXPECT_TRUE(has_sent<cancel>());
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_mover, does_not_serve_a_slot_that_may_be_offered_before_it_knows)
{
    prepared();
    lane_.database.endings = {ending::lost_after_and_away};
    lane_.inbox.waiting = [this](auto&) { lane_.inbox.is_closed = true; };  // no more than one try
    answer(true);
    mover_->want({});
    mover_->unanswered(s_, {6, 100});
    mover_->replied({s_, {6, 100}, to::prepare, 0, false, {}});
    EXPECT_EQ(gate_now(), gate::parked);
    EXPECT_EQ(row().state, handing_over);
}

TEST_F(a_mover, does_not_commit_gone_over_a_slot_that_is_on_its_way_back)
{
    offered();
    answer(true);
    next_commit_is_unknown();
    lane_.database.endings.push_front(ending::well);  // of erasing what is rubbish now
    wake();
    ASSERT_EQ(row().state, gone);
    ASSERT_TRUE(asked(prepare{}, {7, 1})->yes);
    wake();
    EXPECT_EQ(row(), (slot_row{importing, {7, 1}, id(2)}));
}

// The target

TEST_F(a_mover, takes_a_slot_that_it_was_offered)
{
    imported();
    EXPECT_TRUE(asked(nothing_more())->yes);
    EXPECT_EQ(row(), (slot_row{owned, {6, 50}, id(2)}));
    EXPECT_EQ(run("v").outcome, errc::ok);
}

TEST_F(a_mover, says_yes_again_to_who_asks_again)
{
    imported();
    asked(nothing_more());
    EXPECT_TRUE(asked(nothing_more())->yes);
    EXPECT_TRUE(asked(query{})->yes);
}

TEST_F(a_mover, forbids_what_it_says_no_to)
{
    imported();
    EXPECT_FALSE(asked(query{})->yes);
    EXPECT_EQ(row().state, refused);
    EXPECT_FALSE(asked(nothing_more())->yes);
    EXPECT_FALSE(asked(prepare{})->yes);
}

TEST_F(a_mover, does_not_take_a_slot_of_other_figures)
{
    imported();
    EXPECT_FALSE(asked(cut_over{{1, {}}, {1, 7}, 7})->yes);
    EXPECT_EQ(row().state, refused);
    EXPECT_EQ(gate_now(), gate::closed);
}

TEST_F(a_mover, forbids_an_import_that_a_restart_has_cut_off)
{
    start({importing, {6, 50}, id(2)});
    wake();
    EXPECT_EQ(row().state, refused);
    EXPECT_FALSE(asked(nothing_more())->yes);
}

TEST_F(a_mover, takes_portions_in_their_order_and_says_yes_again_to_those_it_has)
{
    imported();
    row_copy const one{"k", row_copy::content{3, format::bytes, {}, "v"}};
    EXPECT_FALSE(asked(portion{2, {one}})->yes);
    EXPECT_TRUE(asked(portion{1, {one}})->yes);
    EXPECT_TRUE(asked(portion{1, {{"k", {}}}})->yes);
    EXPECT_EQ(lane_.database.find("k")->value, "v");
    EXPECT_TRUE(asked(portion{2, {{"k", {}}}})->yes);
    EXPECT_EQ(lane_.database.find("k"), nullptr);
}

TEST_F(a_mover, forbids_an_import_that_it_hears_nothing_of)
{
    imported();
    lane_.time.pass(2 * move_limits{}.patience);
    wake();
    EXPECT_EQ(row().state, refused);
}

TEST_F(a_mover, forbids_an_import_that_was_given_up_as_soon_as_it_can_and_erases_its_rows)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {{"k", row_copy::content{3, format::bytes, {}, "v"}}}})->yes);
    lane_.database.endings = {ending::refused};
    asked(cancel{});
    ASSERT_EQ(row().state, importing);
    wake();
    wake();
    EXPECT_EQ(row().state, refused);
    EXPECT_EQ(lane_.database.find("k"), nullptr);
}

TEST_F(a_mover, says_nothing_when_it_does_not_know_and_the_truth_when_it_is_asked_again)
{
    imported();
    next_commit_is_unknown();
    EXPECT_EQ(asked(nothing_more()), std::nullopt);
    EXPECT_EQ(gate_now(), gate::closed);
    EXPECT_TRUE(asked(query{})->yes);
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_mover, gives_out_versions_behind_those_of_a_slot_whose_taking_was_not_known)
{
    imported();
    next_commit_is_unknown();
    ASSERT_EQ(asked(nothing_more(1000)), std::nullopt);
    ASSERT_TRUE(asked(query{})->yes);
    run("v");
    EXPECT_GT(lane_.database.find("k")->version, 1000u);
}

TEST_F(a_mover, sets_versions_aside_for_a_slot_that_has_higher_ones)
{
    imported();
    auto const high = 9 * store::versions_per_tenure;
    ASSERT_TRUE(asked(nothing_more(high))->yes);
    EXPECT_GT(lane_.database.committed.ceiling, high);
    run("v");
    EXPECT_GT(lane_.database.find("k")->version, high);
}

}  // namespace
}  // namespace mykeyv::cluster
