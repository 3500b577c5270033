// SPDX-License-Identifier: Apache-2.0
// Slots that other nodes bring to this one: the target's side of rules.hpp.
#pragma once

#include "mykeyv/cluster/migration/ledger.hpp"
#include "mykeyv/cluster/migration/messages.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mykeyv::cluster {

/// What the source of a slot is told whose rows are not those that it offered.
inline constexpr std::string_view figures_differ = "count or checksum of the slot differ";

class arrivals {
public:
    using time = mover_outside::time;

    arrivals(store::lane_core& lane, ledger& rows, move_limits const& limits) noexcept : lane_{lane}, rows_{rows}, limits_{limits} {}

    /// After a restart: what has arrived of the slot is not known any more, so it will not be taken.
    void forbid_after_restart(slot, slot_row const&);
    using answer = unique_function<void(std::optional<slot_reply>)>;
    /// `then` gets the reply; nothing where the truth cannot be found out now, or none is needed. Some are given by end_of_asking(), or
    /// when what the ledger has planned is committed.
    void asked(slot_request, answer then);
    /// Goes on, all together, with what would cost a transaction each. Leaves changes planned.
    void end_of_asking();
    /// Nothing more of what is on its way is taken.
    void refuse_all();
    /// Forbids what was given up, and what has not been heard of for long: its source has given it up, and could not say so. When to
    /// come again.
    time wake();

private:
    /// What has arrived, as far as this run of the daemon remembers.
    struct incoming {
        transfer_offer offer;
        std::uint64_t next = 1;
        time heard;
    };
    /// A request that is not answered yet.
    struct question {
        slot_request asked;
        answer then;
        void yes() { say(true, {}); }
        void no(std::string reason) { say(false, std::move(reason)); }
        void nothing() { then(std::nullopt); }
        void say(bool is_yes, std::string reason);
    };
    using question_ptr = std::shared_ptr<question>;

    void begin(question_ptr);
    void begin_clean(question_ptr);
    void receive(question_ptr, portion&);
    void take_over(question_ptr, cut_over&);
    void not_taken_over(question_ptr const&, change const&, errc);
    bool reserve_versions(std::uint64_t last);
    void was_taken(question_ptr const&);
    void give_up(slot_request const&);

    incoming* alive(slot, transfer_offer const&);
    void forbid(slot, slot_row const&, transfer_offer const&, unique_function<void(bool is_durable)> then);

    store::lane_core& lane_;
    ledger& rows_;
    move_limits const& limits_;
    std::unordered_map<slot, incoming> incoming_;
    std::unordered_map<slot, transfer_offer> to_be_forbidden_;  // nothing more of it is taken; MySQL does not know that yet
    time silent_from_{};  // no source can have been silent for too long before
    std::vector<question_ptr> unclean_;  // PREPAREs of slots that have rows from before
};

}  // namespace mykeyv::cluster
