// SPDX-License-Identifier: Apache-2.0
// Promise 3: the operations of one connection take effect in the order in which they were sent.
//
// The store keeps an order among what goes through a lane. Reads that the cache or a reader answers are outside of it, and are
// what makes pipelines fast, so this decides which way each operation may take. It sees slots in buckets (slot mod 256):
//
//     idle ----- read_begins ----> reading       one read is at a reader: anything else of the bucket waits for it
//     idle ----- write_begins ---> in the lane   reads follow in lane order, writes just follow
//     any  ----- ends -----------> idle, when it was the last
//     all idle - node_begins ----> the whole node (SCAN, FLUSHALL...): anything else waits for it
//
// Why a second read waits for the first, although each alone would be linearizable: the first may see a write that the second,
// answered from the cache meanwhile, did not. A client would see its own pipeline go back in time.
#pragma once

#include "mykeyv/base/slot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mykeyv::server {

/// Knows what of one session is unfinished. Does no I/O. One thread.
class session_order {
public:
    enum class way {
        at_once,        ///< a read: from the cache, or from a reader (then read_begins)
        in_lane_order,  ///< through the lane (then lane_begins)
        wait,           ///< not before something of this session has ended
    };

    /// The way of a read, or of a write, of this slot, if it were to begin now.
    way way_of_read(slot) const noexcept;
    way way_of_write(slot) const noexcept;
    /// Whether something that concerns every key may begin now.
    bool node_may_begin() const noexcept { return unfinished_ == 0; }

    /// A read that went to a reader. Its slot's bucket was idle.
    void read_begins(slot) noexcept;
    void read_ends(slot) noexcept;
    /// A read or write that went to the lane.
    void lane_begins(slot) noexcept;
    void lane_ends(slot) noexcept;
    void node_begins() noexcept;
    void node_ends() noexcept;

    /// Operations that have begun and not ended.
    std::size_t unfinished() const noexcept { return unfinished_; }

private:
    static constexpr std::size_t buckets = 256;
    static std::size_t bucket_of(slot s) noexcept { return s.number() % buckets; }

    std::array<bool, buckets> reading_{};
    std::array<std::uint32_t, buckets> in_lane_{};
    std::size_t unfinished_ = 0;
    bool node_ = false;
};

}  // namespace mykeyv::server
