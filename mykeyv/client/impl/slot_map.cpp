// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/slot_map.hpp"

#include <algorithm>

namespace mykeyv::detail {

void slot_map::assign(slot_range range, endpoint const& node, std::string const& id)
{
    auto const known = std::find(nodes_.begin(), nodes_.end(), node);
    auto const index = static_cast<std::uint16_t>(known - nodes_.begin());
    if (known == nodes_.end()) {
        nodes_.push_back(node);
        ids_.emplace_back();
    }
    if (!id.empty()) { ids_[index] = id; }
    std::fill(owners_.begin() + range.first.number(), owners_.begin() + range.last.number() + 1, index);
}

endpoint const* slot_map::owner(slot place) const noexcept
{
    auto const index = owners_[place.number()];
    return index == nobody ? nullptr : &nodes_[index];
}

std::vector<node_info> slot_map::describe() const
{
    std::vector<node_info> infos(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) { infos[i] = {nodes_[i], ids_[i], {}}; }
    for (unsigned first = 0; first < slot::count;) {
        auto const index = owners_[first];
        unsigned last = first;
        while (last + 1 < slot::count && owners_[last + 1] == index) { ++last; }
        if (index != nobody) { infos[index].slots.push_back({slot{first}, slot{last}}); }
        first = last + 1;
    }
    std::erase_if(infos, [](node_info const& info) { return info.slots.empty(); });
    return infos;
}

}  // namespace mykeyv::detail
