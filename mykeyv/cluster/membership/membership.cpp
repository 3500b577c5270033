// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/membership/membership.hpp"

#include "mykeyv/cluster/mutants.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {

membership::membership(node_id self, std::uint64_t life, ownership& owners, clock const& at, log& to, membership_outside& outside,
                       membership_limits const& limits)
    : self_{self}, life_{life}, owners_{owners}, time_{at}, log_{to}, outside_{outside}, limits_{limits}
{
}

void membership::start(endpoint announced)
{
    announced_ = std::move(announced);
    adopt(owners_.topology());
    gossip();
}

void membership::stop()
{
    stopped_ = true;
    for (auto& each : std::exchange(unsettled_, {})) { each.then(std::move(each.text)); }
}

// Time

void membership::due_at(time& what, time when)
{
    what = when;
    outside_.wake_at(next_due());
}

membership::time membership::next_due() const { return std::min({gossips_at_, reconciles_at_, restores_at_, admission_goes_on_at_}); }

void membership::wake()
{
    auto const now = time_.steady();
    auto const is_due = [now](time& what) { return what <= now && std::exchange(what, time::max()) != time::max(); };
    if (is_due(admission_goes_on_at_)) { std::exchange(admission_goes_on_, {})(); }
    if (is_due(restores_at_)) { restore(); }
    if (is_due(reconciles_at_)) { reconcile(); }
    if (is_due(gossips_at_)) { gossip(); }
    if (next_due() != time::max()) { outside_.wake_at(next_due()); }
}

void membership::go_on_with_admission(std::function<void()> what)
{
    admission_goes_on_ = std::move(what);
    due_at(admission_goes_on_at_, time_.steady() + limits_.admission_pause);
}

// What is to be where

void membership::adopt(std::shared_ptr<topology const> newer)
{
    newest_ = std::move(newer);
    owners_.adopt(newest_);
    refresh_peers();
    reconcile_in(limits_.reconcile_pause);
    insist_on_own_address();
}

/// Of two versions that two nodes made at once one is lost, and with it perhaps the address that this node has told.
void membership::insist_on_own_address()
{
    auto const* const known = newest().find(self_);
    if (known == nullptr || known->endpoint == announced_) { return; }
    make_change([this](auto const& now) { return now.with_endpoint(self_, announced_, self_); }, [](auto const&) { return std::string{}; },
                [](auto const&) {});
}

void membership::refresh_peers()
{
    std::erase_if(peers_, [&](auto const& each) {
        auto const* const known = newest().find(each.first);
        return known == nullptr || known->endpoint != each.second.where;
    });
    outside_.adopted(newest());
    for (auto const& n : newest().nodes()) {
        if (n.id != self_) { peers_.try_emplace(n.id).first->second.where = n.endpoint; }
    }
}

void membership::reconcile_in(std::chrono::milliseconds pause)
{
    if (reconciles_at_ == time::max()) { due_at(reconciles_at_, time_.steady() + pause); }
}

/// Which slots are to go where.
std::vector<std::pair<slot, node_id>> membership::wishes() const
{
    std::vector<std::pair<slot, node_id>> all;
    if (newest().moving().paused) { return all; }
    auto const owners = owners_.owners();
    for (unsigned number = 0; number < slot::count; ++number) {
        slot const s{number};
        auto const wanted = newest().owner_of(s);
        if (owners[number] == self_ && wanted != self_) { all.emplace_back(s, wanted); }
    }
    return all;
}

void membership::reconcile()
{
    outside_.want(wishes());
    retire_if_empty();
    // Not put off by each slot that moves.
    if (news_number() != news_gossiped_) { gossip_soon(); }
}

bool membership::is_to_retire() const
{
    auto const* const known = newest().find(self_);
    if (known == nullptr || !known->leaving || !newest().ranges_of(self_).empty()) { return false; }
    return owners_.own_ranges().empty() || mutant(mutants::retires_with_slots);
}

/// A node that is to leave and owns nothing any more takes itself out, when another one has what else was its alone, and when no slot is on
/// its way here any more: its source may know an older topology only, and if it has offered the slot it has to be told what became of it,
/// by a node that it still knows.
void membership::retire_if_empty()
{
    if (!is_to_retire() || std::exchange(is_retiring_, true)) { return; }
    auto const to = successor();
    if (!to) { return retire_later("no node stays"); }
    outside_.hand_code_over(*to, [this](std::string const& why_not) {
        if (!why_not.empty()) { return retire_later("code for update() is not given to another node: " + why_not); }
        auto const before = number_of(newest());
        if (mutant(mutants::arrivals_not_refused)) { return retire(); }
        outside_.refuse_arrivals([this, before](std::string const& still) {
            if (!still.empty()) { return retire_later(still); }
            // By a topology that came meanwhile slots may have been let in.
            auto const is_still = [this, before] { return !saving_ && number_of(newest()) == before && is_to_retire(); };
            if (!is_still()) { return retire_later({}); }
            ask_all_to_leave([this, is_still](std::string const& objection) {
                if (!objection.empty()) { return retire_later(objection); }
                is_still() ? retire() : retire_later({});
            });
        });
    });
}

void membership::ask_all_to_leave(std::function<void(std::string const& why_not)> then)
{
    struct round {
        std::size_t left;
        std::string why_not;
    };
    auto const shared = std::make_shared<round>(round{peers_.size(), {}});
    std::vector<node_id> others;
    for (auto const& [id, each] : peers_) { others.push_back(id); }
    for (auto const& id : others) {
        std::vector<std::string> words{"LEAVE", std::to_string(newest().version()), newest().author().text()};
        outside_.ask(id, std::move(words), [shared, then, id](node_answer const& answer) {
            if (answer.what != node_answer::outcome::said) { shared->why_not = "node " + id.text() + ": " + answer.text; }
            if (--shared->left == 0) { then(shared->why_not); }
        });
    }
}

void membership::leave_asked(node_id leaving, std::uint64_t version, node_id author, done then)
{
    if (number_of(newest()) < std::pair{version, author}) { return then(refusal{"it does not know the newest topology yet"}); }
    auto const shared = std::make_shared<done>(std::move(then));
    outside_.want_and_look(wishes(), leaving, [shared](std::string const& why_not) {
        why_not.empty() ? (*shared)(std::string{}) : (*shared)(refusal{why_not});
    });
}

void membership::retire()
{
    make_change([this](auto const& now) { return now.without_node(self_, self_); }, [](auto const&) { return std::string{}; },
                [this](auto const& left) {
                    // Of two changes at once the other one may have been in force, and want something here.
                    auto const has_left = left && newest().find(self_) == nullptr;
                    if (!has_left && !mutant(mutants::retires_only_once)) { return retire_later(left.why_not.value_or("")); }
                    is_retiring_ = false;
                    if (has_left) { log_.info("this node owns no slot any more and has left its cluster: it can be stopped"); }
                });
}

void membership::retire_later(std::string const& why)
{
    is_retiring_ = false;
    if (!why.empty()) { log_.warning("this node cannot leave its cluster yet: {}; trying again", why); }
    reconcile_in(limits_.reconcile_pause_after_refusal);
}

/// A node that stays: of those, the one heard of last.
std::optional<node_id> membership::successor() const
{
    std::optional<node_id> found;
    for (auto const& [id, each] : peers_) {
        auto const* const known = newest().find(id);
        if (known == nullptr || known->leaving) { continue; }
        if (!found || each.heard > peers_.at(*found).heard) { found = id; }
    }
    return found;
}

}  // namespace mykeyv::cluster
