// SPDX-License-Identifier: Apache-2.0
// The clerk: slow work on the whole node, one piece after another, on a thread and a connection of its own.
#pragma once

#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/lane.hpp"
#include "mykeyv/store/sql_thread.hpp"
#include "mykeyv/store/work_queue.hpp"

#include <atomic>
#include <functional>
#include <span>

namespace mykeyv::store {

class clerk {
public:
    using task = unique_function<failure(session&)>;

    /// Sweeps expired records through `lane_of`'s lanes, which must outlive it, when it has nothing else to do.
    /// Connects before it returns; throws start_up_error.
    clerk(environment&, std::function<lane&(slot)> lane_of);
    ~clerk();  ///< close() and join()
    clerk(clerk const&) = delete;
    clerk& operator=(clerk const&) = delete;

    /// Any thread. `done` is called on the clerk's thread, or at once when it takes no more.
    void submit(task, unique_function<void(errc)> done);
    void close() { queue_.close(); }
    void join();

private:
    struct item {
        task work;
        unique_function<void(errc)> done;
    };

    void run();
    void run_item(item&);
    /// True: there may be more at once.
    bool sweep_expired();
    bool reconnect();

    environment& env_;
    std::function<lane&(slot)> lane_of_;
    session session_;
    std::chrono::steady_clock::time_point reconnect_not_before_;
    std::atomic<int> sweeps_under_way_{0};
    std::size_t lines_not_ours_ = 0;  // that the last sweep met: of slots that are not served, and stay until they are
    work_queue<item> queue_;
    sql_thread thread_;
};

}  // namespace mykeyv::store
