// SPDX-License-Identifier: Apache-2.0
// Which node owns which slot, as far as the client knows. A hint: the nodes correct it.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/client/outcome.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mykeyv::detail {

class slot_map {
public:
    slot_map() { owners_.fill(nobody); }

    /// Later calls win. `id` may be empty where it is not known.
    void assign(slot_range, endpoint const& node, std::string const& id);

    /// Null: nobody that we know of. Valid until the map changes.
    endpoint const* owner(slot) const noexcept;

    /// Every node that was ever assigned something, in the order in which they came.
    std::vector<endpoint> const& nodes() const noexcept { return nodes_; }

    /// True: no node at all is known.
    bool empty() const noexcept { return nodes_.empty(); }

    /// The nodes that own something, with their slots in ascending order.
    std::vector<node_info> describe() const;

private:
    static constexpr std::uint16_t nobody = 0xffff;

    std::vector<endpoint> nodes_;
    std::vector<std::string> ids_;
    std::array<std::uint16_t, slot::count> owners_;
};

}  // namespace mykeyv::detail
