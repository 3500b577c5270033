// SPDX-License-Identifier: Apache-2.0
// The part of the conductor in which its membership is asked, on its thread, and has the lanes do something.
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/node_state.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <utility>

namespace mykeyv::server {

using nlohmann::json;

// From other nodes

void conductor::gossip_came(std::string text, unique_function<void(std::string)> answer)
{
    thread_.post([this, text = std::move(text), answer = std::move(answer)]() mutable { answer(member_.gossip_came(text)); });
}

void conductor::topology_came(std::string text, change_done done)
{
    thread_.post([this, text = std::move(text), done = std::move(done)]() mutable { member_.topology_came(text, std::move(done)); });
}

void conductor::join_asked(cluster::node fresh, change_done done)
{
    thread_.post(
        [this, fresh = std::move(fresh), done = std::move(done)]() mutable { member_.join_asked(std::move(fresh), std::move(done)); });
}

void conductor::leave_asked(node_id who, std::uint64_t version, node_id author, change_done done)
{
    thread_.post([this, who, version, author, done = std::move(done)]() mutable {
        member_.leave_asked(who, version, author, std::move(done));
    });
}

void conductor::become_member(endpoint member, std::uint32_t weight, change_done done)
{
    thread_.post([this, member = std::move(member), weight, done = std::move(done)]() mutable {
        member_.invited(member, weight, std::move(done));
    });
}

// From people

void conductor::plan(change_done done)
{
    thread_.post([this, done = std::move(done)]() mutable { done(member_.plan()); });
}

void conductor::rehash(change_done done)
{
    thread_.post([this, done = std::move(done)]() mutable { member_.rehash(std::move(done)); });
}

void conductor::add(endpoint where, std::uint32_t weight, change_done done)
{
    thread_.post(
        [this, where = std::move(where), weight, done = std::move(done)]() mutable { member_.add(where, weight, std::move(done)); });
}

void conductor::remove(std::string name, change_done done)
{
    thread_.post([this, name = std::move(name), done = std::move(done)]() mutable { member_.remove(name, std::move(done)); });
}

void conductor::set_moving(std::function<void(cluster::moving_rules&)> how, change_done done)
{
    thread_.post([this, how = std::move(how), done = std::move(done)]() mutable { member_.set_moving(how, std::move(done)); });
}

void conductor::status(unique_function<void(std::string)> done)
{
    thread_.post([this, done = std::move(done)]() mutable { done(status_text()); });
}

json conductor::figures() const
{
    std::uint64_t slots = 0, records = 0, bytes = 0, parked = 0;
    for (auto const& port : ports_) {
        slots += port->figures().slots;
        records += port->figures().records;
        bytes += port->figures().bytes;
        parked = std::max(parked, port->figures().parked_us_max.load());
    }
    // The least bound that 99 % of the slots were below.
    std::uint64_t p99 = 0, below = 0;
    for (std::size_t place = 0; place < lane_figures::places && 100 * below < 99 * slots; ++place) {
        for (auto const& port : ports_) { below += port->figures().parked_below[place]; }
        p99 = std::min(lane_figures::bound_of(place), parked);
    }
    auto const self = node_.store->id();
    std::uint64_t owned = 0, to_leave = 0;
    for (auto const& range : node_.owners->own_ranges()) {
        for (unsigned n = range.slots.first.number(); n <= range.slots.last.number(); ++n) {
            ++owned;
            to_leave += member_.newest().owner_of(slot{n}) != self ? 1 : 0;
        }
    }
    return {{"version", member_.newest().version()},
            {"slots", owned},
            {"to_leave", to_leave},
            {"departed", {{"slots", slots}, {"records", records}, {"bytes", bytes}}},
            {"parked_us_max", parked},
            {"parked_us_p99", p99}};
}

std::string conductor::status_text()
{
    auto const now = node_.time.steady();
    auto const& topology = member_.newest();
    auto const& peers = member_.peers();
    auto nodes = json::array();
    std::uint64_t slots_to_move = 0;
    std::map<node_id, std::uint64_t> desired;
    for (auto const& owner : topology.owners()) { ++desired[owner]; }
    for (auto const& n : topology.nodes()) {
        auto const is_self = n.id == node_.store->id();
        auto const place = peers.find(n.id);
        auto const was_heard = is_self || (place != peers.end() && !place->second.last_said.empty());
        auto said = is_self ? figures() : was_heard ? json::parse(place->second.last_said) : json::object();
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
        auto const has_no_complaint = is_self || place == peers.end() || !place->second.complaint;
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
    return json{{"cluster", topology.cluster().text()},      {"version", topology.version()},
                {"author", topology.author().text()},        {"paused", topology.moving().paused},
                {"bytes_per_second", topology.moving().bytes_per_second}, {"slots_to_move", slots_to_move},
                {"nodes", std::move(nodes)}}
        .dump(-1, ' ', false, json::error_handler_t::replace);  // a problem is told in the words of others
}

// The lanes

/// Has every lane do something; `done` gets what one of them complained of, or nothing.
void conductor::on_every_lane(std::function<std::string(cluster::mover&, unsigned lane)> what, done_or_why done)
{
    struct progress {
        std::size_t lanes_left;
        std::string why_not;
    };
    auto const shared = std::make_shared<progress>(progress{ports_.size(), {}});
    for (unsigned i = 0; i < ports_.size(); ++i) {
        node_.store->tell_lane(i, [this, i, what, done, shared](errc why) {
            auto problem = why == errc::ok ? what(ports_[i]->mover(), i) : std::string{message(why)};
            thread_.post([shared, done, problem = std::move(problem)] {
                if (!problem.empty()) { shared->why_not = problem; }
                if (--shared->lanes_left == 0) { done(shared->why_not); }
            });
        });
    }
}

void conductor::refuse_arrivals(done_or_why done)
{
    on_every_lane([](cluster::mover& m, unsigned) { return m.refuse_arrivals(); }, std::move(done));
}

void conductor::give_own_slots_up(done_or_why done)
{
    on_every_lane([](cluster::mover& m, unsigned) { return m.close_all(); }, [this, done](std::string const& why_not) {
        if (!why_not.empty()) { return done(why_not); }
        on_every_lane([](cluster::mover& m, unsigned) { return m.give_all_up(); }, done);
    });
}

void conductor::take_own_slots_back(done_or_why done)
{
    on_every_lane([](cluster::mover& m, unsigned) { return m.take_all_back(); }, std::move(done));
}

}  // namespace mykeyv::server
