// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/lane.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/mysql/processlist.hpp"
#include "mykeyv/store/start_up_error.hpp"

#include <iterator>
#include <utility>

namespace mykeyv::store {
namespace {

constexpr int attempts_max = 8;  // deadlocks and broken connections in a row before a batch is given up
constexpr std::chrono::milliseconds reconnect_pause{100};
constexpr std::chrono::milliseconds session_end_patience{1000};
constexpr std::uint64_t versions_left_min = versions_per_tenure / 2;

}  // namespace

lane::lane(unsigned index, environment& env)
    : index_{index},
      env_{env},
      last_version_{env.mysql.held().version_floor},
      version_ceiling_{env.mysql.held().version_ceiling},
      queue_{limits::lane_queue_max}
{
    if (auto failed = env_.mysql.open(session_)) { throw start_up_error{"lane: " + failed.text}; }
    thread_ = std::thread{[this] { run(); }};
}

lane::~lane()
{
    close();
    join();
}

void lane::join()
{
    if (thread_.joinable()) { thread_.join(); }
}

// Taking work

void lane::submit(operation_ptr op)
{
    item work{std::move(op)};
    if (!queue_.push(std::move(work))) { refuse(work, queue_.closed() ? errc::stopping : errc::overloaded); }
}

void lane::submit(sweep lines)
{
    item work{std::move(lines)};
    if (!queue_.push(std::move(work))) { refuse(work, errc::stopping); }
}

void lane::submit(task what, unique_function<void(errc)> done)
{
    item work{task_item{std::move(what), std::move(done)}};
    if (!queue_.push(std::move(work))) { refuse(work, queue_.closed() ? errc::stopping : errc::overloaded); }
}

void lane::refuse(item& work, errc why)
{
    if (auto* const op = std::get_if<operation_ptr>(&work)) {
        auto& refused = **op;
        refused.completed(std::move(*op), why);
    } else if (auto* const lines = std::get_if<sweep>(&work)) {
        lines->done();
    } else {
        std::get<task_item>(work).done(why);
    }
}

void lane::refuse_queue(errc why)
{
    std::vector<item> items;
    queue_.take(items, std::chrono::milliseconds{0});
    for (auto& work : items) { refuse(work, why); }
}

void lane::run()
{
    std::vector<item> items;
    for (;;) {
        auto const patience = session_.usable() ? std::chrono::milliseconds{60'000} : reconnect_pause;
        auto const took = queue_.take(items, patience);
        if (took == work_queue<item>::taken::closed) { return; }
        if (!session_.usable()) { reconnect(); }
        run_items(items);
    }
}

void lane::run_items(std::vector<item>& items)
{
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
            bytes += (*op)->payload_bytes();
            gathered.add(std::move(*op));
        } else if (auto* const lines = std::get_if<sweep>(&work)) {
            for (auto& line : lines->lines) { gathered.add(std::move(line)); }
            swept.push_back(std::move(lines->done));
        } else {
            flush();
            run_task(std::get<task_item>(work));
        }
        if (gathered.size() >= limits::batch_operations_max || bytes >= limits::batch_bytes_max) { flush(); }
    }
    flush();
}

void lane::run_task(task_item& alone)
{
    failure failed{failure::kind::lost, 0, {}};
    for (int attempt = 0; attempt < attempts_max && failed.what == failure::kind::lost; ++attempt) {
        if (!session_.usable() && !reconnect()) { return alone.done(attempt == 0 ? errc::cluster_down : errc::outcome_unknown); }
        auto const its_session = session_.link.tag();
        failed = alone.work(session_);
        if (failed && session_.usable()) { session_.link.rollback(); }
        if (!session_.usable()) { await_end_of(its_session); }
    }
    alone.done(!failed ? errc::ok : failed.what == failure::kind::lost ? errc::outcome_unknown : errc::storage_failed);
}

// One batch

void lane::run_batch(batch& work)
{
    stamped_slots under_way{env_.stamps};
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        if (!session_.usable() && !reconnect()) { return work.complete(errc::cluster_down); }
        switch (try_batch(work, under_way)) {
        case end::done: return;
        case end::repeat:
        case end::lost: break;
        case end::refused: under_way.clear(); return run_one_by_one(work);
        case end::unsettled:
            if (settle(work, under_way)) { return; }
            break;
        }
        under_way.clear();
    }
    work.complete(session_.usable() ? errc::storage_failed : errc::cluster_down);
}

lane::end lane::try_batch(batch& work, stamped_slots& under_way)
{
    auto const sorted = [this](failure const& failed) {
        switch (failed.what) {
        case failure::kind::lost:
        case failure::kind::fenced: return end::lost;
        case failure::kind::try_again:
            session_.link.rollback();  // a lock wait that timed out has undone its statement only
            return end::repeat;
        default: break;
        }
        env_.to_log.error("lane {}: MySQL refused a statement: {} ({})", index_, failed.text, failed.code);
        session_.link.rollback();
        return end::refused;
    };
    work.collect(env_.time.now());
    if (auto const failed = load_and_decide(work)) { return sorted(failed); }
    auto rest = work.take_undecided();
    deferred_.insert(deferred_.begin(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
    auto const writes = work.writes();
    if (!writes.empty() && !env_.writes_are_safe) {
        session_.link.rollback();
        work.complete(errc::cluster_down);
        return end::done;
    }
    if (writes.empty()) {
        if (auto const failed = session_.link.rollback()) { return end::lost; }  // ends the snapshot of the loads
    } else {
        under_way.mark(writes.slots);
        if (auto const failed = write(writes)) { return sorted(failed); }
        if (auto const failed = session_.link.commit()) {
            return failed.what == failure::kind::try_again ? sorted(failed) : end::unsettled;
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

failure lane::load_and_decide(batch& work)
{
    do {
        auto const missing = work.missing();
        if (missing.empty()) { continue; }
        if (auto failed = session_.records->load(missing, [&](row const& found) { work.loaded(found); })) { return failed; }
        work.rows_loaded();
    } while (!work.decide(last_version_, env_.value_bytes_max));
    return {};
}

failure lane::write(batch_writes const& writes)
{
    auto& records = *session_.records;
    std::uint64_t count = 0;
    if (auto failed = raise_ceiling_if_near()) { return failed; }
    if (!writes.puts.empty()) {
        if (auto failed = records.upsert(writes.puts, count)) { return failed; }
    }
    if (!writes.erasures.empty()) {
        if (auto failed = records.erase(writes.erasures, count)) { return failed; }
    }
    if (!writes.expiries_removed.empty()) {
        if (auto failed = records.remove_expiries(writes.expiries_removed)) { return failed; }
    }
    if (!writes.expiries_added.empty()) {
        if (auto failed = records.add_expiries(writes.expiries_added)) { return failed; }
    }
    return {};
}

failure lane::raise_ceiling_if_near()
{
    if (version_ceiling_ - last_version_ > versions_left_min) { return {}; }
    // Raised in memory before the commit is known: a ceiling that MySQL does not have yet is raised again, far from its end.
    auto const raised = version_ceiling_ + versions_per_tenure / 4;
    if (auto failed = store::raise_ceiling(session_.link, env_.mysql.held().epoch, raised)) { return failed; }
    version_ceiling_ = raised;
    return {};
}

/// Some statement of the batch was refused: so that one operation's misfortune stays its own, each is run alone.
void lane::run_one_by_one(batch& work)
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

// Broken connections

bool lane::reconnect()
{
    auto const now = std::chrono::steady_clock::now();
    if (now < reconnect_not_before_) { return false; }
    reconnect_not_before_ = now + reconnect_pause;
    session_.records.reset();
    session_.link.close();
    auto const failed = env_.mysql.open(session_);
    if (failed && !std::exchange(away_logged_, true)) {
        env_.to_log.warning("lane {}: no MySQL: {}; answering CLUSTERDOWN until it is back", index_, failed.text);
    }
    if (!failed && std::exchange(away_logged_, false)) { env_.to_log.info("lane {}: MySQL is back", index_); }
    return !failed;
}

/// After a COMMIT without an answer. True: the batch has been completed. False: it was rolled back, and may be repeated.
///
/// Until the old session is over nothing else may be begun (invariant 2), and its slots stay marked as being written, so
/// no reader answers what may be half true.
bool lane::settle(batch& work, stamped_slots& under_way)
{
    auto const witness = work.witness();
    auto const old_session = session_.link.tag();
    work.forget();
    env_.to_log.warning("lane {}: connection lost in COMMIT; finding out what became of {} operations", index_, work.size());
    auto const deadline = std::chrono::steady_clock::now() + env_.outcome_patience;
    bool told = false;
    for (;;) {
        if (reconnect() && is_over(old_session)) {
            if (told) { return true; }
            bool known = !witness;
            auto const committed = witness && was_committed(*witness, known);
            if (known && !committed) { return false; }
            if (known) {
                work.publish();
                under_way.clear();
                work.complete(errc::ok);
                return true;
            }
        }
        if (!told && (std::chrono::steady_clock::now() >= deadline || queue_.closed())) {
            env_.to_log.error("lane {}: what became of {} operations is still not known; their callers are told so", index_, work.size());
            work.complete_unknown();
            told = true;
        }
        if (told && queue_.closed()) {
            refuse_queue(errc::stopping);
            return true;
        }
        std::vector<item> items;
        queue_.take(items, reconnect_pause);
        for (auto& each : items) { refuse(each, errc::cluster_down); }
    }
}

/// Work that did not end as a batch does has lost its session: nothing is begun, and nothing read meanwhile is believed, before
/// that session's transaction is over.
void lane::await_end_of(std::string const& tag)
{
    while (!(reconnect() && is_over(tag)) && !queue_.closed()) {
        std::vector<item> items;
        queue_.take(items, reconnect_pause);
        for (auto& each : items) { refuse(each, errc::cluster_down); }
    }
    env_.stamps.disturb_all();
    env_.known.clear();
}

bool lane::is_over(std::string const& tag) { return !end_connection(session_.link, tag, session_end_patience); }

bool lane::was_committed(batch_witness const& witness, bool& known)
{
    std::optional<std::uint64_t> found;
    auto const failed = session_.records->load_versions({&witness.key, 1}, [&](row_key const&, std::uint64_t version) { found = version; });
    known = !failed;
    if (known) { session_.link.rollback(); }
    return found == witness.version;
}

}  // namespace mykeyv::store
