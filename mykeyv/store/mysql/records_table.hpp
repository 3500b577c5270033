// SPDX-License-Identifier: Apache-2.0
// The statements on `records` and `expiries`: every read and write of stored data goes through here.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/record/record.hpp"
#include "mykeyv/store/mysql/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace mykeyv::store {

/// The primary key of a record; `k` is at most limits::key_bytes_max bytes. Borrowed.
struct row_key {
    mykeyv::slot slot;
    std::string_view k;
    friend auto operator<=>(row_key const&, row_key const&) = default;
};

/// A record as it is stored. Borrowed: in callbacks valid during the call.
struct row {
    mykeyv::slot slot;
    std::string_view k;
    std::uint64_t version = 0;
    mykeyv::format format = mykeyv::format::bytes;
    std::string_view v;
    std::optional<unix_ms> expires_at;

    row_key key() const noexcept { return {slot, k}; }
};

/// When a record is to go: a line of the sweeper's list. Borrowed.
struct expiry {
    unix_ms expires_at;
    mykeyv::slot slot;
    std::string_view k;
};

/// Statements over one connection, prepared at their first use and kept. A table must not outlive its connection being
/// open: after a loss make a new one over the new connection.
///
/// Every call is part of the connection's open transaction; the caller commits. After a failure of kind `refused` the
/// caller rolls back; the table stays usable. Batches of any size are taken; hand them over sorted by (slot, k) and
/// without duplicates, so that transactions never wait for each other in a circle.
/// Callbacks must not use the connection and must not throw. Threads: as its connection.
class records_table {
public:
    explicit records_table(connection&);
    ~records_table();
    records_table(records_table&&) noexcept;
    records_table& operator=(records_table&&) noexcept;

    /// Each row that exists, in any order; a plain consistent read without locks.
    failure load(std::span<row_key const> keys, std::function<void(row const&)> const& on_row);

    /// As load(), without values: what a commit with an unknown outcome did.
    failure load_versions(std::span<row_key const> keys, std::function<void(row_key const&, std::uint64_t version)> const& on_row);

    /// Makes or replaces each row. `created` is how many were made; it is exact as long as each row that exists gets
    /// another version than it has.
    failure upsert(std::span<row const> rows, std::uint64_t& created);

    /// Removes each row that exists. `erased` is how many did.
    failure erase(std::span<row_key const> keys, std::uint64_t& erased);

    using on_key = std::function<void(std::string_view k, std::uint32_t hash, std::optional<unix_ms> expires_at)>;
    /// The keys of one slot by (CRC32(k), k), from `first_hash` on: `limit` keys, and all others that share the last one's
    /// hash. So a page that ends with hash h is followed by the page from h + 1, and nothing has to be remembered.
    /// Fewer than `limit` keys: the slot has no more. `limit` is at least 1. Costs a pass over the slot.
    failure keys_page(slot, std::uint32_t first_hash, std::size_t limit, on_key const&);

    /// How many records the slots `first` to `last` have, expired ones included. Costs a pass over them.
    failure count(slot first, slot last, std::uint64_t& out);
    /// The same by slot; slots without records are not called.
    failure count_by_slot(slot first, slot last, std::function<void(slot, std::uint64_t)> const& on_slot);

    /// Removes up to `limit` records of these slots (ascending), and their lines in the sweeper's list. `erased` below
    /// `limit`: the slots are empty.
    failure erase_slots(std::span<slot const>, std::size_t limit, std::uint64_t& erased);

    /// The sweeper's list mirrors the records that have an expiry: the caller adds and removes its lines in the same
    /// transaction as the record. Adding one that is there, and removing one that is not, is no error.
    failure add_expiries(std::span<expiry const>);
    failure remove_expiries(std::span<expiry const>);
    /// Up to `limit` lines with expires_at <= now, the oldest first.
    failure due_expiries(unix_ms now, std::size_t limit, std::function<void(expiry const&)> const& on_line);

private:
    struct statements;
    std::unique_ptr<statements> statements_;
};

}  // namespace mykeyv::store
