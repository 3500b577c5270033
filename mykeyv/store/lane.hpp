// SPDX-License-Identifier: Apache-2.0
// A lane: a thread for a lane_core, and the queue before it.
#pragma once

#include "mykeyv/store/lane_core.hpp"
#include "mykeyv/store/sql_thread.hpp"
#include "mykeyv/store/work_queue.hpp"

#include <memory>
#include <vector>

namespace mykeyv::store {

class lane final : private lane_inbox {
public:
    /// Connects before it returns; throws start_up_error. Nothing runs before start().
    lane(unsigned index, environment&, std::unique_ptr<lane_session>);
    ~lane();  ///< close() and join()
    lane(lane const&) = delete;
    lane& operator=(lane const&) = delete;

    /// Before start(), or on the lane's thread.
    lane_core& core() noexcept { return core_; }
    void start();

    /// From any thread; refused work is completed at once, with the reason.
    void submit(lane_item);

    /// Takes no more work; what was taken is finished by join().
    void close() { queue_.close(); }
    void join();

private:
    void run();
    void take(std::vector<lane_item>& out, std::chrono::milliseconds patience) override { queue_.take(out, patience); }
    bool closed() const override { return queue_.closed(); }

    work_queue<lane_item> queue_;
    lane_core core_;
    sql_thread thread_;
};

}  // namespace mykeyv::store
