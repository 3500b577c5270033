// SPDX-License-Identifier: Apache-2.0
// Rows on their way, one behind the other in one piece of memory: as they are read, sent, received and written.
//
// A row: flags (1 there is a record, 2 it is a document, 4 it has an expiry, 8 its source has it cached), the key's length (16 bits) and
// the key; of a record its version (64), expiry (64), the value's length (32) and the value. Numbers are little-endian.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/record/record.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

/// A row on its way, borrowed; without content: there is none under this key.
struct moved_row {
    struct content {
        std::uint64_t version = 0;
        mykeyv::format format = mykeyv::format::bytes;
        std::optional<unix_ms> expires_at;
        std::string_view value;
        bool is_cached = false;  ///< at the source
        friend bool operator==(content const&, content const&) = default;
    };
    std::string_view key;
    std::optional<content> record;

    /// About what it costs whoever sends and stores it.
    std::size_t bytes() const noexcept { return key.size() + (record ? record->value.size() : 0) + 64; }
    friend bool operator==(moved_row const&, moved_row const&) = default;
};

/// One that was moved from may be assigned to, and no more.
class packed_rows {
public:
    packed_rows() = default;
    packed_rows(std::initializer_list<moved_row> rows)
    {
        for (auto const& each : rows) { add(each); }
    }
    /// What packed() was elsewhere; nothing for bytes that it never is.
    static std::optional<packed_rows> of(std::string packed);

    void add(moved_row const&);
    std::vector<std::string_view> keys() const;
    /// Sets is_cached of the rows that have a record; one for each of keys().
    void set_cached(std::vector<bool> const&);

    bool empty() const noexcept { return packed_.empty(); }
    /// How many have content.
    std::size_t records() const noexcept { return records_; }
    /// The sum of moved_row::bytes().
    std::size_t bytes() const noexcept { return bytes_; }
    /// That of the row that was added last; not of rows made by of().
    std::string_view last_key() const noexcept { return std::string_view{packed_}.substr(last_key_at_, last_key_bytes_); }
    std::string const& packed() const& noexcept { return packed_; }
    std::string packed() && noexcept { return std::move(packed_); }

    /// Calls `on_each(moved_row const&)` with one after the other.
    template <class OnEach>
    void each(OnEach&& on_each) const
    {
        for (std::string_view rest = packed_; !rest.empty();) {
            moved_row row;
            take(rest, row);
            on_each(row);
        }
    }

    friend bool operator==(packed_rows const& a, packed_rows const& b) { return a.packed_ == b.packed_; }

private:
    /// The first row, and off with it. False: there is none that is whole.
    static bool take(std::string_view& from, moved_row&);

    std::string packed_;
    std::size_t records_ = 0;
    std::size_t bytes_ = 0;
    std::size_t last_key_at_ = 0;
    std::size_t last_key_bytes_ = 0;
};

}  // namespace mykeyv::cluster
