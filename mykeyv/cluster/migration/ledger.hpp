// SPDX-License-Identifier: Apache-2.0
// The rows of a lane's slots, in MySQL and as last seen there, and what follows from them: gates, the cache, rubbish to be erased.
#pragma once

#include "mykeyv/cluster/migration/change.hpp"
#include "mykeyv/cluster/migration/outgoing.hpp"
#include "mykeyv/cluster/migration/outside.hpp"
#include "mykeyv/store/lane_core.hpp"

#include <optional>
#include <set>
#include <span>
#include <string>
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
    /// What is planned for the slot is committed first. nullptr: it cannot be found out now. A row whose commit had no known outcome is
    /// read again, and served if it is ours.
    slot_row const* row(slot);
    /// Whether every row is as MySQL has it; reads those that may not be.
    bool are_known();
    /// Commits the row at once.
    errc commit(slot, slot_row const&);

    // Several slots' changes in one transaction. Those that can wait for their commit are carried out at once, and committed with the
    // next ones that cannot: what is left when the agent's wake() ends, and its transaction is open then.

    /// To be carried out with others, when there are enough or carry_out_planned() is called; `then` may be called before this returns.
    /// If something is planned for this slot, that is committed first.
    void plan(change);
    /// Whatever is planned for this slot is committed now, as what comes next depends on it.
    void settle(slot);
    /// Carries out what is planned, and commits it unless all that was planned since the last call can wait.
    void carry_out_planned();
    void commit_planned();
    bool has_open_transaction() const noexcept { return planned_.carried_out > 0; }
    /// Whether a transaction may be left open from now on.
    void may_leave_open(bool may) noexcept { may_leave_open_ = may; }

    /// Opens the gate of a slot that has just become ours; nothing that was cached before counts.
    void serve(slot);

    // Of rows that come from another node, what that has cached is put aside in our cache while they are committed.

    /// Before the first rows of a slot: what was put aside of it does not count.
    void expect(slot);
    /// As serve(), and what was put aside counts. Only if each commit that it was put aside in is known to have been done.
    void serve_warm(slot);

    void park(slot s) noexcept { gates().set(s, store::gate::parked); }
    /// Opens the gate again, of a slot that was ours all the time; what was parked goes on.
    void unpark(slot);
    /// Closes the gate of a slot that nobody serves from now on.
    void close(slot s) noexcept { gates().set(s, store::gate::closed); }
    /// Closes the gate; what was parked learns that the slot has moved. Its rows are rubbish.
    void leave(slot);

    /// The rows of a slot that is not served here are to be erased, in time.
    void is_rubbish(slot s) { rubbish_.insert(s); }
    bool has_rubbish() const noexcept { return !rubbish_.empty(); }
    /// Erases some rubbish of any slot. False: there is no more, or MySQL does not do it now.
    bool purge();
    /// False: it may have rows, which are no longer, or not yet, worth anything.
    bool is_clean(slot) const;
    /// Erases some rubbish of these slots, in one transaction. True: none of them has any rows.
    bool clear(std::span<slot const>);

private:
    /// Changes that share a commit. The first ones are carried out, in the transaction that is open in the session of that tag.
    struct group {
        std::vector<change> changes;
        std::size_t carried_out = 0;
        std::string session;
        std::size_t bytes = 0;        // of all rows
        std::size_t fresh_bytes = 0;  // of those that are not carried out yet
        std::size_t fresh_work = 0;   // changes not carried out yet that take more than a row of `slots`
    };

    std::optional<std::uint64_t> erase_some(std::span<slot const>);
    store::slot_gates& gates() noexcept { return lane_.surroundings().gates; }
    void open(slot);
    void put_aside(change const&);
    void drop_cache(slot);
    void change_cache(slot, void (store::cache::*how)(slot));
    bool leave_open();
    errc commit(group&);
    void commit_and_tell(group);
    static store::failure carry_out_rest(group&, store::lane_session&);

    store::lane_core& lane_;
    mover_outside& outside_;
    move_limits const& limits_;
    std::unordered_map<slot, slot_row> rows_;
    std::set<slot> unsure_;  // a commit of theirs had no known outcome
    std::set<slot> rubbish_;
    group planned_;
    bool may_leave_open_ = false;
};

}  // namespace mykeyv::cluster
