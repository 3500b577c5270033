// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/node.hpp"

#include "mykeyv/store/cached_read.hpp"
#include "tests/simulation/life.hpp"

#include <algorithm>

namespace mykeyv::simulation {

node::node(world& in, cluster& of, unsigned index, std::size_t cache_bytes)
    : world_{in}, cluster_{of}, index_{index}, cache_bytes_{cache_bytes}
{
    disk_.on_slot = [this](slot s, store::slot_row const& row) { cluster_.row_committed(index_, s, row); };
}

node::~node() = default;

void node::start()
{
    world_.note("{} starts", index_);
    disk_.away_until = {};
    alive([&] {
        life_ = std::make_unique<life>(world_, *this);
        for (unsigned i = 0; i < lanes; ++i) { schedule(i, world_.steady()); }
        life_->member ? life_->member->start() : learn();
    });
}

void node::die()
{
    world_.note("{} dies", index_);
    ++world_.seen["death"];
    for (auto const& [s, row] : disk_.slots) { ++world_.seen[fmt::format("death in state {}", static_cast<int>(row.state))]; }
    // Its operations end as they are destroyed, and must not find it alive.
    auto const last = std::exchange(life_, nullptr);
}

void node::crashes()
{
    die();
    world_.after(world_.between(100, world_.one_in(2) ? 2'000 : 80'000), [this] { start(); });
}

template <class Do>
void node::alive(Do what)
{
    try {
        what();
    } catch (crash const&) {
        crashes();
    }
}

store::gate node::gate_of(slot s) const { return life_ ? life_->env.gates.of(s) : store::gate::closed; }

void node::hand(unsigned number, store::lane_item work)
{
    life_->all[number].waiting.push_back(std::move(work));
    schedule(number, world_.steady() + world_.between(1, world_.one_in(20) ? 3000 : 100));
}

void node::schedule(unsigned number, time_point when)
{
    auto& scheduled = life_->all[number].scheduled;
    if (scheduled && *scheduled <= when) { return; }
    scheduled = when;
    world_.at(when, [this, number, when, born = life_->number] {
        if (life_ && life_->number == born && life_->all[number].scheduled == when) { run(number); }
    });
}

void node::run(unsigned number)
{
    alive([&] {
        auto& running = life_->all[number];
        running.scheduled.reset();
        std::vector<store::lane_item> items;
        items.swap(running.waiting);
        running.core->run_items(items);
        auto const next = running.core->idle();
        // What has nothing to wait for goes on a moment later, so that others come in between: as long a moment as a turn takes.
        schedule(number, std::max(next, world_.steady() + (world_.one_in(4) ? world_.between(20, 2000) : microseconds{20})));
    });
    cluster_.check();
}

void node::learn()
{
    if (!life_ || life_->member) { return; }
    std::vector<std::pair<slot, node_id>> wishes[lanes];
    for (std::size_t i = 0; i < cluster_.slots.size(); ++i) {
        auto const s = cluster_.slots[i];
        if (cluster_.desired[i] == index_) {
            life_->wanted.insert(s);
        } else {
            life_->wanted.erase(s);
            wishes[s.number() % lanes].emplace_back(s, cluster_.id_of(cluster_.desired[i]));
        }
    }
    for (unsigned i = 0; i < lanes; ++i) {
        hand(i, store::errand{[this, i, w = std::move(wishes[i])](errc why) mutable {
                 if (why == errc::ok) { life_->all[i].mover->want(std::move(w)); }
             }});
    }
}

bool node::is_settled() const
{
    if (!life_) { return false; }
    auto const is_to_be_asked_about = [](auto const& each) { return each.second.state == store::slot_state::handing_over; };
    return std::ranges::all_of(life_->all, [](auto const& each) { return each.mover->on_the_way() == 0; }) &&
           std::ranges::none_of(disk_.slots, is_to_be_asked_about) &&
           std::ranges::all_of(disk_.records, [this](auto const& r) { return gate_of(r.first.first) == store::gate::open; });
}

std::string node::situation() const
{
    if (!life_) { return fmt::format("{} is down", index_); }
    auto text = fmt::format("{} has {} slots on their way, and records", index_,
                            life_->all[0].mover->on_the_way() + life_->all[1].mover->on_the_way());
    for (auto const& [key, r] : disk_.records) { text += fmt::format(" {} ({})", key.second, static_cast<int>(gate_of(key.first))); }
    if (life_->member && life_->member->has_started()) { text += "; " + life_->member->situation(); }
    return text;
}

std::optional<unsigned> node::hint(slot s) const
{
    if (life_->member) {
        auto const where = life_->member->owners.elsewhere(s);
        return where ? std::optional{cluster_.index_of(*where)} : std::nullopt;
    }
    auto const place = life_->owners.find(s);
    if (place == life_->owners.end() || place->second.first == self()) { return std::nullopt; }
    return cluster_.index_of(place->second.first);
}

void node::execute(std::unique_ptr<client_operation> op)
{
    alive([&] {
        auto const s = op->slot();
        auto const gate = gate_of(s);
        if (gate == store::gate::closed) { return op->end(errc::moved, hint(s)); }
        if (op->access() != store::access::read) { return hand(s.number() % lanes, store::operation_ptr{std::move(op)}); }
        if (store::decide_from_cache(*op, life_->env, store::moment_of(life_->env))) { return op->end(errc::ok, {}); }
        gate == store::gate::open ? read(std::move(op)) : hand(s.number() % lanes, store::operation_ptr{std::move(op)});
    });
}

/// As a reader does it: looks at MySQL now, and at what that was worth a moment later.
void node::read(std::unique_ptr<client_operation> op)
{
    auto const s = op->slot();
    auto const before = life_->env.stamps.read(s);
    auto const place = disk_.records.find({s, op->keys()[0]});
    std::optional<stored> found;
    if (place != disk_.records.end()) { found = place->second; }
    auto const longest_us = world_.one_in(world_.trouble.read_late) ? 500'000u : world_.one_in(10) ? 30'000u : 300u;
    world_.after(
        world_.between(10, longest_us), [this, s, before, found, born = life_->number, op = std::move(op)]() mutable {
            if (!life_ || life_->number != born) { return; }
            auto& env = life_->env;
            record_view view;
            if (found) {
                view = {.value = found->value, .format = found->format, .version = found->version, .expires_at = found->expires_at};
            }
            auto const is_expired = found && expired(found->expires_at, world_.now());
            auto const is_served = env.gates.of(s) == store::gate::open;
            if (!is_expired && is_served) { env.known.fill(s, op->keys()[0], found ? &view : nullptr, env.stamps, before); }
            if (!env.stamps.quiet_since(s, before) || !is_served) {
                return hand(s.number() % lanes, store::operation_ptr{std::move(op)});
            }
            record_view const* const seen = found && !is_expired ? &view : nullptr;
            change none;
            op->decide({&seen, 1}, {.now = world_.now(), .version = 0, .value_bytes_max = 1000}, {&none, 1});
            op->end(errc::ok, {});
        });
}

void node::flush_all(unique_function<void(errc)> done)
{
    struct progress {
        unsigned left = lanes;
        errc worst = errc::ok;
        unique_function<void(errc)> done;
        ~progress() { done(left == 0 ? worst : errc::outcome_unknown); }
    };
    auto const shared = std::make_shared<progress>();
    shared->done = std::move(done);
    for (unsigned i = 0; i < lanes; ++i) {
        hand(i, store::errand{[this, i, shared](errc why) {
                 auto const outcome =
                     why == errc::ok ? life_->all[i].core->erase_all([i](slot s) { return s.number() % lanes == i; }) : why;
                 if (outcome != errc::ok) { shared->worst = errc::outcome_unknown; }
                 --shared->left;
             }});
    }
}

void node::sweep()
{
    if (!life_) { return; }
    for (unsigned i = 0; i < lanes; ++i) {
        store::sweep due;
        for (auto const& [at, s, key] : disk_.expiries) {
            if (at > world_.now()) { break; }
            if (s.number() % lanes == i) { due.lines.push_back({at, s, key}); }
        }
        due.done = [] {};
        if (!due.lines.empty()) { hand(i, std::move(due)); }
    }
}

}  // namespace mykeyv::simulation
