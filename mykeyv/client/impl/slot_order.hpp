// SPDX-License-Identifier: Apache-2.0
// Keeps the requests of one slot in the order of their calls while the slot moves from node to node. No I/O, no clock.
//
// As long as all requests of a slot travel on one connection and the node executes them, the connection keeps their order. A slot becomes
// unsettled when a node turns a request back (MOVED, TRYAGAIN...: not executed), or when a request would go another way than those
// that are out. Then nothing new goes out. Those that are out end or come back; the oldest goes alone, and once it has been answered
// the others follow.
//
//             enter: another way than those out, or turn_back
//    settled --------------------------------------------------> unsettled   held: by turn; the first goes when nothing is out
//       ^                                                            |
//       `------------------------------------------------------------'
//         nothing is held, and the last one that was out is answered
//
// Invariants:
//   1. What is out of one slot has the same way, and is older than all that is held.
//   2. Of an unsettled slot, one request is out at most, besides those that were out when it became so; but when that one is answered,
//      the held ones follow together.
//   3. Something that is held, ready and first does not stay while nothing is out: next() names it.
#pragma once

#include "mykeyv/base/error.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/client/core.hpp"
#include "mykeyv/client/impl/pipeline.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace mykeyv::detail {

/// The place of a request among all: operations are numbered in the order of their calls, and requests within an operation.
struct turn {
    operation_id call;
    ticket who;
    friend auto operator<=>(turn const&, turn const&) = default;
};

class slot_order {
public:
    /// Names the connection that a request takes.
    using way = void const*;

    slot_order() : slots_(slot::count) {}

    /// A new request would take this way. True: it is out, and may. False: it is held, and ready.
    bool enter(slot, turn, way);
    /// A new request that is held, until it is woken: there is no way for it now.
    void enter_held(slot, turn);
    /// A request of several slots goes out at once. To be asked first, for each: goes_straight.
    void join(slot, way);
    bool goes_straight(slot, way) const noexcept;

    /// One that is out would take this way, perhaps another than before. False: it is held now, and ready.
    bool go_on(slot, turn, way);
    /// One that was out was certainly not executed; it is held until it is woken.
    void turn_back(slot, turn);
    /// One that is held may go.
    void wake(slot, turn);

    /// One that was out is over. `answered`: by the node; false: nobody knows, or it was never sent.
    void leave(slot, bool answered);
    /// One that is held is over.
    void give_up(slot, turn);

    /// To be called after each of the above until there is none: the request that goes out now, by whichever way; it counts as out.
    std::optional<ticket> next(slot);

    bool settled(slot place) const noexcept { return !slots_[place.number()].unsettled; }

    /// What keeps the requests of an unsettled slot from being executed; for those that are held when their time is over.
    void hindered(slot, errc);
    errc hindrance(slot) const noexcept;

private:
    struct line_of_slot {
        way where = nullptr;
        std::uint32_t out = 0;
        bool unsettled = false;
    };
    struct held_requests {
        std::map<turn, bool> ready;  // of each that is held
        bool open = false;           // all may go, one after the other at once
        errc hindrance = errc::timed_out_unsent;
    };

    line_of_slot& at(slot place) noexcept { return slots_[place.number()]; }
    held_requests& hold(slot, turn, bool ready);
    void settle_if_over(slot);

    std::vector<line_of_slot> slots_;
    std::unordered_map<slot, held_requests> held_;  // of the unsettled slots
};

}  // namespace mykeyv::detail
