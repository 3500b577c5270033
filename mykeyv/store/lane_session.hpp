// SPDX-License-Identifier: Apache-2.0
// A lane's session with its MySQL, as the lane sees it: statements of one open transaction, and how it ends.
//
// An interface, so that a simulation can put a database of its own below the lanes.
#pragma once

#include "mykeyv/store/mysql/records_table.hpp"
#include "mykeyv/store/slot_row.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// What a slot holds, in figures that are the same at source and target if its rows are. The version of a record never comes
/// twice in its slot, so it stands for the value.
struct slot_summary {
    std::uint64_t records = 0;
    std::uint64_t checksum = 0;  ///< sum of the CRC-32 of each record's version, format, expiry and key

    friend bool operator==(slot_summary const&, slot_summary const&) = default;
};

class lane_session {
public:
    virtual ~lane_session() = default;

    /// Connects anew and verifies the fence; what was open is closed. On success usable.
    virtual failure open() = 0;
    /// False after a failure of kind lost.
    virtual bool usable() const noexcept = 0;
    /// Any thread: what is under way ends with a failure of kind lost.
    virtual void interrupt() noexcept = 0;
    /// Names the session that open() made, for ever.
    virtual std::string tag() const = 0;
    /// Ends the session of that name and waits until its transaction is over. Refused when it does not end in time.
    virtual failure end(std::string const& tag) = 0;
    virtual failure commit() = 0;
    virtual failure rollback() = 0;

    // Records; as in records_table

    using on_row = std::function<void(row const&)>;
    virtual failure load(std::span<row_key const>, on_row const&) = 0;
    virtual failure load_versions(std::span<row_key const>, std::function<void(row_key const&, std::uint64_t version)> const&) = 0;
    virtual failure upsert(std::span<row const>) = 0;
    virtual failure erase(std::span<row_key const>) = 0;
    virtual failure add_expiries(std::span<expiry const>) = 0;
    virtual failure remove_expiries(std::span<expiry const>) = 0;

    // Slots

    /// Some of a slot's rows by key, from `first` on: about `bytes_max` of them, one at least. `end`: the slot has no more.
    virtual failure rows_from(slot, std::string_view first, std::size_t bytes_max, on_row const&, bool& end) = 0;
    /// All rows of the first of these slots (ascending), by slot and key, of as many as have about `bytes_max` bytes together; `whole`: of
    /// how many. None, if the first one has more, or may have a long value. Rows of the slot behind those may come, too, and are not all
    /// it has.
    virtual failure rows_of(std::span<slot const>, std::size_t bytes_max, on_row const&, std::size_t& whole) = 0;
    /// `out` has one for each of the slots (ascending).
    virtual failure summaries(std::span<slot const>, std::span<slot_summary> out) = 0;
    /// Up to `limit` records and their lines in the sweeper's list. Fewer erased: there are no more.
    virtual failure erase_slots(std::span<slot const>, std::size_t limit, std::uint64_t& erased) = 0;
    virtual failure slots_with_records(std::vector<slot>& out) = 0;
    virtual failure load_slot(slot, slot_row& out) = 0;
    /// Of different slots. State `none`: there is to be no row.
    virtual failure save_slots(std::span<std::pair<slot, slot_row> const>) = 0;
    /// As save_slots() and commit(): for MySQL it is one message. Calls `meanwhile` before the outcome is known, unless it fails before.
    virtual failure save_slots_and_commit(std::span<std::pair<slot, slot_row> const> wanted, std::function<void()> const& meanwhile)
    {
        if (auto failed = wanted.empty() ? failure{} : save_slots(wanted)) { return failed; }
        meanwhile();
        return commit();
    }

    /// Sets the versions up to `at_least` aside for this node.
    virtual failure raise_version_ceiling(std::uint64_t at_least) = 0;
};

}  // namespace mykeyv::store
