// SPDX-License-Identifier: Apache-2.0
// Which slots may be asked for right now: what every request looks at first.
#pragma once

#include "mykeyv/base/slot.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace mykeyv::store {

enum class gate : std::uint8_t {
    closed,  ///< another node's, or nobody's
    open,    ///< ours: reads from the cache, readers, the lane
    parked,  ///< ours until another node has answered: operations wait in the lane
};

/// Written by a slot's lane, read by everybody.
class slot_gates {
public:
    gate of(slot s) const noexcept { return gates_[s.number()].load(); }
    void set(slot s, gate g) noexcept { gates_[s.number()].store(g); }

private:
    std::array<std::atomic<gate>, slot::count> gates_{};
};

}  // namespace mykeyv::store
