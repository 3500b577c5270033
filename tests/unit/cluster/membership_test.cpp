// SPDX-License-Identifier: Apache-2.0
// What one node does about who is a member and what is to be where, with others that say what the test wants.
#include "mykeyv/cluster/membership/membership.hpp"
#include "tests/unit/cluster/few_nodes.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace mykeyv::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto said = node_answer::outcome::said;
constexpr auto none = node_answer::outcome::none;

struct hand_wound_clock final : clock {
    unix_ms now() const noexcept override { return {}; }
    std::chrono::steady_clock::time_point steady() const noexcept override { return at; }
    std::chrono::steady_clock::time_point at{1h};
};

topology of_two() { return topology::fresh(nodes_to(2)).value(); }

/// Node 1 of a cluster, and everything around it.
struct a_member : testing::Test, membership_outside {
    struct question {
        std::vector<std::string> words;
        answered then;
    };

    void start(topology const& known)
    {
        owners.adopt(std::make_shared<topology const>(known));
        for (auto const& range : known.ranges_of(id(1))) {
            for (unsigned n = range.first.number(); n <= range.last.number(); ++n) { owners.learn(slot{n}, id(1), 1); }
        }
        member.start(node_number(1).endpoint);
    }
    /// Until then, without what is asked meanwhile being answered.
    void pass(std::chrono::milliseconds how_long)
    {
        auto const end = time.at + how_long;
        while (wakes_at <= end) {
            time.at = std::max(time.at, std::exchange(wakes_at, membership_outside::time::max()));
            member.wake();
        }
        time.at = end;
    }
    void answer_save(errc outcome)
    {
        ASSERT_THAT(saves, testing::Not(IsEmpty()));
        auto const [document, done] = std::exchange(saves, {}).front();
        if (outcome == errc::ok) { saved = document->version(); }
        done(outcome);
    }
    /// Node 2 has been heard, and a change is saved that it does not know yet.
    void start_and_change()
    {
        start(of_two());
        member.gossip_came(gossip_of(2, of_two()));
        member.set_moving([](moving_rules& rules) { rules.paused = true; }, noted());
        answer_save(errc::ok);
    }
    membership::done noted()
    {
        return [this](change_result done) { answers.push_back(done ? "done" : *done.why_not); };
    }
    /// What node `from` tells that has this topology.
    static std::string gossip_of(unsigned from, topology const& known)
    {
        return nlohmann::json{{"id", id(from).text()}, {"version", known.version()}, {"author", known.author().text()}}.dump();
    }

    void ask(node_id, std::vector<std::string> words, answered then) override
    {
        if (words.front() == "LEAVE" && lets_go) { return then({said, {}}); }
        asked.push_back({std::move(words), std::move(then)});
    }
    void ask_stranger(endpoint const&, std::vector<std::string> words, std::chrono::milliseconds, answered then) override
    {
        strangers.push_back({std::move(words), std::move(then)});
    }
    void save(std::shared_ptr<topology const> document, std::function<void(errc)> done) override { saves.emplace_back(document, done); }
    void adopted(topology const& newer) override { counts = newer.version(); }
    void want(std::vector<std::pair<slot, node_id>> wishes) override { wanted = std::move(wishes); }
    void want_and_look(std::vector<std::pair<slot, node_id>> wishes, node_id, done_or_why done) override
    {
        wanted = std::move(wishes);
        done(objection);
    }
    nlohmann::json figures() const override { return nlohmann::json::object(); }
    void hand_code_over(node_id, done_or_why done) override { done({}); }
    void refuse_arrivals(done_or_why done) override { ++refusals, done({}); }
    void give_own_slots_up(done_or_why done) override { serves_own = false, done({}); }
    void take_own_slots_back(done_or_why done) override { serves_own = true, done({}); }
    void wake_at(membership_outside::time when) override { wakes_at = when; }

    hand_wound_clock time;
    log silence{log_level::off};
    ownership owners{id(1)};
    std::vector<question> asked, strangers;
    std::vector<std::pair<std::shared_ptr<topology const>, std::function<void(errc)>>> saves;
    std::vector<std::string> answers;
    std::vector<std::pair<slot, node_id>> wanted;
    std::uint64_t saved = 0, counts = 0;
    std::string objection;
    unsigned refusals = 0;
    bool serves_own = true, lets_go = true;
    membership_outside::time wakes_at = membership_outside::time::max();
    membership member{id(1), 1, owners, time, silence, *this};
};

TEST_F(a_member, saves_a_change_before_it_counts)
{
    start(of_two());
    member.set_moving([](moving_rules& rules) { rules.paused = true; }, noted());
    EXPECT_EQ(counts, 1u);
    answer_save(errc::ok);
    EXPECT_EQ(counts, 2u);
    EXPECT_EQ(saved, 2u);
}

TEST_F(a_member, says_of_a_change_that_was_not_saved_that_it_was_not_made)
{
    start(of_two());
    member.set_moving([](moving_rules& rules) { rules.paused = true; }, noted());
    answer_save(errc::storage_failed);
    EXPECT_THAT(answers, SizeIs(1));
    EXPECT_NE(answers.front(), "done");
    EXPECT_EQ(counts, 1u);
}

TEST_F(a_member, answers_for_a_change_when_all_others_have_it)
{
    start_and_change();
    EXPECT_THAT(answers, IsEmpty());
    member.gossip_came(gossip_of(2, member.newest()));
    EXPECT_THAT(answers, ElementsAre("done"));
}

TEST_F(a_member, answers_for_a_change_after_a_while_when_another_one_says_nothing)
{
    start_and_change();
    pass(500ms);
    EXPECT_THAT(answers, IsEmpty());
    pass(1'500ms);
    EXPECT_THAT(answers, ElementsAre("done"));
}

TEST_F(a_member, asks_one_that_could_not_be_reached_again_while_somebody_waits_for_a_change)
{
    start_and_change();
    asked.front().then({none, "Connection refused"});
    asked.clear();
    pass(300ms);
    EXPECT_THAT(asked, ElementsAre(testing::Field(&question::words, ElementsAre("GOSSIP", testing::_))));
    EXPECT_THAT(answers, IsEmpty());
}

TEST_F(a_member, asks_one_that_could_not_be_reached_in_the_next_round_when_nobody_waits)
{
    start(of_two());
    asked.front().then({none, "Connection refused"});
    asked.clear();
    pass(900ms);
    EXPECT_THAT(asked, IsEmpty());
    pass(200ms);
    EXPECT_THAT(asked, SizeIs(1));
}

TEST_F(a_member, waits_with_a_change_for_one_that_it_asks_for_the_first_time_until_that_cannot_be_reached)
{
    start(of_two());
    member.set_moving([](moving_rules& rules) { rules.paused = true; }, noted());
    answer_save(errc::ok);
    EXPECT_THAT(answers, IsEmpty());
    asked.front().then({none, "Connection refused"});
    EXPECT_THAT(answers, ElementsAre("done"));
}

TEST_F(a_member, tells_who_asked_for_a_change_that_another_node_made_one_at_the_same_moment)
{
    start_and_change();
    auto const other = of_two().with_moving({false, 1'000'000}, id(2)).value();
    member.topology_came(other.json(), [](auto const&) {});
    answer_save(errc::ok);
    EXPECT_THAT(answers, ElementsAre(HasSubstr("at the same moment")));
    EXPECT_EQ(member.newest(), other);
}

TEST_F(a_member, takes_no_topology_that_is_older_than_its_own_or_of_another_cluster)
{
    start(of_two().with_moving({true, 0}, id(1)).value());
    member.topology_came(of_two().json(), noted());
    auto const of_another = topology::fresh(nodes_to(3)).value().with_moving({}, id(3)).value().with_moving({}, id(3)).value();
    member.topology_came(of_another.json(), noted());
    EXPECT_THAT(saves, IsEmpty());
    EXPECT_THAT(answers, ElementsAre("done", "done"));
}

TEST_F(a_member, has_its_slots_go_where_the_topology_wants_them_but_not_while_it_is_paused)
{
    start(of_two());
    auto elsewhere = of_two().owners();
    elsewhere[5] = id(2);
    auto const next = of_two().with_owners(elsewhere, id(2)).value();
    member.topology_came(next.with_moving({true, 0}, id(2)).value().json(), noted());
    answer_save(errc::ok);
    pass(100ms);
    EXPECT_THAT(wanted, IsEmpty());
    member.topology_came(member.newest().with_moving({}, id(2)).value().json(), noted());
    answer_save(errc::ok);
    pass(100ms);
    EXPECT_THAT(wanted, ElementsAre(std::pair{slot{5}, id(2)}));
}

TEST_F(a_member, gossips_on_whatever_else_was_due_before)
{
    start(of_two());
    pass(10ms);
    auto const before = asked.size();
    for (auto& each : asked) { each.then({none, "refused"}); }
    member.slot_came();
    pass(3s);
    EXPECT_GT(asked.size(), before);
}

TEST_F(a_member, saves_what_counts_again_when_a_change_may_have_been_saved_or_not)
{
    start(of_two());
    member.set_moving([](moving_rules& rules) { rules.paused = true; }, noted());
    answer_save(errc::outcome_unknown);
    pass(1s);
    answer_save(errc::ok);
    EXPECT_EQ(saved, 1u);
    pass(3s);
    EXPECT_THAT(saves, IsEmpty());
}

TEST_F(a_member, that_is_asked_twice_to_let_a_node_in_while_it_saves_that_says_yes_twice)
{
    start(of_two());
    member.join_asked(node_number(3), noted());
    member.join_asked(node_number(3), noted());
    answer_save(errc::ok);
    pass(2s);
    EXPECT_THAT(answers, ElementsAre("done", "done"));
}

/// Node 1 is to leave, and what it owned has gone.
struct one_that_leaves : a_member {
    one_that_leaves()
    {
        auto const leaving = of_two().with_leaving(id(1), id(2)).value();
        start(leaving.with_owners(std::vector<node_id>(slot::count, id(2)), id(2)).value());
        for (unsigned n = 0; n < slot::count; ++n) { owners.learn(slot{n}, id(2), 2); }
    }
};

TEST_F(one_that_leaves, refuses_what_is_on_its_way_to_it_before_it_takes_itself_out)
{
    pass(100ms);
    EXPECT_EQ(refusals, 1u);
    answer_save(errc::ok);
    EXPECT_EQ(member.newest().find(id(1)), nullptr);
}

TEST_F(one_that_leaves, stays_until_all_others_let_it_go)
{
    lets_go = false;
    pass(100ms);
    EXPECT_THAT(asked.back().words, ElementsAre("LEAVE", "3", id(2).text()));
    asked.back().then({node_answer::outcome::refused, "a slot is on its way there still"});
    lets_go = true;
    EXPECT_THAT(saves, IsEmpty());
    pass(1s);
    EXPECT_THAT(saves, SizeIs(1));
}

TEST_F(a_member, lets_another_one_go_that_knows_no_newer_topology_and_to_which_no_slot_is_on_its_way)
{
    start(of_two());
    member.leave_asked(id(2), 2, id(1), noted());
    objection = "a slot is on its way there still";
    member.leave_asked(id(2), 1, id(1), noted());
    objection = "";
    member.leave_asked(id(2), 1, id(1), noted());
    EXPECT_THAT(answers, ElementsAre(HasSubstr("newest topology"), "a slot is on its way there still", "done"));
}

TEST_F(one_that_leaves, tries_again_when_that_is_not_saved)
{
    pass(100ms);
    answer_save(errc::storage_failed);
    pass(1s);
    answer_save(errc::ok);  // of the topology that still counts
    pass(1s);
    answer_save(errc::ok);
    EXPECT_EQ(member.newest().find(id(1)), nullptr);
}

TEST_F(one_that_leaves, stays_while_it_owns_a_slot)
{
    owners.learn(slot{7}, id(1), 3);
    pass(3s);
    EXPECT_THAT(saves, IsEmpty());
    owners.learn(slot{7}, id(2), 4);
    member.slot_left();
    pass(1s);
    EXPECT_THAT(saves, SizeIs(1));
}

TEST_F(one_that_leaves, is_then_not_admitted_to_another_cluster)
{
    pass(100ms);
    answer_save(errc::ok);
    member.invited(node_number(3).endpoint, 1, noted());
    EXPECT_THAT(answers, ElementsAre(HasSubstr("has left its cluster")));
    EXPECT_TRUE(serves_own);
}

TEST_F(one_that_leaves, stays_when_changes_that_were_made_meanwhile_want_slots_here)
{
    pass(100ms);
    answer_save(errc::ok);
    auto const other = topology::parse(of_two().json()).value().with_moving({}, id(2)).value().with_moving({}, id(2)).value();
    auto const newer = other.with_moving({}, id(2)).value().with_moving({}, id(2)).value();
    member.topology_came(newer.json(), noted());
    answer_save(errc::ok);
    pass(3s);
    EXPECT_NE(member.newest().find(id(1)), nullptr);
    EXPECT_THAT(saves, IsEmpty());
}

TEST_F(a_member, that_is_invited_has_its_own_slots_again_if_it_is_not_admitted)
{
    start(topology::single(node_number(1)).value());
    member.invited(node_number(2).endpoint, 1, noted());
    EXPECT_FALSE(serves_own);
    for (auto lost = 0; lost < 3; ++lost) { std::exchange(strangers, {}).front().then({none, "no answer"}); }
    EXPECT_TRUE(serves_own);
    EXPECT_THAT(answers, ElementsAre("no answer"));
}

TEST_F(a_member, that_is_admitted_tries_until_that_is_saved)
{
    start(topology::single(node_number(1)).value());
    member.invited(node_number(2).endpoint, 1, noted());
    auto const joined = topology::single(node_number(2)).value().with_node(node_number(1), id(2)).value();
    std::exchange(strangers, {}).front().then({said, joined.json()});
    answer_save(errc::outcome_unknown);
    EXPECT_THAT(answers, IsEmpty());
    pass(1s);
    answer_save(errc::ok);
    EXPECT_THAT(answers, ElementsAre("done"));
    EXPECT_EQ(member.newest(), joined);
    EXPECT_FALSE(serves_own);
}

TEST_F(a_member, that_is_being_admitted_elsewhere_takes_nobody_in)
{
    start(topology::single(node_number(1)).value());
    member.invited(node_number(2).endpoint, 1, noted());
    member.join_asked(node_number(3), noted());
    EXPECT_THAT(answers, ElementsAre(HasSubstr("being made a member of another cluster")));
}

}  // namespace
}  // namespace mykeyv::cluster
