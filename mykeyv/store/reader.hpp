// SPDX-License-Identifier: Apache-2.0
// A reader: answers reads that the cache cannot, on a connection of its own, so that a miss never waits behind an fsync.
//
// What it reads counts only if no write of the slot overlapped the reading (write_stamps); else the lane answers.
#pragma once

#include "mykeyv/store/batch.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/sql_thread.hpp"
#include "mykeyv/store/work_queue.hpp"

#include <functional>
#include <vector>

namespace mykeyv::store {

class reader {
public:
    /// `hand_on` takes what has to be asked of the slot's lane. Connects before it returns; throws start_up_error.
    reader(unsigned index, environment&, std::function<void(operation_ptr)> hand_on);
    ~reader();  ///< close() and join()
    reader(reader const&) = delete;
    reader& operator=(reader const&) = delete;

    /// Any thread. Only reads.
    void submit(operation_ptr);
    void close() { queue_.close(); }
    void join();

private:
    void run();
    /// Leaves in the batch what it held too much for.
    void run_batch(batch&);
    failure load_and_decide(batch&);
    bool reconnect();

    unsigned const index_;
    environment& env_;
    std::function<void(operation_ptr)> const hand_on_;
    session session_;
    std::chrono::steady_clock::time_point reconnect_not_before_;
    bool away_logged_ = false;
    work_queue<operation_ptr> queue_;
    sql_thread thread_;
};

}  // namespace mykeyv::store
