// SPDX-License-Identifier: Apache-2.0
// The part of the conductor that people use: what the cluster is to look like, and how far it is.
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/node_state.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <utility>

namespace mykeyv::server {
namespace {

using cluster::refusal;
using nlohmann::json;

/// It first forgets its own slots and asks to be taken in, which costs a transaction on each lane and more than one answer.
constexpr std::chrono::seconds patience_with_invited{20};
constexpr std::chrono::milliseconds take_back_pause{500};

/// A node by its id or its address; nullptr: none.
cluster::node const* find_node(cluster::topology const& in, std::string const& name)
{
    if (auto const id = node_id::parse(name)) { return in.find(*id); }
    auto const where = endpoint::parse(name, default_port);
    return where ? in.find(*where) : nullptr;
}

}  // namespace

cluster::checked<std::vector<node_id>> conductor::planned(cluster::topology const& of) const
{
    std::vector<cluster::weighted_node> nodes;
    for (auto const& n : of.nodes()) { nodes.push_back({n.id, n.weight}); }
    // From where the slots are to be, not from where they are known to be: the news of a move that has just ended may still be on
    // its way here. What has not moved yet has no more to move by this than it had.
    std::vector<std::optional<node_id>> const owners(of.owners().begin(), of.owners().end());
    auto plan = cluster::plan_slots(owners, nodes);
    if (!plan) { return plan.error(); }
    return std::move(plan->owners);
}

std::string conductor::plan_text(std::uint64_t version, std::vector<node_id> const& desired) const
{
    auto const owners = node_.owners->owners();
    std::map<std::pair<node_id, node_id>, json> pairs;
    std::uint64_t moves = 0;
    for (unsigned number = 0; number < slot::count; ++number) {
        auto const& owner = owners[number];
        if (!owner || *owner == desired[number]) { continue; }
        ++moves;
        auto& pair =
            pairs
                .try_emplace({*owner, desired[number]},
                             json{{"source", owner->text()}, {"target", desired[number].text()}, {"count", 0}, {"slots", json::array()}})
                .first->second;
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

void conductor::plan(change_done done)
{
    thread_.post([this, done = std::move(done)]() mutable {
        auto const desired = planned(topology());
        if (!desired) { return done(desired.error()); }
        done(plan_text(topology().version() + 1, *desired));
    });
}

void conductor::rehash(change_done done)
{
    thread_.post([this, done = std::move(done)]() mutable {
        auto const changed = [this](cluster::topology const& now) -> cluster::checked<cluster::topology> {
            auto desired = planned(now);
            if (!desired) { return desired.error(); }
            return now.with_owners(std::move(*desired), node_.store->id());
        };
        make_change(changed, [this](auto const& then) { return plan_text(then.version(), then.owners()); }, std::move(done));
    });
}

void conductor::remove(std::string name, change_done done)
{
    thread_.post([this, name = std::move(name), done = std::move(done)]() mutable {
        auto const changed = [this, name](cluster::topology const& now) -> cluster::checked<cluster::topology> {
            auto const* const found = find_node(now, name);
            if (found == nullptr) { return refusal{"no node has the id or the address " + name}; }
            auto without = now.with_leaving(found->id, node_.store->id());
            if (!without) { return without; }
            auto desired = planned(*without);
            if (!desired) { return desired.error(); }
            return without->with_owners(std::move(*desired), node_.store->id());
        };
        make_change(changed, [this](auto const& then) { return plan_text(then.version(), then.owners()); }, std::move(done));
    });
}

void conductor::join_asked(cluster::node fresh, change_done done)
{
    thread_.post([this, fresh = std::move(fresh), done = std::move(done)]() mutable {
        auto const* const known = topology().find(fresh.id);
        if (known != nullptr && known->endpoint == fresh.endpoint) { return done(topology().json()); }
        auto const changed = [this, fresh](cluster::topology const& now) { return now.with_node(fresh, node_.store->id()); };
        make_change(changed, [](auto const& then) { return then.json(); }, std::move(done));
    });
}

void conductor::set_moving(std::function<void(cluster::moving_rules&)> how, change_done done)
{
    thread_.post([this, how = std::move(how), done = std::move(done)]() mutable {
        auto const changed = [this, how](cluster::topology const& now) {
            auto rules = now.moving();
            how(rules);
            return now.with_moving(rules, node_.store->id());
        };
        make_change(changed, [](auto const&) { return std::string{}; }, std::move(done));
    });
}

void conductor::status(unique_function<void(std::string)> done)
{
    thread_.post([this, done = std::move(done)]() mutable { done(status_text()); });
}

std::string conductor::status_text()
{
    auto const now = std::chrono::steady_clock::now();
    auto nodes = json::array();
    std::uint64_t slots_to_move = 0;
    std::map<node_id, std::uint64_t> desired;
    for (auto const& owner : topology().owners()) { ++desired[owner]; }
    for (auto const& n : topology().nodes()) {
        auto const is_self = n.id == node_.store->id();
        auto const place = peers_.find(n.id);
        auto const was_heard = is_self || (place != peers_.end() && !place->second.last_said.empty());
        auto said = is_self ? own_status() : was_heard ? json::parse(place->second.last_said) : json::object();
        said["id"] = n.id.text();
        said["endpoint"] = n.endpoint.text();
        said["weight"] = n.weight;
        said["leaving"] = n.leaving;
        said["desired"] = desired[n.id];
        said["heard_ms_ago"] = nullptr;
        if (is_self) { said["heard_ms_ago"] = 0; }
        if (!is_self && was_heard) {
            said["heard_ms_ago"] = std::chrono::duration_cast<std::chrono::milliseconds>(now - place->second.heard).count();
        }
        auto const has_no_complaint = is_self || place == peers_.end() || !place->second.complaint;
        said["problem"] = has_no_complaint ? json(nullptr) : json(*place->second.complaint);
        if (!was_heard) {
            said.update({{"version", nullptr},
                         {"slots", 0},
                         {"to_leave", 0},
                         {"departed", {{"slots", 0}, {"records", 0}, {"bytes", 0}}},
                         {"parked_us_max", 0},
                         {"parked_us_p99", 0}});
        }
        // What another node says is input.
        if (auto const& to_leave = said["to_leave"]; to_leave.is_number_unsigned()) { slots_to_move += to_leave.get<std::uint64_t>(); }
        nodes.push_back(std::move(said));
    }
    return json{{"cluster", topology().cluster().text()},      {"version", topology().version()},
                {"author", topology().author().text()},        {"paused", topology().moving().paused},
                {"bytes_per_second", topology().moving().bytes_per_second}, {"slots_to_move", slots_to_move},
                {"nodes", std::move(nodes)}}
        .dump(-1, ' ', false, json::error_handler_t::replace);  // a problem is told in the words of others
}

// A node that becomes a member

void conductor::add(endpoint where, std::uint32_t weight, change_done done)
{
    thread_.post([this, where, weight, done = std::move(done)]() mutable {
        // One that was never heard may be a member without knowing it: a JOIN whose answer was lost. To ask it again is no harm.
        auto const* const known = topology().find(where);
        auto const place = known != nullptr ? peers_.find(known->id) : peers_.end();
        auto const was_never_heard = place != peers_.end() && place->second.heard == std::chrono::steady_clock::time_point{};
        if (known != nullptr && !was_never_heard) {
            return done(refusal{"a node with the address " + where.text() + " is a member already"});
        }
        auto const self = topology().find(node_.store->id());
        if (self == nullptr) { return done(refusal{"this node has left its cluster"}); }
        auto const link = std::make_shared<peer_link>(thread_, where, greeting(cluster_id{}), patience_with_invited);
        auto const shared = std::make_shared<change_done>(std::move(done));
        link->ask({"KV.NODE", "INVITE", self->endpoint.text(), std::to_string(weight)},
                  [link, shared](resp::value const* reply, std::string const& why) {
                      link->close();
                      if (reply == nullptr) { return (*shared)(refusal{why}); }
                      if (reply->is_error()) { return (*shared)(refusal{reply->text() != nullptr ? *reply->text() : "refused"}); }
                      (*shared)(std::string{});
                  });
    });
}

void conductor::become_member(endpoint member, std::uint32_t weight, change_done done)
{
    thread_.post([this, member, weight, done = std::move(done)]() mutable {
        if (topology().nodes().size() != 1) { return done(refusal{"this node has a cluster of its own already, of several nodes"}); }
        // Of two, one could take the slots back while the other one is told that the node is a member.
        if (std::exchange(is_being_admitted_, true)) { return done(refusal{"this node is being made a member already"}); }
        auto self = topology().nodes().front();
        self.weight = weight;
        auto const shared = std::make_shared<change_done>(std::move(done));
        give_own_slots_up([this, member, self, shared](std::string const& why_not) {
            if (!why_not.empty()) { return (*shared)(refusal{why_not}); }
            ask_membership(member, self, join_attempts_max, [this, shared](change_result const& answer) {
                auto parsed =
                    answer ? cluster::topology::parse(answer.text) : cluster::checked<cluster::topology>{refusal{*answer.why_not}};
                if (!parsed) {
                    return take_own_slots_back([shared, why_not = parsed.error()] { (*shared)(why_not); });
                }
                node_.owners->forget();
                save(std::move(*parsed), [this, shared](errc outcome) {
                    is_being_admitted_ = false;
                    (*shared)(outcome == errc::ok ? change_result{std::string{}}
                                                  : change_result{refusal{std::string{message(outcome)}}});
                });
            });
        });
    });
}

/// Has every lane do something; `done` gets what one of them complained of, or nothing.
void conductor::on_every_lane(std::function<std::string(cluster::mover&)> what, std::function<void(std::string const&)> done)
{
    struct progress {
        std::size_t lanes_left;
        std::string why_not;
    };
    auto const shared = std::make_shared<progress>(progress{ports_.size(), {}});
    for (unsigned i = 0; i < ports_.size(); ++i) {
        node_.store->tell_lane(i, [this, i, what, done, shared](errc why) {
            auto problem = why == errc::ok ? what(ports_[i]->mover()) : std::string{message(why)};
            thread_.post([shared, done, problem = std::move(problem)] {
                if (!problem.empty()) { shared->why_not = problem; }
                if (--shared->lanes_left == 0) { done(shared->why_not); }
            });
        });
    }
}

/// Only of a node that is alone: no other one has ever heard of these slots. `done` gets why not, or nothing.
void conductor::give_own_slots_up(std::function<void(std::string const&)> done)
{
    on_every_lane([](cluster::mover& m) { return m.close_all(); }, [this, done](std::string const& why_not) {
        if (!why_not.empty()) { return take_own_slots_back([done, why_not] { done(why_not); }); }
        on_every_lane([](cluster::mover& m) { return m.give_all_up(); }, [this, done](std::string const& problem) {
            problem.empty() ? done({}) : take_own_slots_back([done, problem] { done(problem); });
        });
    });
}

void conductor::take_own_slots_back(std::function<void()> done)
{
    on_every_lane([](cluster::mover& m) { return m.take_all_back(); }, [this, done](std::string const& why_not) {
        done();
        is_being_admitted_ = !why_not.empty();
        if (!is_being_admitted_ || !take_back_timer_) { return; }
        node_.log.warning("this node's own slots are not served: {}; trying again", why_not);
        take_back_timer_->start(take_back_pause, [this] { take_own_slots_back([] {}); });
    });
}

}  // namespace mykeyv::server
