// SPDX-License-Identifier: Apache-2.0
// What whoever moves slots needs of its node.
#pragma once

#include "mykeyv/cluster/migration/messages.hpp"

#include <chrono>
#include <cstdint>

namespace mykeyv::cluster {

/// A slot that has left a node.
struct departure {
    std::uint64_t records = 0;  ///< sent, those sent again included
    std::uint64_t bytes = 0;
    std::chrono::microseconds parked{0};  ///< how long its operations had to wait
};

/// Called on the lane's thread; must not call back before it returns.
class mover_outside {
public:
    using time = std::chrono::steady_clock::time_point;
    virtual ~mover_outside() = default;

    virtual node_id self() const = 0;
    /// Whether the newest topology that is known here wants the slot here.
    virtual bool is_wanted(slot) const = 0;
    /// Sends a request; on any thread, note_cached() is to be called with it before. What comes of it is told by mover::replied, or by
    /// mover::unanswered when the connection is lost.
    virtual void send(node_id to, slot_request) = 0;
    /// The slot has an owner since this epoch: this node, or the one that took it from us. Told before anybody is sent there.
    virtual void owned_by(slot, node_id owner, std::uint64_t epoch) = 0;
    /// `bytes` are about to be sent; from when on more may be: mostly a time that is past.
    virtual time pace(std::size_t bytes) = 0;
    virtual void departed(departure const&) = 0;
};

}  // namespace mykeyv::cluster
