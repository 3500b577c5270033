// SPDX-License-Identifier: Apache-2.0
// Slots in a row, and a table of slots cut into such rows.
#pragma once

#include "mykeyv/base/slot.hpp"

#include <cstddef>

namespace mykeyv::cluster {

/// All slots from `first` to `last`, both included; `first <= last`.
struct slot_range {
    slot first;
    slot last;

    friend constexpr auto operator<=>(slot_range, slot_range) = default;
};

/// Cuts `owners` (one per slot, by slot number) into the longest ranges of equal owners, and calls
/// `visit(slot_range, owner)` for each, ascending. So every node cuts the same table into the same ranges.
template <class Owners, class Visit>
void for_each_range(Owners const& owners, Visit visit)
{
    for (std::size_t first = 0; first < owners.size();) {
        auto last = first;
        while (last + 1 < owners.size() && owners[last + 1] == owners[first]) { ++last; }
        visit(slot_range{slot{static_cast<unsigned>(first)}, slot{static_cast<unsigned>(last)}}, owners[first]);
        first = last + 1;
    }
}

}  // namespace mykeyv::cluster
