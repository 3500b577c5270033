// SPDX-License-Identifier: Apache-2.0
// The work of a lane, without its thread: the single writer of its slots.
//
//     connected --(connection lost before COMMIT)--> away --(reconnected, fence verified)--> connected
//     connected --(connection lost in COMMIT)------> unsettled --(old session over, row read)--> connected
//
// Invariants
//   1 One batch at a time: load, decide, commit, publish, reply. So the cache never finds a value that MySQL could still
//     lose, and a key never has two writers.
//   2 No batch begins before the outcome of the one before it is known.
//   3 A reply says what is known: `ok` is committed, `outcome_unknown` may be, everything else is not.
//   4 An operation runs only while the gate of its slot is open. Gates change between batches only.
//   5 A transaction that the agent has left open is committed before anything else is done in the session.
#pragma once

#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/store/batch.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/lane_session.hpp"
#include "mykeyv/store/parked.hpp"
#include "mykeyv/store/slot_agent.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace mykeyv::store {

/// Something to be done by a lane's thread between two batches. Called once: with `ok` there, or with the reason why
/// not, on any thread.
using errand = unique_function<void(errc)>;

/// Lines of the sweeper's list; `done` is called when they have been dealt with, or could not be.
struct sweep {
    std::vector<due_line> lines;
    unique_function<void()> done;
};

/// Something that the agent is to know. Nothing that a batch depends on changes by it, so no batch ends for it. Called as an errand is.
struct note {
    explicit note(errand what) : read{std::move(what)} {}
    errand read;
};

using lane_item = std::variant<operation_ptr, sweep, errand, note>;

/// Work that has not begun, as a lane sees it that cannot go on yet.
class lane_inbox {
public:
    virtual ~lane_inbox() = default;
    /// What has arrived, after `patience` at the latest; `out` is emptied before.
    virtual void take(std::vector<lane_item>& out, std::chrono::milliseconds patience) = 0;
    virtual bool closed() const = 0;
};

/// Between two attempts to reach MySQL again.
inline constexpr std::chrono::milliseconds lane_reconnect_pause{100};
/// How long a transaction that has only read stays open, at most. To end it at once is a message of its own to MySQL; nobody waits for it
/// but who changes the tables themselves.
inline constexpr std::chrono::milliseconds lane_reading_max{50};

class lane_core {
public:
    /// Opens the session; throws start_up_error. All that is passed must outlive it.
    lane_core(unsigned index, environment&, std::unique_ptr<lane_session>, lane_inbox&);

    /// Who moves slots; null: nobody. Before the first items.
    void employ(slot_agent* agent) noexcept { agent_ = agent; }

    /// Any thread: for a lane that has to end and waits for MySQL.
    void interrupt() noexcept { session_->interrupt(); }

    // The lane's thread only, from here on

    void run_items(std::vector<lane_item>& items);
    /// Between batches: reconnects if need be, ends what was parked too long, wakes the agent. When it wants to be called again.
    std::chrono::steady_clock::time_point idle();
    static void refuse(lane_item&, errc why);
    /// The last thing that it does.
    void stop(errc why)
    {
        if (agent_ != nullptr) { agent_->stopping(); }
        parked_.refuse_all(why);
    }

    // For errands and the agent

    /// A transaction of its own, which `what` commits or rolls back; the agent may also leave it open, until its next step or its
    /// end_transaction(). It is done again when its connection was lost, so doing it twice must be as good as once. `cluster_down`,
    /// `storage_failed`: not done, and nothing of what was open. `outcome_unknown`: perhaps.
    using transaction = std::function<failure(lane_session&)>;
    errc step(transaction what);
    /// As step(), for what only reads, and neither commits nor rolls back: its transaction ends with the next one, or soon.
    errc read(transaction what);
    /// What was parked for the slot is looked at again, after the errand.
    void release(slot);
    /// Erases every record of all open slots of this lane; not in one step.
    errc erase_all(std::function<bool(slot)> const& which);

    unsigned index() const noexcept { return index_; }
    environment& surroundings() noexcept { return env_; }
    std::uint64_t last_version() const noexcept { return last_version_; }
    /// Versions that another node has given out up to `version` are to be continued here. First: the ceiling to be raised to, in the
    /// transaction that makes them ours; nothing if it is high enough. Then, when that is committed: goes on behind them.
    std::optional<std::uint64_t> ceiling_behind(std::uint64_t version) const noexcept;
    void continue_behind(std::uint64_t version, std::optional<std::uint64_t> ceiling) noexcept;

private:
    enum class end { done, repeat, lost, refused, unsettled };

    void end_agents_transaction();
    std::chrono::steady_clock::time_point end_reading();  // if that has been put off for long enough; else says until when
    void admit(operation_ptr, batch&, std::size_t& bytes);
    void run_batch(batch&);
    end try_batch(batch&, stamped_slots&);
    end sort(failure const&);
    failure load_and_decide(batch&);
    failure write(batch_writes const&);
    void run_one_by_one(batch&);
    bool settle(batch&, stamped_slots&);
    void await_end_of(std::string const& tag);
    bool was_committed(batch_witness const&, bool& known);

    bool reconnect();
    void refuse_inbox(errc why);
    failure raise_ceiling_if_near();

    unsigned const index_;
    environment& env_;
    std::unique_ptr<lane_session> session_;
    lane_inbox& inbox_;
    slot_agent* agent_ = nullptr;
    std::uint64_t last_version_;
    std::uint64_t version_ceiling_;
    parked_operations parked_;
    std::vector<operation_ptr> deferred_;  // what the batch that runs left out: the next one
    std::vector<operation_ptr> released_;
    std::optional<std::chrono::steady_clock::time_point> reading_until_;  // a transaction is open, and has only read
    std::chrono::steady_clock::time_point reconnect_not_before_;
    bool away_logged_ = false;
};

}  // namespace mykeyv::store
