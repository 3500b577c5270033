// SPDX-License-Identifier: Apache-2.0
// Who serves which slot, as far as this node knows: what clients are sent after. Safe from any thread.
//
// Of its own slots a node knows the truth; of the others, what it was told last by whoever had the slot last: the highest epoch
// wins. Until it was told anything, what the topology wishes.
#pragma once

#include "mykeyv/cluster/slot_map.hpp"
#include "mykeyv/cluster/topology.hpp"
#include "mykeyv/store/slot_row.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

class ownership {
public:
    explicit ownership(node_id self) noexcept : self_{self} {}

    /// The nodes there are; and who may serve what nobody has spoken of.
    void adopt(std::shared_ptr<class topology const>);
    std::shared_ptr<class topology const> topology() const;
    /// Nothing is known of anybody's slots any more: this node has left them for another cluster.
    void forget();
    /// What a row of this node says of its slot.
    void restore(slot, store::slot_row const&);
    /// `owner` has the slot since `epoch`. Older news than what is known is passed over. True: it was new.
    bool learn(slot, node_id owner, std::uint64_t epoch);

    /// Where to ask for the slot; nothing: nobody knows, or this node itself.
    std::optional<endpoint> elsewhere(slot) const;
    /// By slot number; nothing where nobody is known.
    std::vector<std::optional<node_id>> owners() const;

    struct owned_range {
        slot_range slots;
        std::uint64_t epoch;
    };
    /// The slots of this node, as others are to be told.
    std::vector<owned_range> own_ranges() const;
    /// Changes with what own_ranges() gives.
    std::uint64_t own_version() const noexcept { return own_version_; }

    /// Changes with everything that map() gives.
    std::uint64_t version() const noexcept { return version_; }
    /// What clients are told, and the version() of it.
    std::pair<std::shared_ptr<slot_map const>, std::uint64_t> map() const;

private:
    struct known {
        node_id owner;
        std::uint64_t epoch = 0;  // 0: a wish
        bool is_known = false;
    };

    std::vector<std::optional<node_id>> owners_locked() const;

    node_id const self_;
    mutable std::mutex mutex_;
    std::shared_ptr<class topology const> topology_;
    std::array<known, slot::count> known_;
    std::atomic<std::uint64_t> version_{1};
    std::atomic<std::uint64_t> own_version_{1};
};

}  // namespace mykeyv::cluster
