// SPDX-License-Identifier: Apache-2.0
// What is to become of one slot, in a transaction that several slots share: a commit costs the same for one and for a hundred.
#pragma once

#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/cluster/migration/messages.hpp"
#include "mykeyv/store/lane_core.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mykeyv::cluster {

/// Done in the order of its members.
struct change {
    mykeyv::slot slot;
    packed_rows rows;                     ///< are written
    std::vector<std::string> keys;        ///< are read
    bool is_counted = false;              ///< its summary is found
    std::optional<slot_summary> awaited;  ///< what that must be, or nothing is done
    std::optional<slot_row> row;          ///< is saved, when all this is committed
    bool can_wait = false;                ///< for its commit: no operation waits for it

    /// What was found, whether or not it was committed.
    struct finding {
        packed_rows rows;  ///< for each of `keys`
        slot_summary summary;
        bool differs = false;  ///< from what was awaited
    } found;
    /// Called once, when it is known what became of it; as lane_core::step tells it.
    unique_function<void(change&, errc)> then;

    std::size_t bytes() const noexcept { return rows.bytes(); }
};

/// The rows of these keys as they are; those that are not there as erasures.
store::failure read_rows(store::lane_session&, slot, std::span<std::string const> keys, packed_rows& out);
moved_row as_moved(store::row const&);

/// All of it but the rows of `slots`, which are to be saved with the commit. The slots must be different ones. After a failure nothing of
/// it must be committed.
store::failure carry_out(std::span<change>, store::lane_session&);

}  // namespace mykeyv::cluster
