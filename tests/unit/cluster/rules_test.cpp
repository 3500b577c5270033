// SPDX-License-Identifier: Apache-2.0
// What a node answers about a slot that is offered to it: every state of its row, every offer.
#include "mykeyv/cluster/migration/rules.hpp"

#include "mykeyv/cluster/migration/messages.hpp"
#include "tests/unit/cluster/few_nodes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mykeyv::cluster {
namespace {

using enum slot_state;

constexpr std::array states{none, owned, handing_over, gone, importing, refused};
constexpr std::array served{owned, handing_over};
constexpr std::array unserved{none, gone, importing, refused};

constexpr transfer_offer known{5, 7};
constexpr std::array older{transfer_offer{4, 9}, transfer_offer{5, 6}};
constexpr std::array newer{transfer_offer{5, 8}, transfer_offer{6, 0}};

slot_row row(slot_state state, transfer_offer offer = known) { return {state, offer, id(1)}; }

std::vector<transfer_offer> every_offer()
{
    std::vector<transfer_offer> all;
    for (std::uint64_t epoch = 4; epoch <= 6; ++epoch) {
        for (std::uint64_t transfer = 6; transfer <= 8; ++transfer) { all.push_back({epoch, transfer}); }
    }
    return all;
}

// PREPARE

TEST(prepare, is_refused_where_the_slot_is_served_whatever_is_offered)
{
    for (auto const state : served) {
        for (auto const& offer : every_offer()) { EXPECT_EQ(answer_prepare(row(state), offer, true), on_prepare::refuse); }
    }
}

TEST(prepare, begins_where_the_offer_is_newer_than_all_that_is_known)
{
    for (auto const state : unserved) {
        for (auto const& offer : newer) { EXPECT_EQ(answer_prepare(row(state), offer, false), on_prepare::begin); }
    }
}

TEST(prepare, of_an_older_offer_is_refused)
{
    for (auto const state : unserved) {
        for (auto const& offer : older) { EXPECT_EQ(answer_prepare(row(state), offer, false), on_prepare::refuse); }
    }
}

TEST(prepare, of_a_slot_that_nobody_ever_spoke_of_begins) { EXPECT_EQ(answer_prepare({}, {1, 1}, false), on_prepare::begin); }

TEST(prepare, that_is_repeated_is_answered_yes_again) { EXPECT_EQ(answer_prepare(row(importing), known, true), on_prepare::again); }

TEST(prepare, that_is_repeated_after_a_restart_is_refused) { EXPECT_EQ(answer_prepare(row(importing), known, false), on_prepare::refuse); }

TEST(prepare, of_an_offer_that_came_to_its_end_is_refused)
{
    for (auto const state : {gone, refused}) { EXPECT_EQ(answer_prepare(row(state), known, false), on_prepare::refuse); }
}

// QUERY, and CUTOVER where it cannot be taken

TEST(query, of_a_slot_that_is_owned_at_that_epoch_is_answered_yes) { EXPECT_EQ(answer_query(row(owned), known), on_query::yes); }

TEST(query, of_a_slot_that_is_offered_on_at_a_later_epoch_is_answered_yes)
{
    for (auto const state : {handing_over, gone}) { EXPECT_EQ(answer_query(row(state, {6, 1}), known), on_query::yes); }
}

TEST(query, is_answered_yes_whatever_came_of_the_slot_later)
{
    for (auto const state : states) { EXPECT_EQ(answer_query(row(state, {9, 1}), known), on_query::yes); }
}

TEST(query, of_what_was_forbidden_is_answered_no)
{
    EXPECT_EQ(answer_query(row(refused), known), on_query::no);
    EXPECT_EQ(answer_query(row(refused), {5, 6}), on_query::no);
}

TEST(query, of_what_could_still_come_is_forbidden_first)
{
    for (auto const state : {none, gone, importing}) { EXPECT_EQ(answer_query(row(state), {5, 7}), on_query::forbid); }
    for (auto const& offer : newer) { EXPECT_EQ(answer_query(row(refused), offer), on_query::forbid); }
    EXPECT_EQ(answer_query({}, known), on_query::forbid);
}

TEST(query, by_who_cannot_have_had_the_slot_is_not_answered)
{
    for (auto const state : served) { EXPECT_EQ(answer_query(row(state, {4, 1}), known), on_query::absurd); }
}

TEST(query, that_was_answered_no_is_never_answered_yes_and_the_offer_never_begins)
{
    for (auto const state : {none, gone, importing, refused}) {
        for (auto const& offer : every_offer()) {
            auto const before = row(state);
            if (answer_query(before, offer) != on_query::forbid) { continue; }
            auto const after = forbidding(before, offer);
            EXPECT_EQ(answer_query(after, offer), on_query::no);
            EXPECT_EQ(answer_prepare(after, offer, true), on_prepare::refuse);
        }
    }
}

// The rows that follow

TEST(a_row, of_a_slot_that_is_forbidden_never_goes_back)
{
    for (auto const state : states) {
        for (auto const& offer : every_offer()) {
            auto const after = forbidding(row(state), offer);
            EXPECT_EQ(after.state, refused);
            EXPECT_GE(after.offer, known);
            EXPECT_GE(after.offer, offer);
        }
    }
}

TEST(a_row, after_a_yes_says_who_took_the_slot_and_when)
{
    EXPECT_EQ(after_yes(row(handing_over)), (slot_row{gone, known, id(1)}));
}

TEST(a_row, after_a_no_is_an_owners_above_the_epoch_that_was_offered)
{
    auto const after = after_no(row(handing_over));
    EXPECT_EQ(after.state, owned);
    EXPECT_EQ(after.epoch(), known.epoch + 1);
    EXPECT_GT(after.offer, known);
}

TEST(a_row, of_an_owner_leads_to_an_offer_and_that_to_what_comes_of_it_and_to_nothing_else)
{
    slot_row const offered{handing_over, {6, 7}, id(2)};
    std::vector<slot_row> const next{offered, after_yes(offered), after_no(offered)};
    auto const leads_to_which = [&](slot_row const& from) {
        std::vector<bool> which;
        for (auto const& each : next) { which.push_back(leads_to(from, each)); }
        return which;
    };
    EXPECT_EQ(leads_to_which(row(owned)), (std::vector{true, false, false}));
    EXPECT_EQ(leads_to_which(offered), (std::vector{false, true, true}));
    EXPECT_EQ(leads_to_which(row(owned, {6, 0})), (std::vector{false, false, false}));
    EXPECT_EQ(leads_to_which(row(handing_over, {6, 8})), (std::vector{false, false, false}));
    for (auto const state : unserved) { EXPECT_EQ(leads_to_which(row(state, {6, 7})), (std::vector{false, false, false})); }
}

TEST(a_row, that_begins_to_import_has_a_higher_offer_than_before)
{
    for (auto const state : states) {
        for (auto const& offer : every_offer()) {
            if (answer_prepare(row(state), offer, false) == on_prepare::begin) { EXPECT_GT(offer, known); }
        }
    }
}

TEST(an_offer, is_compared_by_epoch_and_then_by_transfer)
{
    EXPECT_LT((transfer_offer{1, 9}), (transfer_offer{2, 0}));
    EXPECT_LT((transfer_offer{2, 0}), (transfer_offer{2, 1}));
}

TEST(a_reply, names_what_it_answers)
{
    using to = enum slot_reply::to;
    auto const asked = [](auto what) { return slot_request{slot{3}, known, id(1), std::move(what)}; };
    EXPECT_EQ(reply_to(asked(prepare{})).about, to::prepare);
    EXPECT_EQ(reply_to(asked(portion{4, {}})).about, to::portion);
    EXPECT_EQ(reply_to(asked(portion{4, {}})).number, 4u);
    EXPECT_EQ(reply_to(asked(cut_over{})).about, to::cut_over);
    EXPECT_EQ(reply_to(asked(query{})).about, to::query);
    EXPECT_EQ(reply_to(asked(cancel{})).about, to::cancel);
    EXPECT_EQ(reply_to(asked(query{})).offer, known);
    EXPECT_FALSE(reply_to(asked(query{})).yes);
}

}  // namespace
}  // namespace mykeyv::cluster
