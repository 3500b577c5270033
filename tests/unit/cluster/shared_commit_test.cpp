// SPDX-License-Identifier: Apache-2.0
// Several slots of a lane whose changes share a commit: what becomes of each when that commit fails, or nobody knows.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

class slots_that_share_a_commit : public a_mover {
protected:
    std::vector<slot> const slots_{slot_of("k"), slot_of("l"), slot_of("m")};

    slot_row row_of(slot s) const
    {
        auto const place = lane_.database.committed.slots.find(s);
        return place == lane_.database.committed.slots.end() ? slot_row{} : place->second;
    }
    std::vector<slot_state> states() const
    {
        std::vector<slot_state> all;
        for (auto const s : slots_) { all.push_back(row_of(s).state); }
        return all;
    }
    std::vector<gate> gates() const
    {
        std::vector<gate> all;
        for (auto const s : slots_) { all.push_back(lane_.env.gates.of(s)); }
        return all;
    }
    static auto all(auto what) { return testing::ElementsAre(what, what, what); }

    /// All slots are owned, and node 2 has said that it is ready for them; the next wake() offers them.
    void all_prepared(std::vector<std::size_t> const& order = {0, 1, 2})
    {
        for (auto const s : slots_) { lane_.database.committed.slots[s] = {owned, {5, 1}, {}}; }
        start({owned, {5, 1}, {}});
        std::vector<std::pair<slot, node_id>> wishes;
        for (auto const i : order) { wishes.emplace_back(slots_[i], id(2)); }
        mover_->want(wishes);
        wake();
        for (auto const& request : outside_.sent) {
            auto reply = reply_to(request);
            reply.yes = true;
            mover_->replied(reply);
        }
        outside_.sent.clear();
    }
    template <class What>
    auto sent() const
    {
        return std::ranges::count_if(outside_.sent, [](auto const& each) { return std::holds_alternative<What>(each.what); });
    }

    /// What node 2 asks about each slot at once, and what is said to it; nullopt: nothing.
    std::vector<std::optional<bool>> all_asked(auto const& what)
    {
        std::vector<std::optional<bool>> said(slots_.size());
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            mover_->asked({slots_[i], {6, 50}, id(2), what(i)}, [&said, i](auto reply) {
                if (reply) { said[i] = reply->yes; }
            });
        }
        wake();
        return said;
    }
    void all_imported()
    {
        start({});
        ASSERT_THAT(all_asked([](auto) { return prepare{}; }), all(true));
    }
    std::vector<std::optional<bool>> all_cut_over()
    {
        return all_asked([](auto) { return nothing_more(); });
    }
};

TEST_F(slots_that_share_a_commit, are_read_together_as_many_as_fit_and_the_rest_together_the_next_time)
{
    limits_.portion_bytes = 10;
    for (auto const key : {"k", "l", "m"}) { lane_.database.committed.records[{slot_of(key), key}] = {"1234", 1, format::bytes, {}}; }
    all_prepared();
    wake();
    EXPECT_EQ(sent<portion>(), 2);
    EXPECT_EQ(lane_.database.read_together, 1);
    wake();
    EXPECT_EQ(sent<portion>(), 3);
    EXPECT_EQ(lane_.database.read_together, 2);
    EXPECT_EQ(lane_.database.read_alone, 0);
}

TEST_F(slots_that_share_a_commit, are_tried_together_with_others_only_once_where_one_has_more_than_is_read_together)
{
    limits_.portion_bytes = 10;
    limits_.on_the_way_bytes_max = 1;  // so the last that is wanted, which is the first in the order of slots, has to wait
    for (auto const key : {"k", "l", "m"}) {
        lane_.database.committed.records[{slot_of(key), key}] = {"more than ten", 1, format::bytes, {}};
    }
    all_prepared({2, 1, 0});
    for (int i = 0; i < 3; ++i) {
        wake();
        answer(true);
    }
    EXPECT_EQ(sent<portion>(), 3);
    EXPECT_EQ(lane_.database.read_alone, 3);
    EXPECT_EQ(lane_.database.read_together, 2);
}

TEST_F(slots_that_share_a_commit, are_written_ahead_with_one_and_offered_without)
{
    all_prepared();
    auto const before = lane_.database.commits;
    wake();
    EXPECT_EQ(lane_.database.commits, before + 1);
    EXPECT_THAT(states(), all(handing_over));
    EXPECT_THAT(gates(), all(gate::open));
    wake();
    EXPECT_EQ(lane_.database.commits, before + 1);
    EXPECT_EQ(sent<cut_over>(), 3);
    EXPECT_THAT(gates(), all(gate::parked));
}

TEST_F(slots_that_share_a_commit, are_gone_with_one_when_there_are_enough_or_some_time_has_passed)
{
    limits_.slot_rows_per_commit = 2;
    all_prepared();
    wake();
    wake();
    ASSERT_EQ(sent<cut_over>(), 3);
    auto const taken = [this](std::size_t i) { mover_->replied({slots_[i], {6, 100 + i}, to::cut_over, 0, true, {}}); };
    auto const before = lane_.database.commits;
    taken(0);
    wake();
    EXPECT_EQ(std::ranges::count(gates(), gate::closed), 1);
    EXPECT_EQ(lane_.database.commits, before);
    lane_.time.pass(limits_.slot_rows_within);
    wake();
    EXPECT_EQ(std::ranges::count(states(), gone), 1);
    taken(1);
    taken(2);
    wake();
    EXPECT_THAT(states(), all(gone));
    EXPECT_LE(lane_.database.commits, before + 3);  // and what they had is erased
}

TEST_F(slots_that_share_a_commit, are_served_again_with_one_when_a_restarted_source_hears_that_none_was_taken)
{
    for (auto const s : slots_) { lane_.database.committed.slots[s] = {handing_over, {6, 3}, id(2)}; }
    start({handing_over, {6, 3}, id(2)});
    wake();
    ASSERT_EQ(sent<query>(), 3);
    for (auto const s : slots_) { mover_->replied({s, {6, 3}, to::query, 0, false, "it was not offered"}); }
    auto const before = lane_.database.commits;
    wake();
    EXPECT_EQ(lane_.database.commits, before + 1);
    EXPECT_THAT(states(), all(owned));
    EXPECT_THAT(gates(), all(gate::open));
    EXPECT_EQ(outside_.owners.back(), (std::pair{id(1), std::uint64_t{7}}));
}

TEST_F(slots_that_share_a_commit, are_in_no_others_way_while_they_are_asked_about)
{
    limits_.outgoing_per_lane_max = 2;
    for (auto const s : {slots_[1], slots_[2]}) { lane_.database.committed.slots[s] = {handing_over, {6, 3}, id(2)}; }
    start({owned, {5, 1}, {}});
    mover_->want({{s_, id(3)}});
    wake();
    EXPECT_EQ(sent<prepare>(), 1);
}

TEST_F(slots_that_share_a_commit, are_written_ahead_each_alone_when_it_is_refused)
{
    all_prepared();
    lane_.database.endings = {ending::refused, ending::well, ending::refused, ending::well};
    wake();
    EXPECT_EQ(sent<cancel>(), 1);
    EXPECT_EQ(std::ranges::count(states(), handing_over), 2);
    wake();
    EXPECT_EQ(sent<cut_over>(), 2);
    EXPECT_EQ(std::ranges::count(gates(), gate::parked), 2);
    EXPECT_EQ(std::ranges::count(gates(), gate::open), 1);
}

TEST_F(slots_that_share_a_commit, are_all_served_and_taken_back_when_nobody_knows_whether_they_are_written_ahead)
{
    all_prepared();
    lane_.database.endings = {ending::lost_after_and_away};
    lane_.inbox.waiting = [this](auto&) { lane_.inbox.is_closed = true; };
    wake();
    EXPECT_THAT(states(), all(handing_over));
    EXPECT_THAT(gates(), all(gate::open));
    EXPECT_EQ(sent<cut_over>(), 0);
    EXPECT_EQ(sent<cancel>(), 3);

    lane_.database.away = false;
    lane_.time.pass(move_limits{}.query_every);
    wake();
    EXPECT_EQ(sent<query>(), 0);
    EXPECT_THAT(states(), all(owned));
    EXPECT_THAT(gates(), all(gate::open));
}

TEST_F(slots_that_share_a_commit, are_all_served_again_when_it_turns_out_that_they_were_not_offered)
{
    all_prepared();
    lane_.time.step = std::chrono::seconds{1};
    lane_.database.endings = {ending::lost_before, ending::refused};
    for (int i = 0; i < 10; ++i) { wake(); }
    EXPECT_THAT(states(), testing::Not(testing::Contains(handing_over)));
    EXPECT_THAT(gates(), testing::Not(testing::Contains(gate::parked)));
}

TEST_F(slots_that_share_a_commit, are_taken_with_one)
{
    all_imported();
    auto const before = lane_.database.commits;
    EXPECT_THAT(all_cut_over(), all(true));
    EXPECT_EQ(lane_.database.commits, before + 1);
    EXPECT_THAT(states(), all(owned));
    EXPECT_THAT(gates(), all(gate::open));
}

TEST_F(slots_that_share_a_commit, are_taken_each_alone_when_the_figures_of_one_differ)
{
    all_imported();
    auto const said = all_asked([](auto i) { return i == 1 ? cut_over{{1, {}}, {1, 7}, 7} : nothing_more(); });
    EXPECT_THAT(said, testing::ElementsAre(true, false, true));
    EXPECT_THAT(states(), testing::ElementsAre(owned, refused, owned));
    EXPECT_THAT(gates(), testing::ElementsAre(gate::open, gate::closed, gate::open));
}

TEST_F(slots_that_share_a_commit, are_neither_taken_nor_refused_while_nobody_knows)
{
    all_imported();
    next_commit_is_unknown();
    lane_.time.step = {};
    lane_.database.endings = {ending::lost_after_and_away};
    lane_.inbox.waiting = [this](auto&) { lane_.inbox.is_closed = true; };
    EXPECT_THAT(all_cut_over(), all(std::optional<bool>{}));
    EXPECT_THAT(states(), all(owned));
    EXPECT_THAT(gates(), all(gate::closed));

    lane_.database.away = false;
    lane_.time.pass(std::chrono::seconds{1});
    EXPECT_THAT(all_asked([](auto) { return query{}; }), all(true));
    EXPECT_THAT(gates(), all(gate::open));
}

TEST_F(slots_that_share_a_commit, are_refused_when_it_turns_out_that_they_were_not_taken)
{
    all_imported();
    next_commit_is_unknown();
    lane_.time.step = {};
    lane_.database.endings = {ending::lost_before, ending::lost_before, ending::lost_before, ending::lost_before,
                              ending::lost_before, ending::lost_before, ending::lost_before, ending::lost_before};
    lane_.inbox.waiting = [this](auto&) { lane_.time.pass(std::chrono::seconds{1}); };
    EXPECT_THAT(all_cut_over(), all(std::optional<bool>{}));
    EXPECT_THAT(all_asked([](auto) { return query{}; }), all(false));
    EXPECT_THAT(states(), all(refused));
}

TEST_F(slots_that_share_a_commit, keep_what_was_written_since_when_the_last_rows_come_a_second_time)
{
    imported();
    next_commit_is_unknown();
    moved_row const last{"k", moved_row::content{3, format::bytes, {}, "old"}};
    cut_over const offered{{1, {last}}, {1, 3}, 7};
    ASSERT_EQ(asked(offered), std::nullopt);
    ASSERT_TRUE(asked(query{})->yes);
    run("new");
    EXPECT_TRUE(asked(offered)->yes);
    EXPECT_EQ(lane_.database.find("k")->value, "new");
    EXPECT_EQ(row().state, owned);
}

TEST_F(slots_that_share_a_commit, are_rid_of_what_an_earlier_attempt_left_with_one_and_begun_with_another)
{
    all_imported();
    moved_row const left{"k", moved_row::content{3, format::bytes, {}, "v"}};
    ASSERT_TRUE(asked(portion{1, {left}})->yes);
    auto const before = lane_.database.commits;
    std::vector<std::optional<bool>> said(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        mover_->asked({slots_[i], {6, 51}, id(2), prepare{}}, [&said, i](auto reply) {
            if (reply) { said[i] = reply->yes; }
        });
    }
    wake();
    EXPECT_THAT(said, all(true));
    EXPECT_EQ(lane_.database.commits, before + 2);
    EXPECT_EQ(lane_.database.find("k"), nullptr);
    EXPECT_EQ(row(), (slot_row{importing, {6, 51}, id(2)}));
}

TEST_F(slots_that_share_a_commit, do_not_wait_for_the_one_that_has_much_to_erase)
{
    limits_.purge_rows = 2;
    all_imported();
    for (int i = 0; i < 5; ++i) { lane_.database.committed.records[{slots_[0], std::to_string(i)}] = {"v", 1, format::bytes, {}}; }
    std::vector<std::optional<bool>> said(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        mover_->asked({slots_[i], {6, 51}, id(2), prepare{}}, [&said, i](auto reply) { said[i] = reply && reply->yes; });
    }
    wake();
    EXPECT_THAT(said, testing::ElementsAre(false, true, true));
}

TEST_F(slots_that_share_a_commit, are_forbidden_with_one_when_they_are_asked_about_and_when_they_are_given_up)
{
    all_imported();
    auto before = lane_.database.commits;
    EXPECT_THAT(all_asked([](auto) { return query{}; }), all(false));
    EXPECT_THAT(states(), all(refused));
    EXPECT_LE(lane_.database.commits, before + 2);  // and what they had is erased

    for (auto const s : slots_) { mover_->asked({s, {6, 51}, id(2), prepare{}}, [](auto) {}); }
    wake();
    EXPECT_THAT(states(), all(importing));
    before = lane_.database.commits;
    for (auto const s : slots_) { mover_->asked({s, {6, 51}, id(2), cancel{}}, [](auto) {}); }
    wake();
    EXPECT_THAT(states(), all(refused));
    EXPECT_LE(lane_.database.commits, before + 2);
}

TEST_F(slots_that_share_a_commit, are_imported_over_nothing_when_nobody_knew_that_they_were_forbidden)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {{"k", moved_row::content{3, format::bytes, {}, "v"}}}})->yes);
    next_commit_is_unknown();
    asked(cancel{});
    asked(prepare{}, {6, 51});
    ASSERT_EQ(row(), (slot_row{importing, {6, 51}, id(2)}));
    EXPECT_EQ(lane_.database.find("k"), nullptr);
}

}  // namespace
}  // namespace mykeyv::cluster
