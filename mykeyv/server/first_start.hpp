// SPDX-License-Identifier: Apache-2.0
// Which topology a node starts with, and which slots it may claim. Pure.
#pragma once

#include "mykeyv/cluster/slot_map.hpp"
#include "mykeyv/cluster/topology.hpp"
#include "mykeyv/server/settings.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv::server {

struct starting_topology {
    cluster::topology topology;
    bool is_new = false;    ///< to be stored
    bool is_birth = false;  ///< the first of its cluster, and of this node: the slots it gives this node have no owner yet
};

/// The stored topology, unless `given` is newer (same cluster, higher version) or there is none; with neither, a cluster of `self`
/// alone. In all cases with `self.endpoint` as the address of `self`. Refused: text that is no topology, one of another
/// cluster, one without `self`.
cluster::checked<starting_topology> choose_topology(std::optional<std::string> const& stored, std::optional<std::string> const& given,
                                                    cluster::node const& self);

/// Whether the stored topology is that of a cluster which `self` began by itself.
bool is_founder_alone(std::string const& stored, node_id const& self);
/// Whether the stored topology names `self` no more.
bool has_left(std::string const& stored, node_id const& self);

/// The slots that `self` may make its own without asking anybody, where it has no row of them: at the birth of a cluster those that it
/// is given; all, if it is alone in the cluster that it began: it gave them up to be a member of another one, and never was. Else none.
std::vector<slot> slots_to_claim(starting_topology const&, node_id const& self);

}  // namespace mykeyv::server
