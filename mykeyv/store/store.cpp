// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/store.hpp"

#include "mykeyv/store/cached_read.hpp"
#include "mykeyv/store/mysql/slots_table.hpp"
#include "mykeyv/store/node_pages.hpp"
#include "mykeyv/store/store_parts.hpp"

#include <algorithm>
#include <atomic>

namespace mykeyv::store {

store::store(settings wanted, log& to_log, clock const& time, unique_function<void()> on_fenced)
    : parts_{std::make_unique<parts>(std::move(wanted), to_log, time, std::move(on_fenced))}
{
}

store::~store() { stop(); }

void store::start(agent_maker const& make)
{
    auto& p = *parts_;
    std::vector<std::vector<std::pair<slot, slot_row>>> rows(p.lanes.size());
    for (auto const& each : p.slots) { rows[lane_of(each.first)].push_back(each); }
    for (unsigned i = 0; i < p.lanes.size(); ++i) {
        if (make) { p.agents.push_back(make(p.lanes[i]->core(), rows[i])); }
        p.lanes[i]->start();
    }
}

void store::tell_lane(unsigned lane, errand what) { parts_->lanes[lane]->submit(std::move(what)); }
void store::tell_agent(unsigned lane, errand what) { parts_->lanes[lane]->submit(note{std::move(what)}); }
unsigned store::lanes() const noexcept { return static_cast<unsigned>(parts_->lanes.size()); }
std::uint64_t store::fence_epoch() const noexcept { return parts_->mysql->held().epoch; }
std::vector<std::pair<slot, slot_row>> const& store::slots_at_start() const noexcept { return parts_->slots; }

bool store::has_records() const
{
    session on;
    must(parts_->mysql->open(on), "MySQL");
    text_rows rows;
    must(on.link.query("SELECT 1 FROM records LIMIT 1", rows), "records");
    return !rows.empty();
}

node_id store::id() const noexcept { return parts_->id; }
std::string store::server_version() const { return parts_->server_version; }
unsigned store::lane_of(slot s) const noexcept { return s.number() % static_cast<unsigned>(parts_->lanes.size()); }
bool store::owns(slot s) const noexcept { return parts_->env->gates.of(s) != gate::closed; }
bool store::ever_owned() const { return parts_->ever_owned; }

// Operations

cache_moment store::moment() const noexcept { return moment_of(*parts_->env); }
bool store::try_cached(operation& read, cache_moment at) { return decide_from_cache(read, *parts_->env, at); }
void store::prefetch(std::span<std::string_view const> keys) const noexcept { parts_->known.prefetch(keys); }

void store::submit(operation_ptr op)
{
    if (op->access() == access::read && parts_->env->gates.of(op->slot()) == gate::open) {
        return parts_->reader_of(op->slot()).submit(std::move(op));
    }
    parts_->lane_of(op->slot()).submit(std::move(op));
}

void store::submit_in_order(operation_ptr op) { parts_->lane_of(op->slot()).submit(std::move(op)); }

// The whole node

void store::async_keys(std::uint64_t cursor, std::size_t count, unique_function<void(errc, key_page)> done)
{
    auto page = std::make_shared<key_page>();
    auto const read = [this, cursor, count, page](session& on) {
        return read_key_page(on, [this](slot s) { return owns(s); }, cursor, count, parts_->time.now(), *page);
    };
    parts_->office->submit(read, [page, done = std::move(done)](errc outcome) mutable { done(outcome, std::move(*page)); });
}

void store::async_count(std::optional<slot> where, unique_function<void(errc, std::uint64_t)> done)
{
    auto counted = std::make_shared<std::uint64_t>(0);
    auto const count = [this, where, counted](session& on) {
        if (where) { return on.records->count(*where, *where, *counted); }
        return count_owned(on, [this](slot s) { return owns(s); }, *counted);
    };
    parts_->office->submit(count, [counted, done = std::move(done)](errc outcome) mutable { done(outcome, *counted); });
}

void store::async_weigh(slot first, slot last, unique_function<void(errc, std::uint64_t, std::uint64_t)> done)
{
    auto weighed = std::make_shared<std::pair<std::uint64_t, std::uint64_t>>();
    auto const weigh = [this, first, last, weighed](session& on) {
        return weigh_slots(on, [this](slot s) { return owns(s); }, first, last, weighed->first, weighed->second);
    };
    parts_->office->submit(weigh,
                           [weighed, done = std::move(done)](errc outcome) mutable { done(outcome, weighed->first, weighed->second); });
}

void store::async_erase_all(unique_function<void(errc)> done)
{
    struct progress {
        std::atomic<std::size_t> lanes_left;
        std::atomic<errc> worst{errc::ok};
        unique_function<void(errc)> done;
    };
    auto const shared = std::make_shared<progress>();
    shared->lanes_left = parts_->lanes.size();
    shared->done = std::move(done);
    for (unsigned i = 0; i < parts_->lanes.size(); ++i) {
        parts_->lanes[i]->submit([this, i, shared](errc may) {
            auto const in_lane = [this, i](slot s) { return lane_of(s) == i; };
            auto const outcome = may == errc::ok ? parts_->lanes[i]->core().erase_all(in_lane) : may;
            // Another lane, or a page of this one, may be erased already.
            if (outcome != errc::ok) { shared->worst = errc::outcome_unknown; }
            if (--shared->lanes_left == 0) { shared->done(shared->worst); }
        });
    }
}

// What a node remembers

bool store::has_row(slot s) const
{
    return std::ranges::binary_search(parts_->slots, s, {}, &std::pair<slot, slot_row>::first);  // they are in the order of slots
}

void store::claim(std::vector<slot> const& slots)
{
    session on;
    must(parts_->mysql->open(on), "MySQL");
    must(insert_owned_slots(on.link, slots), "owned slots");
    parts_->ever_owned = true;
    must(load_slots(on.link, parts_->slots), "slots");
    for (auto const s : slots) { parts_->env->gates.set(s, gate::open); }
}

std::optional<std::string> store::topology() const
{
    session on;
    must(parts_->mysql->open(on), "MySQL");
    std::optional<std::string> document;
    must(load_topology(on.link, document), "topology");
    return document;
}

void store::save_topology(std::uint64_t version, std::string const& document)
{
    session on;
    must(parts_->mysql->open(on), "MySQL");
    must(mykeyv::store::save_topology(on.link, version, document), "topology");
}

void store::async_save_topology(std::uint64_t version, std::string document, unique_function<void(errc)> done)
{
    parts_->office->submit(
        [version, document = std::move(document)](session& on) { return mykeyv::store::save_topology(on.link, version, document); },
        // Before the COMMIT or in it: that is not known here.
        [done = std::move(done)](errc outcome) mutable { done(outcome == errc::cluster_down ? errc::outcome_unknown : outcome); });
}

std::shared_ptr<std::string const> store::find_script(script_id id) const
{
    std::shared_lock const lock{parts_->scripts_lock};
    auto const place = parts_->scripts.find(id);
    return place == parts_->scripts.end() ? nullptr : place->second;
}

std::vector<std::shared_ptr<std::string const>> store::scripts() const
{
    std::shared_lock const lock{parts_->scripts_lock};
    std::vector<std::shared_ptr<std::string const>> all;
    all.reserve(parts_->scripts.size());
    for (auto const& [id, code] : parts_->scripts) { all.push_back(code); }
    return all;
}

void store::async_save_script(std::string code, unique_function<void(errc, script_id)> done)
{
    auto const id = script_id::of(code);
    if (find_script(id)) { return done(errc::ok, id); }
    auto const kept = std::make_shared<std::string const>(std::move(code));
    auto const save = [this, id, kept](session& on) {
        auto failed = save_script(on.link, id, *kept);
        if (!failed) {
            std::unique_lock const lock{parts_->scripts_lock};
            parts_->scripts.emplace(id, kept);
        }
        return failed;
    };
    parts_->office->submit(save, [id, done = std::move(done)](errc outcome) mutable { done(outcome, id); });
}

figures store::figures() const
{
    auto const cached = parts_->known.figures();
    auto const& counted = parts_->env->counted;
    return {.cache_hits = cached.hits,
            .cache_misses = cached.misses,
            .cache_records = cached.records,
            .cache_bytes = cached.bytes,
            .cache_evictions = cached.evictions,
            .batches = counted.batches,
            .operations = counted.operations,
            .expired = counted.expired};
}

void store::stop()
{
    if (std::exchange(parts_->stopped, true)) { return; }
    for (auto& each : parts_->readers) { each->close(); }
    for (auto& each : parts_->readers) { each->join(); }  // before the lanes: they hand reads on
    for (auto& each : parts_->lanes) { each->close(); }
    for (auto& each : parts_->lanes) { each->join(); }
    parts_->office->close();
    parts_->office->join();
    parts_->guard->stop();
    session last;
    auto failed = parts_->mysql->open(last);
    if (!failed) { failed = leave(last.link, parts_->mysql->held().epoch); }
    if (failed) { parts_->to_log.warning("could not mark a clean stop: {}", failed.text); }
    last.link.close();
    parts_->private_mariadb.stop();
    parts_->lock.release();
}

}  // namespace mykeyv::store
