// SPDX-License-Identifier: Apache-2.0
// The rows of a lane's slots, in MySQL and as last seen there, and what follows from them: gates, the cache, rubbish to be erased.
#pragma once

#include "mykeyv/cluster/migration/outgoing.hpp"
#include "mykeyv/cluster/migration/outside.hpp"
#include "mykeyv/store/lane_core.hpp"

#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

class ledger {
public:
    ledger(store::lane_core& lane, mover_outside& outside, move_limits const& limits) noexcept
        : lane_{lane}, outside_{outside}, limits_{limits}
    {
    }

    /// What MySQL said at the start.
    void remember(slot s, slot_row const& row) { rows_[s] = row; }
    std::vector<std::pair<slot, slot_row>> owned() const;
    /// nullptr: it cannot be found out now. A row whose commit had no known outcome is read again, and served if it is ours.
    slot_row const* row(slot);
    /// Commits the row, and with it in one transaction what `also` does.
    errc commit(slot, slot_row const&, store::lane_core::transaction const& also = {});

    /// Opens the gate of a slot that has just become ours; nothing that was cached before counts.
    void serve(slot);
    void park(slot s) noexcept { gates().set(s, store::gate::parked); }
    /// Opens the gate again, of a slot that was ours all the time; what was parked goes on.
    void unpark(slot);
    /// Closes the gate of a slot that nobody serves from now on.
    void close(slot s) noexcept { gates().set(s, store::gate::closed); }
    /// Closes the gate; what was parked learns that the slot has moved. Its rows are rubbish.
    void leave(slot);

    /// The rows of a slot that is not served here are to be erased, in time.
    void is_rubbish(slot s) { rubbish_.insert(s); }
    /// Erases some rubbish of any slot. False: there is no more.
    bool purge();
    /// Erases some rubbish of this slot. True: it has no rows.
    bool clear(slot);

private:
    store::slot_gates& gates() noexcept { return lane_.surroundings().gates; }
    void drop_cache(slot);

    store::lane_core& lane_;
    mover_outside& outside_;
    move_limits const& limits_;
    std::unordered_map<slot, slot_row> rows_;
    std::set<slot> unsure_;  // a commit of theirs had no known outcome
    std::set<slot> rubbish_;
};

}  // namespace mykeyv::cluster
