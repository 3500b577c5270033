// SPDX-License-Identifier: Apache-2.0
// What this node's MySQL says of a slot: a row of the table `slots`. docs/cluster.md has the table of what each state means.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/slot.hpp"

#include <compare>
#include <cstdint>

namespace mykeyv::store {

/// The numbers are stored; they never change.
enum class slot_state : std::uint8_t {
    none = 0,          ///< never stored: there is no row; this node never had to do with the slot
    owned = 1,         ///< this node serves it, since `epoch`
    handing_over = 2,  ///< offered to `peer`, which owns it at `epoch` if it takes it, or about to be; then only its answer ends this
    gone = 3,          ///< `peer` has taken it at `epoch`; rows that are left here are rubbish
    importing = 4,     ///< its rows arrive from `peer`; this node is to own it at `epoch`
    refused = 5,       ///< nothing up to `offer` will ever be taken here; rows that are left are rubbish
};

/// One attempt to hand a slot over. Both numbers only grow, and are compared in this order.
struct transfer_offer {
    std::uint64_t epoch = 0;     ///< the target's, if it takes the slot: one more than the source's
    std::uint64_t transfer = 0;  ///< unique and increasing at the source, also across its restarts

    friend constexpr auto operator<=>(transfer_offer const&, transfer_offer const&) = default;
};

struct slot_row {
    slot_state state = slot_state::none;
    transfer_offer offer;  ///< of an owner: what it took the slot by
    node_id peer;          ///< whom it came from or goes to; all zero where there is nobody

    std::uint64_t epoch() const noexcept { return offer.epoch; }
    friend bool operator==(slot_row const&, slot_row const&) = default;
};

}  // namespace mykeyv::store
