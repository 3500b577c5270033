// SPDX-License-Identifier: Apache-2.0
// Operations that wait for another node's answer about their slot: bounded in number, bytes and time.
#pragma once

#include "mykeyv/store/operation.hpp"

#include <chrono>
#include <unordered_map>
#include <vector>

namespace mykeyv::store {

/// Of one lane. Refused operations end with `errc::in_transit`: certainly not executed.
class parked_operations {
public:
    using time = std::chrono::steady_clock::time_point;

    explicit parked_operations(std::chrono::milliseconds patience) noexcept : patience_{patience} {}

    /// Takes an operation in its order. Over the limits, or when its slot is overdue: refuses it.
    void park(operation_ptr, time now);
    /// Those of a slot, in their order; the slot is as if nothing had been parked.
    std::vector<operation_ptr> take(slot);
    /// Ends what waits too long. The slots they wait for are overdue from then on: nothing more is parked for them.
    void end_overdue(time now);
    /// When end_overdue() has something to do next; time::max(): nothing waits.
    time next() const noexcept { return next_; }
    void refuse_all(errc why);

private:
    struct queue {
        std::vector<operation_ptr> operations;
        time deadline;
        bool overdue = false;
    };
    void refuse(queue&, errc why);

    std::chrono::milliseconds const patience_;
    std::unordered_map<slot, queue> by_slot_;
    std::size_t operations_ = 0;
    std::size_t bytes_ = 0;
    time next_ = time::max();
};

}  // namespace mykeyv::store
