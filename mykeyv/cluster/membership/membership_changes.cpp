// SPDX-License-Identifier: Apache-2.0
// The part of membership that changes the topology: here, because somebody asked for it, or because another node has a newer one.
#include "mykeyv/cluster/membership/membership.hpp"

#include "mykeyv/base/default_port.hpp"
#include "mykeyv/cluster/mutants.hpp"
#include "mykeyv/cluster/planner.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace mykeyv::cluster {
namespace {

using nlohmann::json;

/// A node by its id or its address; nullptr: none.
node const* find_node(topology const& in, std::string const& name)
{
    if (auto const id = node_id::parse(name)) { return in.find(*id); }
    auto const where = endpoint::parse(name, default_port);
    return where ? in.find(*where) : nullptr;
}

}  // namespace

// What people ask for

checked<std::vector<node_id>> membership::planned(topology const& of) const
{
    std::vector<weighted_node> nodes;
    for (auto const& n : of.nodes()) { nodes.push_back({n.id, n.weight}); }
    // From where the slots are to be, not from where they are known to be: the news of a move that has just ended may still be on
    // its way here. What has not moved yet has no more to move by this than it had.
    std::vector<std::optional<node_id>> const owners(of.owners().begin(), of.owners().end());
    auto found = plan_slots(owners, nodes);
    if (!found) { return found.error(); }
    return std::move(found->owners);
}

std::string membership::plan_text(std::uint64_t version, std::vector<node_id> const& desired) const
{
    auto const owners = owners_.owners();
    std::map<std::pair<node_id, node_id>, json> pairs;
    std::uint64_t moves = 0;
    for (unsigned number = 0; number < slot::count; ++number) {
        auto const& owner = owners[number];
        if (!owner || *owner == desired[number]) { continue; }
        ++moves;
        json const fresh{{"source", owner->text()}, {"target", desired[number].text()}, {"count", 0}, {"slots", json::array()}};
        auto& pair = pairs.try_emplace({*owner, desired[number]}, fresh).first->second;
        pair["count"] = pair["count"].get<unsigned>() + 1;
        auto& slots = pair["slots"];
        if (!slots.empty() && slots.back()[1].get<unsigned>() + 1 == number) {
            slots.back()[1] = number;
        } else {
            slots.push_back({number, number});
        }
    }
    auto all = json::array();
    for (auto& [nodes, pair] : pairs) { all.push_back(std::move(pair)); }
    return json{{"version", version}, {"moves", moves}, {"pairs", std::move(all)}}.dump();
}

change_result membership::plan() const
{
    auto const desired = planned(newest());
    if (!desired) { return desired.error(); }
    return plan_text(newest().version() + 1, *desired);
}

void membership::rehash(done then)
{
    auto const changed = [this](topology const& now) -> checked<topology> {
        auto desired = planned(now);
        if (!desired) { return desired.error(); }
        return now.with_owners(std::move(*desired), self_);
    };
    make_change(changed, [this](auto const& next) { return plan_text(next.version(), next.owners()); }, std::move(then));
}

void membership::remove(std::string const& name, done then)
{
    auto const changed = [this, name](topology const& now) -> checked<topology> {
        auto const* const found = find_node(now, name);
        if (found == nullptr) { return refusal{"no node has the id or the address " + name}; }
        auto without = now.with_leaving(found->id, self_);
        if (!without) { return without; }
        auto desired = planned(*without);
        if (!desired) { return desired.error(); }
        return without->with_owners(std::move(*desired), self_);
    };
    make_change(changed, [this](auto const& next) { return plan_text(next.version(), next.owners()); }, std::move(then));
}

void membership::set_moving(std::function<void(moving_rules&)> const& how, done then)
{
    auto const changed = [this, how](topology const& now) {
        auto rules = now.moving();
        how(rules);
        return now.with_moving(rules, self_);
    };
    make_change(changed, [](auto const&) { return std::string{}; }, std::move(then));
}

// One change

void membership::in_turn(unique_function<void()> attempt) { saving_ ? changes_.push_back(std::move(attempt)) : attempt(); }

void membership::make_change(change what, std::function<std::string(topology const&)> reply, done then)
{
    in_turn([this, what = std::move(what), reply = std::move(reply), then = std::move(then)]() mutable {
        auto changed = what(newest());
        if (!changed) { return then(changed.error()); }
        auto made = std::make_shared<unsettled_change>(unsettled_change{what, reply(*changed), std::move(then), {}});
        auto const version = changed->version();
        save(std::move(*changed), [this, version, made](errc outcome) {
            if (outcome != errc::ok) { return made->then(refusal{std::string{message(outcome)}}); }
            log_.info("topology version {} is made here", version);
            made->made = time_.steady();
            unsettled_.push_back(std::move(*made));
            gossip();
        });
    });
}

void membership::save(topology wanted, std::function<void(errc)> then)
{
    saving_ = true;
    auto const kept = std::make_shared<topology const>(std::move(wanted));
    if (mutant(mutants::topology_not_saved)) { adopt(kept); }
    outside_.save(kept, [this, kept, then = std::move(then)](errc outcome) {
        if (stopped_) { return; }
        saving_ = false;
        if (outcome == errc::ok) {
            restores_at_ = time::max();
            adopt(kept);
        } else {
            due_at(restores_at_, time_.steady() + limits_.restore_pause);
        }
        then(outcome);
        go_on_with_changes();
    });
}

/// What was to be saved, and may have been, does not count: it must not come into force by a restart, long after people were told that it
/// was not made.
void membership::restore()
{
    in_turn([this] {
        saving_ = true;
        outside_.save(newest_, [this](errc outcome) {
            if (stopped_) { return; }
            saving_ = false;
            if (outcome != errc::ok) { due_at(restores_at_, time_.steady() + limits_.restore_pause); }
            go_on_with_changes();
        });
    });
}

void membership::go_on_with_changes()
{
    while (!saving_ && !changes_.empty()) {
        auto next = std::move(changes_.front());
        changes_.pop_front();
        next();
    }
}

/// Whether it would change nothing, or can be made no more.
bool membership::is_in_force(change const& what) const
{
    auto const again = what(newest());
    return !again || (std::ranges::equal(again->nodes(), newest().nodes()) && std::ranges::equal(again->owners(), newest().owners()) &&
                      again->moving() == newest().moving());
}

/// Of two changes that two nodes made at once only one is in the topology that stays. Whoever asked for the other one is told.
void membership::find_lost_changes()
{
    for (auto& each : std::exchange(unsettled_, {})) {
        if (is_in_force(each.what)) {
            unsettled_.push_back(std::move(each));
            continue;
        }
        log_.warning("a change that was made here is lost: node {} made one at the same moment", newest().author().text());
        each.then(refusal{"another change of the topology was made at the same moment, on another node, and replaced this one: "
                          "look at the status, then ask again"});
    }
}

/// Whether every other node that can be heard has told that it has the topology of this one.
bool membership::all_have_ours() const
{
    auto const ours = number_of(newest());
    auto const now = time_.steady();
    return std::ranges::all_of(peers_, [&](auto const& each) {
        auto const& [id, of] = each;
        auto const is_away = of.complaint && (!of.was_heard() || now - of.heard > limits_.away_after);
        return is_away || of.has == ours;
    });
}

/// Answers those who asked for a change, once no other node can have made one that replaces it; or when that takes too long.
void membership::settle_changes()
{
    auto const all_have = all_have_ours();
    auto const now = time_.steady();
    for (auto& each : std::exchange(unsettled_, {})) {
        if (all_have || now - each.made >= limits_.settling_patience) {
            each.then(std::move(each.text));
        } else {
            unsettled_.push_back(std::move(each));
        }
    }
}

void membership::topology_came(std::string_view text, done then)
{
    in_turn([this, text = std::string{text}, then = std::move(then)]() mutable {
        auto const parsed = topology::parse(text);
        if (!parsed) { return then(parsed.error()); }
        if (!parsed->newer_than(newest()) && !mutant(mutants::older_topology_taken)) { return then(std::string{}); }
        auto const shared = std::make_shared<done>(std::move(then));
        save(*parsed, [this, shared](errc outcome) {
            if (outcome != errc::ok) { return (*shared)(refusal{std::string{message(outcome)}}); }
            log_.info("topology version {} of node {}", newest().version(), newest().author().text());
            (*shared)(std::string{});
            find_lost_changes();
            settle_changes();
        });
    });
}

}  // namespace mykeyv::cluster
