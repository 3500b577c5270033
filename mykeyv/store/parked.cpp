// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/parked.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::store {
namespace {

void end(operation_ptr op, errc why)
{
    auto& ended = *op;
    ended.completed(std::move(op), why);
}

}  // namespace

void parked_operations::park(operation_ptr op, time now)
{
    auto const [place, fresh] = by_slot_.try_emplace(op->slot());
    auto& waiting = place->second;
    if (fresh) { waiting.deadline = now + patience_; }
    auto const bytes = op->payload_bytes();
    if (waiting.overdue || operations_ >= limits::parked_operations_max || bytes_ + bytes > limits::parked_bytes_max) {
        return end(std::move(op), errc::in_transit);
    }
    waiting.operations.push_back(std::move(op));
    ++operations_;
    bytes_ += bytes;
    next_ = std::min(next_, waiting.deadline);
}

std::vector<operation_ptr> parked_operations::take(slot s)
{
    auto const place = by_slot_.find(s);
    if (place == by_slot_.end()) { return {}; }
    auto taken = std::move(place->second.operations);
    by_slot_.erase(place);
    operations_ -= taken.size();
    for (auto const& op : taken) { bytes_ -= op->payload_bytes(); }
    if (operations_ == 0) { next_ = time::max(); }
    return taken;
}

void parked_operations::refuse(queue& waiting, errc why)
{
    for (auto& op : std::exchange(waiting.operations, {})) {
        --operations_;
        bytes_ -= op->payload_bytes();
        end(std::move(op), why);
    }
}

void parked_operations::end_overdue(time now)
{
    if (now < next_) { return; }
    next_ = time::max();
    for (auto& [s, waiting] : by_slot_) {
        if (waiting.overdue) { continue; }
        if (waiting.deadline > now) {
            next_ = std::min(next_, waiting.deadline);
        } else {
            waiting.overdue = true;
            refuse(waiting, errc::in_transit);
        }
    }
}

void parked_operations::refuse_all(errc why)
{
    for (auto& [s, waiting] : by_slot_) { refuse(waiting, why); }
    by_slot_.clear();
    next_ = time::max();
}

}  // namespace mykeyv::store
