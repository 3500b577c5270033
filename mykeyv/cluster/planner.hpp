// SPDX-License-Identifier: Apache-2.0
// The planner: which node should own which slot, with as few moves as any balanced answer can have.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/cluster/refusal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mykeyv::cluster {

/// A node that may own slots, and how much it takes compared with the others. Weight 0: it gives away all it has.
struct weighted_node {
    node_id id;
    std::uint32_t weight = 1;
};

/// Who is to own each slot, by slot number, and how many slots that have an owner now get another one.
struct plan {
    std::vector<node_id> owners;
    std::size_t moves = 0;
};

/// Divides the slots among `nodes`. `owners_now` holds one entry per slot (16384 but in tests); an empty entry has no owner yet and is not
/// counted as a move; an owner that is not in `nodes` has left and loses everything.
///
/// Of n slots and a sum of weights w, a node of weight v gets n*v/w slots, rounded down or up. Among all such divisions the plan has the
/// fewest moves there can be. Where that leaves a choice, slots in a row stay together: a new cluster gets one block
/// per node, in the order of the ids. The same input, in any order of the nodes, gives the same plan; a plan's own owners need no move.
///
/// Refused: no nodes, more than `nodes_max`, the same id twice, every weight 0.
checked<plan> plan_slots(std::span<std::optional<node_id> const> owners_now, std::span<weighted_node const> nodes);

}  // namespace mykeyv::cluster
