// SPDX-License-Identifier: Apache-2.0
// The topology: the versioned document that says which nodes there are and which slots each of them should own.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/cluster/refusal.hpp"
#include "mykeyv/cluster/slot_range.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::cluster {

/// One daemon and its MySQL: who it is, where it listens, and how much of the slots it takes compared with the others.
struct node {
    node_id id;
    mykeyv::endpoint endpoint;
    std::uint32_t weight = 1;  ///< 0: it is to give away all it owns
    bool leaving = false;      ///< when it owns nothing any more, it is to be a member no more

    friend bool operator==(node const&, node const&) = default;
};

/// How slots are to move, on every node.
struct moving_rules {
    bool paused = false;                 ///< no slot begins to move
    std::uint64_t bytes_per_second = 0;  ///< that each node sends at most; 0: no limit

    friend bool operator==(moving_rules const&, moving_rules const&) = default;
};

/// What the cluster should look like. It is a wish: who owns a slot is decided by the `slots` rows of the nodes.
/// A value; each change makes a new document with the next version, so any two copies can be told to be older or newer.
///
/// Holds always: at least one node, at most `nodes_max`; ids and endpoints are unique; every slot has an owner among the nodes.
class topology {
public:
    /// Versions stay exact in every JSON reader.
    static constexpr std::uint64_t version_max = (std::uint64_t{1} << 53) - 1;

    /// Version 1 of a new cluster: slots divided by the planner, cluster id made from the node ids, the least node id as the
    /// author. Every node that starts with the same nodes, in whatever order, makes the same document.
    static checked<topology> fresh(std::vector<node> nodes);
    /// A cluster of one.
    static checked<topology> single(node only) { return fresh({std::move(only)}); }
    /// Reads what json() wrote, or what an operator wrote for the first start: there, `slots` may be left out of every node (the
    /// planner divides them), and so may `weight` (1), `version`, `cluster` and `author` (as fresh() makes them). docs/cluster.md
    /// has the form. Refused: text over `topology_bytes_max`, anything else than that form, unknown or repeated members, a slot
    /// given twice or to nobody.
    static checked<topology> parse(std::string_view text);
    /// The document as JSON text: the same topology gives the same text.
    std::string json() const;

    cluster_id cluster() const noexcept { return cluster_; }
    std::uint64_t version() const noexcept { return version_; }
    /// The node that made this version.
    node_id author() const noexcept { return author_; }
    moving_rules const& moving() const noexcept { return moving_; }
    /// Ascending by id.
    std::vector<node> const& nodes() const noexcept { return nodes_; }
    /// The desired owner of each slot, by slot number.
    std::vector<node_id> const& owners() const noexcept { return owners_; }

    node_id owner_of(slot s) const noexcept { return owners_[s.number()]; }
    /// Merged and ascending; empty for a node that owns nothing or is not there.
    std::vector<slot_range> ranges_of(node_id const&) const;
    /// nullptr: there is no such node. Valid as long as this topology.
    node const* find(node_id const&) const noexcept;
    node const* find(endpoint const&) const noexcept;

    /// Whether this document replaces `other`: same cluster and a higher version, or the same version of an author with a higher id.
    bool newer_than(topology const& other) const noexcept;

    /// The next version, made by `author`, in which node `id` listens at `endpoint`.
    /// Refused: no such node, an endpoint that another node has, a host that is none.
    checked<topology> with_endpoint(node_id const& id, endpoint, node_id const& author) const;
    /// Likewise with one node more, which owns nothing yet. Refused: an id or an endpoint that is there, too many nodes.
    checked<topology> with_node(node, node_id const& author) const;
    /// Likewise without a node that owns nothing. Refused: no such node, the last one, one that is to own slots.
    checked<topology> without_node(node_id const& id, node_id const& author) const;
    /// Likewise with a node that is to leave: its weight is 0 from now on. Refused: no such node, nobody else to take its slots.
    checked<topology> with_leaving(node_id const& id, node_id const& author) const;
    /// Likewise with these desired owners, by slot number. Refused: an owner that is no node.
    checked<topology> with_owners(std::vector<node_id> owners, node_id const& author) const;
    checked<topology> with_moving(moving_rules, node_id const& author) const;

    friend bool operator==(topology const&, topology const&) = default;

private:
    /// As fresh(), but with these owners and not yet verified.
    topology(std::vector<node>, std::vector<node_id> owners);
    /// Puts the nodes in order, and refuses what would break what holds always.
    static checked<topology> verified(topology);
    /// The same, as the next version.
    checked<topology> next(node_id const& author) const;

    cluster_id cluster_;
    std::uint64_t version_ = 1;
    node_id author_;
    moving_rules moving_;
    std::vector<node> nodes_;
    std::vector<node_id> owners_;
};

}  // namespace mykeyv::cluster
