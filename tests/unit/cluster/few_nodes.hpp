// SPDX-License-Identifier: Apache-2.0
// Nodes with short names for tests: node 7 has the id 000700...00 and listens at 10.0.0.7:6958.
#pragma once

#include "mykeyv/cluster/planner.hpp"
#include "mykeyv/cluster/topology.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace mykeyv::cluster {

inline node_id id(unsigned number)
{
    std::array<std::uint8_t, 20> bytes{};
    bytes[0] = static_cast<std::uint8_t>(number >> 8);
    bytes[1] = static_cast<std::uint8_t>(number);
    return node_id{bytes};
}

inline node node_number(unsigned number, std::uint32_t weight = 1)
{
    return {id(number), {"10.0.0." + std::to_string(number), 6958}, weight};
}

inline std::vector<node> nodes_to(unsigned last)
{
    std::vector<node> nodes;
    for (unsigned n = 1; n <= last; ++n) { nodes.push_back(node_number(n)); }
    return nodes;
}

/// Nodes first, first + 1, ..., all of weight 1.
inline std::vector<weighted_node> equal_nodes(unsigned count, unsigned first = 1)
{
    std::vector<weighted_node> nodes;
    for (unsigned n = first; n < first + count; ++n) { nodes.push_back({id(n), 1}); }
    return nodes;
}

using owners_now = std::vector<std::optional<node_id>>;

inline owners_now as_owners(plan const& p) { return {p.owners.begin(), p.owners.end()}; }

inline std::vector<std::size_t> counts(plan const& p, std::vector<weighted_node> const& nodes)
{
    std::vector<std::size_t> owned;
    for (auto const& n : nodes) { owned.push_back(static_cast<std::size_t>(std::ranges::count(p.owners, n.id))); }
    return owned;
}

/// The text of a refusal; empty if there is none.
template <class T>
std::string reason(checked<T> const& c)
{
    return c ? std::string{} : c.error().reason;
}

}  // namespace mykeyv::cluster
