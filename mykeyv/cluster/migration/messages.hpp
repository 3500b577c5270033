// SPDX-License-Identifier: Apache-2.0
// What nodes tell each other about a slot that moves. docs/cluster.md has the protocol.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/cluster/migration/packed_rows.hpp"
#include "mykeyv/store/lane_session.hpp"
#include "mykeyv/store/slot_row.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace mykeyv::cluster {

using store::slot_row;
using store::slot_state;
using store::slot_summary;
using store::transfer_offer;

/// "I am going to hand this slot over to you: forget what rows you have of it."
struct prepare {};
/// Rows of the slot, the `number`th portion from 1 on. Later ones replace earlier ones.
struct portion {
    std::uint64_t number = 0;
    packed_rows rows;
};
/// "I serve it no more. With these last rows you have it all: take it."
struct cut_over {
    portion last;
    slot_summary summary;         ///< of all the slot's rows
    std::uint64_t last_version = 0;  ///< no record of the slot ever had a higher one
};
/// "Did you take it?"
struct query {};
/// "I have given this attempt up." Needs no answer.
struct cancel {};

/// From the owner of a slot to the node that is to own it.
struct slot_request {
    mykeyv::slot slot;
    transfer_offer offer;
    node_id source;
    std::variant<prepare, portion, cut_over, query, cancel> what;
};

/// About a slot that nobody serves until there is an answer. These keep their order among each other; others may come late.
bool is_urgent(slot_request const&) noexcept;

/// The answer to one. `no` to cut_over and query is durable: what was offered will never be taken.
struct slot_reply {
    mykeyv::slot slot;
    transfer_offer offer;
    enum class to { prepare, portion, cut_over, query, cancel } about = to::query;
    std::uint64_t number = 0;  ///< of the portion
    bool yes = false;
    std::string reason;  ///< why not, for people
};

/// The reply that such a request gets, but for `yes` and `reason`.
slot_reply reply_to(slot_request const&);

}  // namespace mykeyv::cluster
