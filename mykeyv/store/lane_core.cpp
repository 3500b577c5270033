// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/lane_core.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/start_up_error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mykeyv::store {
namespace {

constexpr int attempts_max = 8;  // deadlocks and broken connections in a row before a batch is given up
constexpr std::chrono::seconds idle_pause{60};
constexpr std::uint64_t versions_left_min = versions_per_tenure / 2;
constexpr std::size_t erase_rows_per_commit = 1000;

}  // namespace

lane_core::lane_core(unsigned index, environment& env, std::unique_ptr<lane_session> session, lane_inbox& inbox)
    : index_{index},
      env_{env},
      session_{std::move(session)},
      inbox_{inbox},
      last_version_{env.mysql.held().version_floor},
      version_ceiling_{env.mysql.held().version_ceiling},
      parked_{env.parked_time}
{
    if (auto failed = session_->open()) { throw start_up_error{"lane: " + failed.text}; }
}

// Taking work

void lane_core::end_agents_transaction()
{
    if (agent_ != nullptr) { agent_->end_transaction(); }
}

void lane_core::run_items(std::vector<lane_item>& items)
{
    // Before any gate is looked at. Notes do nothing in the session, and errands do it by step().
    auto const is_batched = [](lane_item const& each) {
        return std::holds_alternative<operation_ptr>(each) || std::holds_alternative<sweep>(each);
    };
    if (std::ranges::any_of(items, is_batched)) { end_agents_transaction(); }
    batch gathered{env_.known};
    std::size_t bytes = 0;
    std::vector<unique_function<void()>> swept;
    auto const flush = [&] {
        if (!gathered.empty()) { run_batch(gathered); }
        while (!deferred_.empty()) {
            for (auto& op : std::exchange(deferred_, {})) { gathered.add(std::move(op)); }
            run_batch(gathered);
        }
        for (auto& done : swept) { done(); }
        swept.clear();
        bytes = 0;
    };
    for (auto& work : items) {
        if (auto* const op = std::get_if<operation_ptr>(&work)) {
            admit(std::move(*op), gathered, bytes);
        } else if (auto* const due = std::get_if<sweep>(&work)) {
            // Nothing expires where it is not served: its owner sees to that.
            std::erase_if(due->lines, [this](due_line const& line) { return env_.gates.of(line.slot) != gate::open; });
            for (auto& line : due->lines) { gathered.add(std::move(line)); }
            swept.push_back(std::move(due->done));
        } else if (auto* const told = std::get_if<note>(&work)) {
            told->read(errc::ok);
        } else {
            flush();
            std::get<errand>(work)(errc::ok);
            if (!released_.empty()) { end_agents_transaction(); }
            for (auto& released : std::exchange(released_, {})) { admit(std::move(released), gathered, bytes); }
        }
        if (gathered.size() >= limits::batch_operations_max || bytes >= limits::batch_bytes_max) { flush(); }
    }
    flush();
}

void lane_core::admit(operation_ptr op, batch& to, std::size_t& bytes)
{
    switch (env_.gates.of(op->slot())) {
    case gate::open:
        bytes += op->payload_bytes();
        to.add(std::move(op));
        break;
    case gate::parked: parked_.park(std::move(op), env_.time.steady()); break;
    case gate::closed:
        auto& refused = *op;
        refused.completed(std::move(op), errc::moved);
        break;
    }
}

std::chrono::steady_clock::time_point lane_core::idle()
{
    if (!session_->usable()) { reconnect(); }
    auto const now = env_.time.steady();
    parked_.end_overdue(now);
    auto next = std::min(now + idle_pause, parked_.next());
    if (!session_->usable()) { next = std::min<decltype(next)>(next, now + lane_reconnect_pause); }
    if (agent_ != nullptr) { next = std::min(next, agent_->wake()); }
    std::vector<lane_item> released;
    for (auto& op : std::exchange(released_, {})) { released.emplace_back(std::move(op)); }
    if (!released.empty()) { run_items(released); }
    return std::min(next, end_reading());
}

void lane_core::refuse(lane_item& work, errc why)
{
    if (auto* const op = std::get_if<operation_ptr>(&work)) {
        auto& refused = **op;
        refused.completed(std::move(*op), why);
    } else if (auto* const lines = std::get_if<sweep>(&work)) {
        lines->done();
    } else if (auto* const told = std::get_if<note>(&work)) {
        told->read(why);
    } else {
        std::get<errand>(work)(why);
    }
}

void lane_core::refuse_inbox(errc why)
{
    std::vector<lane_item> items;
    inbox_.take(items, std::chrono::milliseconds{0});
    for (auto& each : items) { refuse(each, why); }
}

// Errands

errc lane_core::step(transaction what)
{
    end_agents_transaction();
    reading_until_.reset();
    failure failed{failure::kind::lost, 0, {}};
    auto not_done = errc::storage_failed;  // or nobody knows: an attempt whose connection was lost may have been committed
    for (int attempt = 0; attempt < attempts_max && failed.what == failure::kind::lost; ++attempt) {
        if (attempt > 0) { not_done = errc::outcome_unknown; }
        if (!session_->usable() && !reconnect()) { return attempt == 0 ? errc::cluster_down : errc::outcome_unknown; }
        auto const its_session = session_->tag();
        failed = what(*session_);
        if (failed && session_->usable()) { session_->rollback(); }
        if (!session_->usable()) { await_end_of(its_session); }
    }
    if (!failed) { return errc::ok; }
    env_.to_log.warning("lane {}: {}", index_, failed.text);
    return failed.what == failure::kind::lost ? errc::outcome_unknown : not_done;
}

errc lane_core::read(transaction what)
{
    auto const until = reading_until_.value_or(env_.time.steady() + lane_reading_max);
    auto const done = step(std::move(what));
    if (done == errc::ok) { reading_until_ = until; }  // else it was rolled back
    return done;
}

std::chrono::steady_clock::time_point lane_core::end_reading()
{
    if (reading_until_ && env_.time.steady() >= *reading_until_) {
        reading_until_.reset();
        session_->rollback();
    }
    return reading_until_.value_or(std::chrono::steady_clock::time_point::max());
}

void lane_core::release(slot s)
{
    auto waiting = parked_.take(s);
    released_.insert(released_.end(), std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
}

errc lane_core::erase_all(std::function<bool(slot)> const& which)
{
    // Records of a slot that is on its way would stay.
    for (unsigned number = 0; number < slot::count; ++number) {
        if (env_.gates.of(slot{number}) == gate::parked && which(slot{number})) { return errc::in_transit; }
    }
    return step([&](lane_session& session) -> failure {
        std::vector<slot> filled;
        if (auto failed = session.slots_with_records(filled)) { return failed; }
        std::erase_if(filled, [&](slot s) { return !which(s) || env_.gates.of(s) != gate::open; });
        if (agent_ != nullptr) { agent_->erasing(filled); }
        stamped_slots under_way{env_.stamps};
        under_way.mark(filled);
        std::uint64_t erased = filled.empty() ? 0 : erase_rows_per_commit;
        failure failed;
        while (!failed && erased >= erase_rows_per_commit) {
            failed = session.erase_slots(filled, erase_rows_per_commit, erased);
            if (!failed) { failed = session.commit(); }
        }
        env_.known.clear();
        return failed ? failed : session.rollback();
    });
}

std::optional<std::uint64_t> lane_core::ceiling_behind(std::uint64_t version) const noexcept
{
    auto const is_high_enough = version_ceiling_ > version && version_ceiling_ - version > versions_left_min;
    return is_high_enough ? std::nullopt : std::optional{version + versions_per_tenure};
}

void lane_core::continue_behind(std::uint64_t version, std::optional<std::uint64_t> ceiling) noexcept
{
    last_version_ = std::max(last_version_, version);
    version_ceiling_ = std::max(version_ceiling_, ceiling.value_or(0));
}

// One batch

void lane_core::run_batch(batch& work)
{
    reading_until_.reset();
    stamped_slots under_way{env_.stamps};
    auto const deadline = env_.time.steady() + env_.outcome_patience;
    auto const gives_up = [&] { return inbox_.closed() || env_.time.steady() >= deadline; };
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        // Whoever has lost its MySQL on the way out does not begin anything more there.
        if (!session_->usable() && (inbox_.closed() || !reconnect())) { return work.complete(errc::cluster_down); }
        switch (try_batch(work, under_way)) {
        case end::done: return;
        case end::repeat: case end::lost: break;
        case end::refused: under_way.clear(); return run_one_by_one(work);
        case end::unsettled:
            if (settle(work, under_way)) { return; }
            if (gives_up()) {
                // A disk that is full, for one: nothing comes of asking MySQL for the same again, and again.
                under_way.clear();
                return work.complete(errc::storage_failed);
            }
            break;
        }
        under_way.clear();
        if (gives_up()) { break; }
    }
    work.complete(session_->usable() ? errc::storage_failed : errc::cluster_down);
}

lane_core::end lane_core::sort(failure const& failed)
{
    switch (failed.what) {
    case failure::kind::lost:
    case failure::kind::fenced: return end::lost;
    case failure::kind::try_again:
        session_->rollback();  // a lock wait that timed out has undone its statement only
        return end::repeat;
    default: break;
    }
    env_.to_log.error("lane {}: MySQL refused a statement: {} ({})", index_, failed.text, failed.code);
    session_->rollback();
    return end::refused;
}

lane_core::end lane_core::try_batch(batch& work, stamped_slots& under_way)
{
    work.collect(env_.time.now());
    if (auto const failed = load_and_decide(work)) { return sort(failed); }
    auto rest = work.take_undecided();
    deferred_.insert(deferred_.begin(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
    auto const writes = work.writes();
    if (!writes.empty() && !env_.writes_are_safe) {
        session_->rollback();
        work.complete(errc::cluster_down);
        return end::done;
    }
    if (writes.empty()) {
        if (auto const failed = session_->rollback()) { return end::lost; }  // ends the snapshot of the loads
    } else {
        under_way.mark(writes.slots);
        if (agent_ != nullptr) { agent_->writing(writes); }
        if (auto const failed = write(writes)) { return sort(failed); }
        if (auto const failed = session_->commit()) {
            return failed.what == failure::kind::try_again ? sort(failed) : end::unsettled;
        }
        env_.counted.batches.fetch_add(1, std::memory_order_relaxed);
        env_.counted.operations.fetch_add(work.size(), std::memory_order_relaxed);
        env_.counted.expired.fetch_add(work.purged(), std::memory_order_relaxed);
    }
    work.publish();
    under_way.clear();
    work.complete(errc::ok);
    return end::done;
}

failure lane_core::load_and_decide(batch& work)
{
    do {
        auto const missing = work.missing();
        if (missing.empty()) { continue; }
        if (auto failed = session_->load(missing, [&](row const& found) { work.loaded(found); })) { return failed; }
        work.rows_loaded();
    } while (!work.decide(last_version_, env_.value_bytes_max));
    return {};
}

failure lane_core::write(batch_writes const& writes)
{
    if (auto failed = raise_ceiling_if_near()) { return failed; }
    if (!writes.puts.empty()) {
        if (auto failed = session_->upsert(writes.puts)) { return failed; }
    }
    if (!writes.erasures.empty()) {
        if (auto failed = session_->erase(writes.erasures)) { return failed; }
    }
    if (!writes.expiries_removed.empty()) {
        if (auto failed = session_->remove_expiries(writes.expiries_removed)) { return failed; }
    }
    if (!writes.expiries_added.empty()) {
        if (auto failed = session_->add_expiries(writes.expiries_added)) { return failed; }
    }
    return {};
}

failure lane_core::raise_ceiling_if_near()
{
    if (version_ceiling_ - last_version_ > versions_left_min) { return {}; }
    // Raised in memory before the commit is known: a ceiling that MySQL does not have yet is raised again, far from its end.
    auto const raised = version_ceiling_ + versions_per_tenure / 4;
    if (auto failed = session_->raise_version_ceiling(raised)) { return failed; }
    version_ceiling_ = raised;
    return {};
}

/// Some statement of the batch was refused: so that one operation's misfortune stays its own, each is run alone.
void lane_core::run_one_by_one(batch& work)
{
    auto operations = work.take_operations();
    auto lines = work.take_due();
    if (operations.size() + lines.size() == 1) {
        for (auto& op : operations) {
            auto& refused = *op;
            refused.completed(std::move(op), errc::storage_failed);
        }
        return;
    }
    for (auto& op : operations) {
        batch alone{env_.known};
        alone.add(std::move(op));
        run_batch(alone);
    }
    for (auto& line : lines) {
        batch alone{env_.known};
        alone.add(std::move(line));
        run_batch(alone);
    }
}

}  // namespace mykeyv::store
