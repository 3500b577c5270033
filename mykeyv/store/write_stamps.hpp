// SPDX-License-Identifier: Apache-2.0
// Which slots have a write under way: what lets a read outside of the lane know whether it overlapped one.
#pragma once

#include "mykeyv/base/slot.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// A counter per slot, odd while a transaction that changes the slot is between its first statement and its publication.
///
/// A value read from MySQL by somebody else than the lane may be answered, and cached, only if the stamp was even before the
/// read and is the same after it. Otherwise the value may belong to a transaction that other readers cannot see yet, or
/// that is not on disk yet, and whoever answered it could be contradicted by the next answer.
/// One thread at a time (the slot's lane) begins and ends; any thread reads.
class write_stamps {
public:
    using stamp = std::uint32_t;

    void begin(slot s) noexcept { stamps_[s.number()].fetch_add(1); }
    void end(slot s) noexcept { stamps_[s.number()].fetch_add(1); }

    /// Makes every read that is under way count as overlapped; whether a slot is being written stays as it is. Any thread.
    void disturb_all() noexcept
    {
        for (auto& each : stamps_) { each.fetch_add(2); }
    }

    stamp read(slot s) const noexcept { return stamps_[s.number()].load(); }
    static bool quiet(stamp s) noexcept { return (s & 1u) == 0; }
    /// True when no write of the slot overlapped the time since `before` was read.
    bool quiet_since(slot s, stamp before) const noexcept { return quiet(before) && read(s) == before; }

private:
    std::array<std::atomic<stamp>, slot::count> stamps_{};
};

/// The slots that a transaction of one lane changes, marked until what became of it is known and published.
class stamped_slots {
public:
    explicit stamped_slots(write_stamps& stamps) noexcept : stamps_{stamps} {}
    ~stamped_slots() { clear(); }
    stamped_slots(stamped_slots const&) = delete;
    stamped_slots& operator=(stamped_slots const&) = delete;

    /// Each slot once. Only when nothing is marked.
    void mark(std::vector<slot> slots)
    {
        marked_ = std::move(slots);
        for (auto const s : marked_) { stamps_.begin(s); }
    }
    void clear() noexcept
    {
        for (auto const s : marked_) { stamps_.end(s); }
        marked_.clear();
    }

private:
    write_stamps& stamps_;
    std::vector<slot> marked_;
};

}  // namespace mykeyv::store
