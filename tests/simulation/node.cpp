// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/node.hpp"

#include "mykeyv/cluster/migration/warmth.hpp"
#include "mykeyv/store/cached_read.hpp"

#include <algorithm>
#include <set>

namespace mykeyv::simulation {

using mykeyv::cluster::slot_reply;
using mykeyv::cluster::slot_request;
using mykeyv::cluster::transfer_offer;

namespace {

constexpr mykeyv::cluster::move_limits tiny_steps()
{
    using std::chrono::milliseconds;
    mykeyv::cluster::move_limits limits;
    limits.portion_bytes = 40;
    limits.portions_on_the_way_max = 2;
    limits.dirty_keys_per_portion = 2;
    limits.cut_over_keys_max = 2;
    limits.resend_rounds_max = 4;
    limits.outgoing_per_lane_max = 2;
    limits.purge_rows = 2;
    limits.again_after = milliseconds{5};
    limits.patience = milliseconds{60};
    limits.offer_patience = milliseconds{20};
    limits.query_every = milliseconds{10};
    return limits;
}

}  // namespace

struct node::lane final : store::lane_inbox {
    world* in = nullptr;
    std::vector<store::lane_item> waiting;
    std::optional<store::lane_core> core;
    std::optional<mykeyv::cluster::mover> mover;
    std::optional<time_point> scheduled;

    void take(std::vector<store::lane_item>& out, std::chrono::milliseconds patience) override
    {
        if (waiting.empty()) { in->stall(patience); }
        out.clear();
        out.swap(waiting);
    }
    bool closed() const override { return false; }
};

struct node::life {
    life(world& in, node& of)
        : number{++of.births_},
          mysql{{}, next_tenure(of.disk_), of.silence_, [] {}},
          known{of.cache_bytes_},
          env{of.silence_, in, mysql, known, 1000, std::chrono::milliseconds{1000}}
    {
        limits.cut_over_keys_max = in.below(3);
        limits.outgoing_per_lane_max = 1 + in.below(4);
        limits.slots_per_commit = 1 + in.below(4);
        limits.on_the_way_bytes_max = 1 + in.below(200);
        limits.cut_overs_at_once = 1 + in.below(3);
        constexpr store::serving_lease::clock_ms far = store::serving_lease::clock_ms{1} << 60;
        env.lease.renew(far);
        std::vector<std::pair<slot, store::slot_row>> rows[lanes];
        for (auto const& [s, row] : of.disk_.slots) { rows[s.number() % lanes].emplace_back(s, row); }
        for (unsigned i = 0; i < lanes; ++i) {
            all[i].in = &in;
            auto const trouble = std::exchange(in.trouble, {});  // a daemon whose first connection fails starts again
            all[i].core.emplace(i, env, std::make_unique<database_session>(in, of.disk_), all[i]);
            in.trouble = trouble;
            all[i].mover.emplace(*all[i].core, of, rows[i], of.disk_.epoch << 32, limits);
        }
    }

    static store::tenure next_tenure(database& disk)
    {
        store::tenure held;
        held.epoch = ++disk.epoch;
        held.version_floor = disk.ceiling;
        held.version_ceiling = disk.ceiling += store::versions_per_tenure;
        return held;
    }

    std::uint64_t number;
    mykeyv::cluster::move_limits limits = tiny_steps();
    store::connector mysql;
    store::cache known;
    store::environment env;
    std::map<slot, std::pair<node_id, std::uint64_t>> owners;
    std::set<slot> wanted;  // here, by what this node has heard
    std::array<lane, lanes> all;
};

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
        learn();
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

template <class Do>
void node::alive(Do what)
{
    try {
        what();
    } catch (crash const&) {
        die();
        world_.after(world_.between(100, world_.one_in(2) ? 2'000 : 80'000), [this] { start(); });
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
        // What has nothing to wait for goes on a moment later, so that others come in between.
        schedule(number, std::max(next, world_.steady() + microseconds{20}));
    });
    cluster_.check();
}

void node::learn()
{
    if (!life_) { return; }
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
    return std::ranges::all_of(life_->all, [](auto const& each) { return each.mover->on_the_way() == 0; }) &&
           std::ranges::all_of(disk_.records, [this](auto const& r) { return gate_of(r.first.first) == store::gate::open; });
}

std::string node::situation() const
{
    if (!life_) { return fmt::format("{} is down", index_); }
    auto text = fmt::format("{} has {} slots on their way, and records", index_,
                            life_->all[0].mover->on_the_way() + life_->all[1].mover->on_the_way());
    for (auto const& [key, r] : disk_.records) { text += fmt::format(" {} ({})", key.second, static_cast<int>(gate_of(key.first))); }
    return text;
}

std::optional<unsigned> node::hint(slot s) const
{
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

void node::received(unsigned from, slot_request r)
{
    // As the conductor does, by the topology that it has.
    auto const is_prepare = std::holds_alternative<mykeyv::cluster::prepare>(r.what);
    if (is_prepare && cluster_.refuses_unwanted && !life_->wanted.contains(r.slot)) {
        ++world_.seen["not wanted here"];
        auto no = reply_to(r);
        no.reason = "the topology that is known here does not want the slot here";
        return cluster_.send(index_, from, std::move(no));
    }
    auto const number = r.slot.number() % lanes;
    hand(number, store::note{[this, from, number, r = std::move(r)](errc why) mutable {
             if (why != errc::ok) { return unheard(from, r.slot, r.offer); }
             auto const s = r.slot;
             auto const offer = r.offer;
             life_->all[number].mover->asked(std::move(r), [this, from, s, offer](std::optional<slot_reply> reply) {
                 if (!reply) { return unheard(from, s, offer); }
                 cluster_.send(index_, from, std::move(*reply));
                 // Not to be noticed by the other end is the worst moment.
                 if (world_.one_in(world_.trouble.statement_crashes / 30)) { throw crash{}; }
             });
         }});
}

void node::unheard(unsigned by, slot s, transfer_offer const& offer)
{
    if (world_.one_in(4)) { return; }
    world_.after(world_.between(50, 400), [&c = cluster_, by, s, offer] { c.nodes[by]->lost(s, offer); });
}

void node::received(unsigned, slot_reply const& r)
{
    auto const number = r.slot.number() % lanes;
    hand(number, store::note{[this, number, r](errc why) {
             if (why == errc::ok) { life_->all[number].mover->replied(r); }
         }});
}

void node::lost(slot s, transfer_offer const& offer)
{
    if (!life_) { return; }
    auto const number = s.number() % lanes;
    hand(number, store::note{[this, number, s, offer](errc why) {
             if (why == errc::ok) { life_->all[number].mover->unanswered(s, offer); }
         }});
}

node_id node::self() const { return cluster_.id_of(index_); }
void node::send(node_id to, slot_request r)
{
    if (life_) { mykeyv::cluster::note_cached(r, life_->known); }
    cluster_.send(index_, cluster_.index_of(to), std::move(r));
}
void node::owned_by(slot s, node_id owner, std::uint64_t epoch)
{
    // While the node is born `life_` is not there yet; hints come with the first redirect then.
    if (life_) { life_->owners[s] = {owner, epoch}; }
}
node::time node::pace(std::size_t)
{
    return world_.steady() + (world_.one_in(world_.trouble.slow_sending) ? world_.between(1, 2000) : microseconds{0});
}
void node::departed(mykeyv::cluster::departure const&) { ++world_.seen["departure"]; }

}  // namespace mykeyv::simulation
