// SPDX-License-Identifier: Apache-2.0
// What a node does about a slot that is offered to it: pure functions of the slot's row.
//
//     none, gone, refused --PREPARE--> importing --CUT_OVER--> owned --hand-over--> handing_over --yes--> gone
//                                          |                     ^                       |
//                                          +--anything wrong--> refused                  +--no--> owned, two epochs on
//
// Invariants, each of which the model (model/migration.pml) and the simulation hold the code to:
//   1 The pair (epoch, transfer) of a row only grows.
//   2 Only the target's commit of CUT_OVER gives a slot to another node. Before that it says "no" to the question only after
//     it has made sure, durably, that this offer will never be taken.
//   3 A source that has sent CUT_OVER, which it does only when `handing_over` is committed, or that finds this row after a restart, serves
//     nothing until it has the target's answer; no time-out gives the slot back.
//   4 At each epoch a slot has one owner at most: e is the source's, e + 1 the target's if it takes the slot, e + 2 the source's
//     if the target said no.
//   5 No row from before PREPARE is ever served after CUT_OVER.
#pragma once

#include "mykeyv/store/slot_row.hpp"

#include <cstdint>

namespace mykeyv::cluster {

enum class on_prepare : std::uint8_t {
    begin,   ///< erase what there is, commit `importing`, say yes
    again,   ///< this very attempt has begun: yes
    refuse,  ///< an older attempt than one that is known, or a slot that is served here: no
};
/// `alive`: this node remembers all that it received for the offer, as it has not been restarted since.
on_prepare answer_prepare(store::slot_row const& row, store::transfer_offer const& offered, bool alive) noexcept;

enum class on_query : std::uint8_t {
    yes,     ///< it was taken
    no,      ///< it was not, and the row says that it never will be
    forbid,  ///< it was not: commit `refused`, then say no
    absurd,  ///< this node serves the slot since before the asker can have had it: say nothing, tell people
};
on_query answer_query(store::slot_row const& row, store::transfer_offer const& asked) noexcept;

/// The row that forbids an offer, and all before it, for ever.
store::slot_row forbidding(store::slot_row const& row, store::transfer_offer const& offer) noexcept;

/// The row of an owner whose offer was taken, or was refused.
store::slot_row after_yes(store::slot_row const& handing_over) noexcept;
store::slot_row after_no(store::slot_row const& handing_over) noexcept;

/// Whether an owner's row may be followed by this one: that of an offer to come, or of one that was taken, refused or never made.
bool leads_to(store::slot_row const& row, store::slot_row const& next) noexcept;

}  // namespace mykeyv::cluster
