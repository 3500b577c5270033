// SPDX-License-Identifier: Apache-2.0
// The mover of one lane: what is committed, said and served after each thing that happens.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

// The source

TEST_F(a_mover, asks_the_target_to_get_ready_at_the_next_epoch_and_serves_on)
{
    prepared();
    ASSERT_TRUE(has_sent<prepare>());
    EXPECT_EQ(outside_.sent.back().offer, (transfer_offer{6, 100}));
    EXPECT_EQ(gate_now(), gate::open);
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
    wake();
    EXPECT_EQ(gate_now(), gate::parked);
    EXPECT_EQ(row().state, handing_over);
}

TEST_F(a_mover, asks_for_ever_and_never_serves_a_slot_that_was_offered)
{
    offered();
    mover_->unanswered(s_, {6, 100});
    wake();
    for (int i = 0; i < 100; ++i) {
        lane_.time.pass(move_limits{}.query_every);
        wake();
        ASSERT_TRUE(has_sent<query>());
        ASSERT_EQ(gate_now(), gate::parked);
    }
    EXPECT_GT(outside_.sent.size(), 100u);
}

TEST_F(a_mover, asks_soon_what_became_of_an_offer_that_is_not_answered)
{
    offered();
    lane_.time.pass(move_limits{}.offer_patience);
    wake();
    EXPECT_TRUE(has_sent<query>());
    EXPECT_EQ(gate_now(), gate::parked);
}

TEST_F(a_mover, says_that_it_is_alive_while_the_rate_lets_the_target_wait)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    prepared();
    outside_.sends_from = lane_.time.steady() + std::chrono::hours{1};
    answer(true);
    wake();
    ASSERT_TRUE(has_sent<portion>());
    for (std::uint64_t number = 2; number < 9; ++number) {
        answer(true);
        wake();
        lane_.time.pass(move_limits{}.patience);
        wake();
        ASSERT_TRUE(has_sent<portion>());
        ASSERT_EQ(std::get<portion>(outside_.sent.back().what).number, number);
    }
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_mover, gives_up_a_target_that_says_nothing)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    offered();
    ASSERT_TRUE(has_sent<portion>());
    lane_.time.pass(move_limits{}.patience);
    wake();
    EXPECT_TRUE(has_sent<cancel>());
}

TEST_F(a_mover, begins_with_one_slot_after_a_target_that_did_not_answer_and_with_more_when_it_takes_them)
{
    std::vector<std::pair<slot, node_id>> wishes{{s_, id(2)}};
    for (unsigned number = 1; number <= 20; ++number) {
        lane_.database.committed.slots[slot{number}] = {owned, {5, 1}, {}};
        wishes.emplace_back(slot{number}, id(2));
    }
    start({owned, {5, 1}, {}});
    mover_->want(wishes);
    wake();
    ASSERT_EQ(outside_.sent.size(), wishes.size());
    for (auto const& each : std::exchange(outside_.sent, {})) { mover_->unanswered(each.slot, each.offer); }
    wake();
    auto const begun = [this] {
        return std::ranges::count_if(outside_.sent, [](auto const& each) { return std::holds_alternative<prepare>(each.what); });
    };
    outside_.sent.clear();
    lane_.time.pass(limits_.again_after);
    wake();
    EXPECT_EQ(begun(), 1);

    answer(true);
    wake();
    wake();
    ASSERT_TRUE(has_sent<cut_over>());
    answer(true);
    outside_.sent.clear();
    wake();
    EXPECT_EQ(begun(), 2);
}

TEST_F(a_mover, reads_no_more_before_what_is_on_the_way_has_arrived)
{
    limits_.on_the_way_bytes_max = 1;
    auto const other = slot_of("l");
    for (auto const& [s, key] : {std::pair{s_, "k"}, std::pair{other, "l"}}) {
        lane_.database.committed.slots[s] = {owned, {5, 1}, {}};
        lane_.database.committed.records[{s, key}] = {std::string(move_limits{}.portion_bytes + 1, 'v'), 1, format::bytes, {}};
    }
    start({owned, {5, 1}, {}});
    mover_->want({{s_, id(2)}, {other, id(2)}});
    wake();
    auto const portions = [this] {
        return std::ranges::count_if(outside_.sent, [](auto const& each) { return std::holds_alternative<portion>(each.what); });
    };
    for (auto const& request : std::vector{outside_.sent}) {
        auto reply = reply_to(request);
        reply.yes = true;
        mover_->replied(reply);
    }
    wake();
    wake();
    EXPECT_EQ(portions(), 1);
    answer(true);
    for (int i = 0; i < 4; ++i) {
        wake();
        answer(true);
    }
    EXPECT_EQ(portions(), 2);
}

TEST_F(a_mover, has_less_on_the_way_while_a_slot_is_cut_over)
{
    limits_.on_the_way_bytes_when_waited_for = 1;
    std::vector<slot> const others{slot_of("l"), slot_of("m")};
    for (auto const& key : {"l", "m"}) {
        lane_.database.committed.slots[slot_of(key)] = {owned, {5, 1}, {}};
        lane_.database.committed.records[{slot_of(key), key}] = {std::string(move_limits{}.portion_bytes + 1, 'v'), 1, format::bytes, {}};
    }
    start({owned, {5, 1}, {}});
    mover_->want({{s_, id(2)}, {others[0], id(2)}, {others[1], id(2)}});
    wake();
    auto const answer_about = [this](slot s) {
        auto const last = std::ranges::find(outside_.sent.rbegin(), outside_.sent.rend(), s, &slot_request::slot);
        auto reply = reply_to(*last);
        reply.yes = true;
        mover_->replied(reply);
    };
    auto const portions = [this] {
        return std::ranges::count_if(outside_.sent, [](auto const& each) { return std::holds_alternative<portion>(each.what); });
    };
    answer_about(s_);
    wake();
    lane_.time.pass(limits_.slot_rows_within);
    wake();
    wake();
    ASSERT_TRUE(has_sent<cut_over>());
    for (auto const s : others) { answer_about(s); }
    for (int i = 0; i < 4; ++i) { wake(); }
    EXPECT_EQ(portions(), 1);
    answer_about(s_);
    for (int i = 0; i < 4; ++i) { wake(); }
    EXPECT_EQ(portions(), 2);
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

TEST_F(a_mover, does_not_commit_gone_over_a_slot_that_is_on_its_way_back)
{
    offered();
    answer(true);
    next_commit_is_unknown();
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
    moved_row const one{"k", moved_row::content{3, format::bytes, {}, "v"}};
    EXPECT_FALSE(asked(portion{2, {one}})->yes);
    EXPECT_TRUE(asked(portion{1, {one}})->yes);
    EXPECT_TRUE(asked(portion{1, {{"k", {}}}})->yes);
    EXPECT_EQ(lane_.database.find("k")->value, "v");
    EXPECT_TRUE(asked(portion{2, {{"k", {}}}})->yes);
    EXPECT_EQ(lane_.database.find("k"), nullptr);
}

TEST_F(a_mover, passes_over_what_waits_of_an_attempt_when_a_newer_one_has_come)
{
    start({});
    auto const before = lane_.database.commits;
    std::vector<std::string> said;
    auto const note = [&said](char const* what) {
        return [&said, what](std::optional<slot_reply> reply) { said.push_back(std::string{what} + (reply ? " answered" : " dropped")); };
    };
    mover_->asked({s_, {6, 50}, id(2), prepare{}}, note("prepare"));
    mover_->asked({s_, {6, 50}, id(2), portion{1, {}}}, note("portion"));
    mover_->asked({s_, {6, 51}, id(2), prepare{}}, note("newer"));
    wake();
    EXPECT_THAT(said, testing::ElementsAre("prepare dropped", "portion dropped", "newer answered"));
    EXPECT_EQ(lane_.database.commits, before + 1);
    EXPECT_EQ(row(), (slot_row{importing, {6, 51}, id(2)}));
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
    ASSERT_TRUE(asked(portion{1, {{"k", moved_row::content{3, format::bytes, {}, "v"}}}})->yes);
    lane_.database.endings = {ending::refused};
    asked(cancel{});
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

TEST_F(a_mover, tries_after_a_pause_to_erase_what_could_not_be_erased)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    start({refused, {5, 1}, id(2)});
    lane_.time.step = {};
    lane_.database.endings = {ending::refused};
    EXPECT_EQ(mover_->wake(), lane_.time.steady() + limits_.purge_pause);
    EXPECT_NE(lane_.database.find("k"), nullptr);
    lane_.time.pass(limits_.purge_pause);
    mover_->wake();
    EXPECT_EQ(lane_.database.find("k"), nullptr);
}

TEST_F(a_mover, erases_what_is_left_of_other_slots_only_when_nobody_waits_for_one_that_is_cut_over)
{
    lane_.database.committed.slots[slot_of("l")] = {gone, {5, 1}, id(2)};
    lane_.database.committed.records[{slot_of("l"), "l"}] = {"v", 1, format::bytes, {}};
    lane_.database.endings = {ending::refused};  // so it is there still when the cut-over begins
    offered();
    ASSERT_TRUE(has_sent<cut_over>());
    lane_.time.pass(limits_.purge_pause);
    wake();
    EXPECT_NE(lane_.database.find("l"), nullptr);
    answer(true);
    wake();
    EXPECT_EQ(lane_.database.find("l"), nullptr);
}

}  // namespace
}  // namespace mykeyv::cluster
