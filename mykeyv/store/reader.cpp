// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/reader.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/start_up_error.hpp"

#include <utility>

namespace mykeyv::store {
namespace {

constexpr std::chrono::milliseconds reconnect_pause{100};
constexpr std::size_t batch_operations_max = 256;  // small: the first of them waits for the last

/// The stamps that the slots of a batch had before it was read.
class stamps_before {
public:
    stamps_before(write_stamps const& stamps, batch const& work) : stamps_{stamps}
    {
        for (auto const& op : work.operations()) { before_.try_emplace(op->slot(), stamps.read(op->slot())); }
    }
    write_stamps::stamp of(slot s) const { return before_.at(s); }
    bool quiet_since(slot s) const { return stamps_.quiet_since(s, of(s)); }

private:
    write_stamps const& stamps_;
    std::unordered_map<slot, write_stamps::stamp> before_;
};

}  // namespace

reader::reader(unsigned index, environment& env, std::function<void(operation_ptr)> hand_on)
    : index_{index}, env_{env}, hand_on_{std::move(hand_on)}, queue_{limits::lane_queue_max}
{
    if (!reconnect()) { throw start_up_error{"a reader cannot connect to MySQL"}; }
    thread_.start("reader", [this] { run(); });
}

reader::~reader()
{
    close();
    join();
}

void reader::join()
{
    thread_.join([this] { session_.link.interrupt(); });
}

void reader::submit(operation_ptr op)
{
    if (!queue_.push(std::move(op))) {
        auto& refused = *op;
        refused.completed(std::move(op), queue_.closed() ? errc::stopping : errc::overloaded);
    }
}

void reader::run()
{
    std::vector<operation_ptr> taken;
    for (;;) {
        auto const took = queue_.take(taken, session_.usable() ? std::chrono::milliseconds{60'000} : reconnect_pause);
        if (took == work_queue<operation_ptr>::taken::closed) { return; }
        if (!session_.usable()) { reconnect(); }
        batch gathered{env_.known};
        for (auto& op : taken) {
            gathered.add(std::move(op));
            while (gathered.size() >= batch_operations_max) { run_batch(gathered); }
        }
        while (!gathered.empty()) { run_batch(gathered); }
    }
}

void reader::run_batch(batch& work)
{
    stamps_before const before{env_.stamps, work};
    work.collect(env_.time.now());
    auto failed = load_and_decide(work);
    if (failed && !session_.usable() && reconnect()) {
        work.collect(env_.time.now());
        failed = load_and_decide(work);
    }
    if (failed) {
        if (!std::exchange(away_logged_, true)) {
            env_.to_log.warning("reader {}: no MySQL: {}; answering CLUSTERDOWN until it is back", index_, failed.text);
        }
        return work.complete(errc::cluster_down);
    }
    if (std::exchange(away_logged_, false)) { env_.to_log.info("reader {}: MySQL is back", index_); }
    // The gate is looked at after the read: of a slot that has left meanwhile the rows may be half erased, of one that comes half there.
    auto const is_served = [this](slot s) { return env_.gates.of(s) == gate::open; };
    work.for_each_loaded([&](slot s, std::string_view key, record_view const* record) {
        if (is_served(s)) { env_.known.fill(s, key, record, env_.stamps, before.of(s)); }
    });
    auto rest = work.take_undecided();
    for (auto& op : work.take_operations()) {
        auto& answered = *op;
        if (before.quiet_since(answered.slot()) && is_served(answered.slot())) {
            answered.completed(std::move(op), errc::ok);
        } else {
            hand_on_(std::move(op));
        }
    }
    for (auto& op : rest) { work.add(std::move(op)); }
}

failure reader::load_and_decide(batch& work)
{
    if (!session_.usable()) { return failure::because("no connection to MySQL"); }
    bool asked_mysql = false;
    std::uint64_t no_version = 0;
    do {
        auto const missing = work.missing();
        if (missing.empty()) { continue; }
        if (auto failed = session_.records->load(missing, [&](row const& found) { work.loaded(found); })) { return failed; }
        work.rows_loaded();
        asked_mysql = true;
    } while (!work.decide(no_version, env_.value_bytes_max));
    // All from the cache: believed under the lease, or if MySQL still knows us after we looked there.
    return asked_mysql || env_.lease.holds() ? failure{} : session_.link.rollback();
}

bool reader::reconnect()
{
    auto const now = std::chrono::steady_clock::now();
    if (now < reconnect_not_before_) { return false; }
    reconnect_not_before_ = now + reconnect_pause;
    // Autocommit: each SELECT is a snapshot of its own, and no transaction stays open between batches.
    return !env_.mysql.open(session_) && !session_.link.execute("SET autocommit=1");
}

}  // namespace mykeyv::store
