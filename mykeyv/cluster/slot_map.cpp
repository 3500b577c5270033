// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/slot_map.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <cassert>

namespace mykeyv::cluster {

slot_map::slot_map(node_id self, std::uint64_t version, std::vector<node> nodes, std::span<std::optional<node_id> const> owners)
    : self_id_{self}, version_{version}, nodes_{std::move(nodes)}, ranges_of_(nodes_.size())
{
    static_assert(limits::nodes_max < not_a_node);
    assert(nodes_.size() <= limits::nodes_max && owners.size() == slot::count);
    std::ranges::sort(nodes_, {}, &node::id);
    self_ = position_of(self, not_a_node);
    std::ranges::transform(owners, owner_of_.begin(), [this](auto const& owner) { return owner ? position_of(*owner, nobody) : nobody; });

    for_each_range(owner_of_, [this](slot_range range, std::uint16_t owner) {
        if (owner == nobody) { return; }
        ranges_.push_back({range, &nodes_[owner]});
        ranges_of_[owner].push_back(range);
        slots_served_ += range.last.number() - range.first.number() + 1u;
    });
    nodes_serving_ = static_cast<unsigned>(std::ranges::count_if(ranges_of_, [](auto const& ranges) { return !ranges.empty(); }));
}

slot_map::slot_map(node_id self, topology const& t)
    : slot_map{self, t.version(), t.nodes(), std::vector<std::optional<node_id>>(t.owners().begin(), t.owners().end())}
{
}

std::uint16_t slot_map::position_of(node_id const& id, std::uint16_t otherwise) const noexcept
{
    auto const found = std::ranges::lower_bound(nodes_, id, {}, &node::id);
    return found != nodes_.end() && found->id == id ? static_cast<std::uint16_t>(found - nodes_.begin()) : otherwise;
}

}  // namespace mykeyv::cluster
