// SPDX-License-Identifier: Apache-2.0
// The slot map: who serves each slot as far as this node knows, in the form that every request looks at.
#pragma once

#include "mykeyv/cluster/topology.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mykeyv::cluster {

/// Never changes once made: I/O threads share it as `shared_ptr<slot_map const>` and get another one when something has
/// changed. Safe from any thread. The pointers and references it gives live as long as it does. For slots of this node the
/// `slots` rows decide; for all others this is a hint that a client is sent after.
class slot_map {
public:
    struct served_range {
        slot_range slots;
        node const* owner;  ///< never nullptr
    };

    /// `self` is the node that will use the map; it may be missing among `nodes` (a node that was removed). `owners` has 16384
    /// entries, by slot number; an empty one, or an owner that is not among `nodes`, leaves the slot to nobody.
    slot_map(node_id self, std::uint64_t version, std::vector<node> nodes, std::span<std::optional<node_id> const> owners);
    /// The map of a cluster in which every slot is where the topology wants it.
    slot_map(node_id self, topology const&);
    slot_map(slot_map const&) = delete;
    slot_map& operator=(slot_map const&) = delete;

    /// nullptr: nobody is known to serve it.
    node const* owner_of(slot s) const noexcept
    {
        auto const owner = owner_of_[s.number()];
        return owner == nobody ? nullptr : &nodes_[owner];
    }
    bool is_mine(slot s) const noexcept { return owner_of_[s.number()] == self_; }

    node_id self() const noexcept { return self_id_; }
    /// The topology's version that this map was made from.
    std::uint64_t version() const noexcept { return version_; }
    /// Ascending by id, also those that serve nothing.
    std::vector<node> const& nodes() const noexcept { return nodes_; }
    /// Ascending by slot, merged: the same on every node that knows the same owners. For CLUSTER SLOTS.
    std::vector<served_range> const& ranges() const noexcept { return ranges_; }
    /// Those of one node of `nodes()`, ascending. For CLUSTER NODES and CLUSTER SHARDS.
    std::vector<slot_range> const& ranges_of(node const& n) const noexcept { return ranges_of_[&n - nodes_.data()]; }
    /// Slots that somebody serves, and nodes that serve at least one: `cluster_slots_assigned` and `cluster_size` of CLUSTER INFO.
    unsigned slots_served() const noexcept { return slots_served_; }
    unsigned nodes_serving() const noexcept { return nodes_serving_; }

private:
    static constexpr std::uint16_t nobody = 0xffff;
    static constexpr std::uint16_t not_a_node = 0xfffe;  // self_ of a node that is not in the map: equal to no owner

    std::uint16_t position_of(node_id const&, std::uint16_t otherwise) const noexcept;

    node_id self_id_;
    std::uint64_t version_;
    std::vector<node> nodes_;
    std::uint16_t self_;
    std::array<std::uint16_t, slot::count> owner_of_;  // positions in nodes_, or nobody
    std::vector<served_range> ranges_;
    std::vector<std::vector<slot_range>> ranges_of_;
    unsigned slots_served_ = 0;
    unsigned nodes_serving_ = 0;
};

}  // namespace mykeyv::cluster
