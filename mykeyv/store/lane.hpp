// SPDX-License-Identifier: Apache-2.0
// A lane: the single writer of its slots.
//
//     connected --(connection lost before COMMIT)--> away --(reconnected, fence verified)--> connected
//     connected --(connection lost in COMMIT)------> unsettled --(old session over, row read)--> connected
//
// Invariants
//   1 One batch at a time: load, decide, commit, publish, reply. So the cache never holds a value that MySQL could still
//     lose, and a key never has two writers.
//   2 No batch begins before the outcome of the one before it is known.
//   3 A reply says what is known: `ok` is committed, `outcome_unknown` may be, everything else is not.
#pragma once

#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/store/batch.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/work_queue.hpp"

#include <thread>
#include <variant>
#include <vector>

namespace mykeyv::store {

class lane {
public:
    /// Work that has the lane and its session for itself, between two batches; it commits or rolls back. It is done again when
    /// its connection was lost, so doing it twice must be as good as once.
    using task = unique_function<failure(session&)>;
    struct task_item {
        task work;
        unique_function<void(errc)> done;
    };
    /// Lines of the sweeper's list; `done` is called when they have been dealt with, or could not be.
    struct sweep {
        std::vector<due_line> lines;
        unique_function<void()> done;
    };

    /// Connects before it returns; throws start_up_error.
    lane(unsigned index, environment&);
    ~lane();  ///< close() and join()
    lane(lane const&) = delete;
    lane& operator=(lane const&) = delete;

    // From any thread; refused work is completed at once, with the reason.
    void submit(operation_ptr);
    void submit(sweep);
    void submit(task, unique_function<void(errc)> done);

    /// Takes no more work; what was taken is finished by join().
    void close() { queue_.close(); }
    void join();

private:
    using item = std::variant<operation_ptr, sweep, task_item>;
    enum class end { done, repeat, lost, refused, unsettled };

    void run();
    void run_items(std::vector<item>& items);
    void run_task(task_item&);
    void run_batch(batch&);
    end try_batch(batch&, stamped_slots&);
    failure load_and_decide(batch&);
    failure write(batch_writes const&);
    void run_one_by_one(batch&);
    bool settle(batch&, stamped_slots&);
    void await_end_of(std::string const& tag);
    bool is_over(std::string const& tag);
    bool was_committed(batch_witness const&, bool& known);

    bool reconnect();
    void refuse_queue(errc why);
    static void refuse(item&, errc why);
    failure raise_ceiling_if_near();

    unsigned const index_;
    environment& env_;
    session session_;
    std::uint64_t last_version_;
    std::uint64_t version_ceiling_;
    std::vector<operation_ptr> deferred_;  // what the batch that runs left out: the next one
    work_queue<item> queue_;
    std::chrono::steady_clock::time_point reconnect_not_before_;
    bool away_logged_ = false;
    std::thread thread_;
};

}  // namespace mykeyv::store
