// SPDX-License-Identifier: Apache-2.0
// Slots that other nodes bring to this one: the target's side of rules.hpp.
#pragma once

#include "mykeyv/cluster/migration/ledger.hpp"
#include "mykeyv/cluster/migration/messages.hpp"

#include <optional>
#include <unordered_map>

namespace mykeyv::cluster {

class arrivals {
public:
    using time = mover_outside::time;

    arrivals(store::lane_core& lane, ledger& rows, move_limits const& limits) noexcept : lane_{lane}, rows_{rows}, limits_{limits} {}

    /// After a restart: what has arrived of the slot is not known any more, so it will not be taken.
    void forbid_after_restart(slot, slot_row const&);
    /// The reply; nothing where the truth cannot be found out now, or none is needed.
    std::optional<slot_reply> answer(slot_request&);
    /// Forbids what has not been heard of for long: its source has given it up, and could not say so. When to come again.
    time wake();

private:
    /// What has arrived, as far as this run of the daemon remembers.
    struct incoming {
        transfer_offer offer;
        std::uint64_t next = 1;
        time heard;
    };
    enum class outcome { yes, no, nothing };

    outcome begin(slot_request const&, std::string& reason);
    outcome receive(slot_request const&, portion const&, std::string& reason);
    outcome take_over(slot_request const&, cut_over const&, std::string& reason);
    bool reserve_versions(std::uint64_t last);
    outcome was_taken(slot_request const&, std::string& reason);
    void give_up(slot_request const&);

    incoming* alive(slot, transfer_offer const&);
    bool forbid(slot, slot_row const&, transfer_offer const&);

    store::lane_core& lane_;
    ledger& rows_;
    move_limits const& limits_;
    std::unordered_map<slot, incoming> incoming_;
    std::unordered_map<slot, transfer_offer> to_be_forbidden_;  // what MySQL has not taken yet
};

}  // namespace mykeyv::cluster
