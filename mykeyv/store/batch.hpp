// SPDX-License-Identifier: Apache-2.0
// One transaction's worth of operations, decided in order over an overlay of current values. No I/O: a lane does that.
//
//     collect -> missing -> (load, loaded, rows_loaded)* -> decide -> writes -> [commit] -> publish -> complete
//                   ^______________ decide says false ________|
//
// An operation sees what the ones before it in the batch decided, so ten increments of one key are one row written.
#pragma once

#include "mykeyv/store/cache.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "mykeyv/store/operation.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace mykeyv::store {

/// A line of the sweeper's list whose time has come: the record is erased if it has expired, the line goes either way.
struct due_line {
    unix_ms expires_at;
    mykeyv::slot slot;
    std::string key;
};

/// What a batch wants written; everything is borrowed from the batch and sorted by primary key.
struct batch_writes {
    std::vector<row> puts;
    std::vector<row_key> erasures;
    std::vector<expiry> expiries_added;
    std::vector<expiry> expiries_removed;
    std::vector<mykeyv::slot> slots;  ///< of puts and erasures, each once

    bool empty() const noexcept { return puts.empty() && erasures.empty() && expiries_added.empty() && expiries_removed.empty(); }
};

/// Rows that tell whether the batch was committed: the only one has that version then; without a version, none is there.
struct batch_witness {
    std::vector<row_key> keys;
    std::optional<std::uint64_t> version;
};

class batch {
public:
    explicit batch(cache& known) noexcept : cache_{known} {}

    void add(operation_ptr op) { operations_.push_back(std::move(op)); }
    void add(due_line line) { due_.push_back(std::move(line)); }
    bool empty() const noexcept { return operations_.empty() && due_.empty(); }
    std::size_t size() const noexcept { return operations_.size(); }
    std::span<operation_ptr const> operations() const noexcept { return operations_; }

    /// Starts, or starts over: lists the keys and takes from the cache what it knows. `now` holds for the whole batch.
    void collect(unix_ms now);
    /// Rows to be loaded before decide() can go on, sorted, some at a time; then each row found, then the end of them.
    std::vector<row_key> missing();
    void loaded(row const&);
    void rows_loaded();
    /// Decides what is undecided. False: it needs rows first (missing). `last_version` is the last version given out.
    bool decide(std::uint64_t& last_version, std::size_t value_bytes_max);
    /// When decide() said true: the operations that it left out because the batch holds enough, for another batch behind it.
    /// At least one was decided.
    std::vector<operation_ptr> take_undecided();

    /// What the decisions come to. Valid until collect() or the end of the batch.
    batch_writes writes() const;
    /// Nothing when no record changes: then it does not matter.
    std::optional<batch_witness> witness() const;

    /// Tells the cache what was committed, and what was loaded.
    void publish();
    /// Records that were met expired, and are erased.
    std::size_t purged() const noexcept { return purged_; }
    /// What was loaded and not found in the cache: the record, or null for its absence. Not what has expired: its row is there
    /// until a lane erases it, and a lane that finds "absent" in the cache does not look.
    void for_each_loaded(std::function<void(mykeyv::slot, std::string_view key, record_view const*)> const&) const;
    /// Drops from the cache every key that the batch changes: what became of it is not known.
    void forget();
    /// Ends every operation; the batch is empty after that.
    void complete(errc outcome) noexcept;
    /// As complete(); operations that changed nothing end with `errc::cluster_down` instead of `outcome_unknown`.
    void complete_unknown() noexcept;
    /// Takes the operations out again, to run each on its own.
    std::vector<operation_ptr> take_operations() noexcept { return std::move(operations_); }
    std::vector<due_line> take_due() noexcept { return std::move(due_); }

private:
    /// A key of the batch: what MySQL has, as far as known, and what it is to have.
    struct entry {
        mykeyv::slot slot;
        std::string_view key;
        bool wanted = false;   // somebody decides on what was before
        bool known = false;    // what MySQL has is known
        bool stored = false;   // it has a row
        bool changed = false;  // present and current differ from that row
        bool present = false;
        record_view current;
        std::uint64_t stored_version = 0;
        std::optional<unix_ms> stored_expiry;
        cached_record cached;  // one of these two owns the bytes of current.value
        std::string owned;

        /// Nobody can decide on it before it is loaded.
        bool is_missing() const noexcept { return wanted && !known && !changed; }
        void learn(row const&);
        void learn(cached_record);
        void learn_absent();
        void change_to(put&&, std::uint64_t version);
        void change_to_absent() noexcept;
        bool purge_if_expired(unix_ms now) noexcept;
    };

    std::uint32_t entry_of(mykeyv::slot, std::string_view key);
    void decide_one(operation&, std::span<std::uint32_t const> entries, std::uint64_t& last_version, std::size_t value_bytes_max);
    bool all_known(operation const&, std::span<std::uint32_t const> entries);

    cache& cache_;
    std::vector<operation_ptr> operations_;
    std::vector<due_line> due_;
    unix_ms now_;
    std::vector<entry> entries_;
    std::unordered_map<std::string_view, std::uint32_t> entry_by_key_;
    std::vector<std::uint32_t> entry_indices_;  // those of each operation's keys, one operation after another
    std::size_t decided_ = 0;                   // operations
    std::vector<std::uint32_t> asked_;          // entries that missing() told last
    std::size_t held_bytes_ = 0;                // of rows loaded and replies made
    std::size_t purged_ = 0;
    std::size_t decided_indices_ = 0;           // of entry_indices_
    std::vector<bool> changes_something_;       // by operation
    std::vector<record_view const*> before_;    // scratch of decide_one
    std::vector<change> after_;
};

}  // namespace mykeyv::store
