// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/node_pages.hpp"

#include "mykeyv/base/number.hpp"

#include <fmt/format.h>

#include <limits>

namespace mykeyv::store {
namespace {

constexpr std::uint64_t cursor_at(std::uint64_t slot_number, std::uint64_t hash) { return (slot_number << 32) + hash; }

/// The first slot from `from` on that has records; slot::count when none has. One look into the primary key.
failure next_slot_with_records(connection& link, unsigned from, unsigned& out)
{
    text_rows rows;
    if (auto failed = link.query(fmt::format("SELECT MIN(slot) FROM records WHERE slot >= {}", from), rows)) { return failed; }
    auto const found = rows[0][0] ? parse_unsigned(*rows[0][0]) : std::nullopt;
    out = found ? static_cast<unsigned>(*found) : slot::count;
    return {};
}

}  // namespace

failure read_key_page(session& on, slot_filter const& owned, std::uint64_t cursor, std::size_t count, unix_ms now, key_page& out)
{
    auto number = static_cast<unsigned>(std::min<std::uint64_t>(cursor >> 32, slot::count));
    auto first_hash = static_cast<std::uint32_t>(cursor);
    out = {};
    std::size_t seen = 0;
    while (seen < count && number < slot::count) {
        unsigned found = number;
        if (auto failed = next_slot_with_records(on.link, number, found)) { return failed; }
        if (found != number) { first_hash = 0; }
        number = found;
        if (number >= slot::count) { break; }
        std::size_t in_slot = 0;
        std::uint32_t last_hash = 0;
        auto const wanted = count - seen;
        if (owned(slot{number})) {
            auto failed = on.records->keys_page(slot{number}, first_hash, wanted, [&](auto key, std::uint32_t hash, auto expires_at) {
                if (!expired(expires_at, now)) { out.keys.emplace_back(key); }
                last_hash = hash;
                ++in_slot;
            });
            if (failed) { return failed; }
        }
        seen += in_slot;
        if (in_slot >= wanted && last_hash != std::numeric_limits<std::uint32_t>::max()) {
            out.next_cursor = cursor_at(number, last_hash + std::uint64_t{1});
            return {};
        }
        ++number;
        first_hash = 0;
    }
    out.next_cursor = number < slot::count ? cursor_at(number, 0) : 0;
    return {};
}

failure count_owned(session& on, slot_filter const& owned, std::uint64_t& out)
{
    out = 0;
    return on.records->count_by_slot(slot{0}, slot{slot::count - 1}, [&](slot s, std::uint64_t records) {
        if (owned(s)) { out += records; }
    });
}

failure weigh_slots(session& on, slot_filter const& owned, slot first, slot last, std::uint64_t& records, std::uint64_t& bytes)
{
    text_rows rows;
    auto const sql = fmt::format("SELECT slot, COUNT(*), SUM(LENGTH(k)+LENGTH(v)) FROM records WHERE slot BETWEEN {} AND {} GROUP BY slot",
                                 first.number(), last.number());
    if (auto failed = on.link.query(sql, rows)) { return failed; }
    records = bytes = 0;
    for (auto const& row : rows) {
        auto const number = [&](std::size_t column) { return row[column] ? parse_unsigned(*row[column]).value_or(0) : 0; };
        if (!owned(slot{static_cast<unsigned>(number(0))})) { continue; }
        records += number(1);
        bytes += number(2);
    }
    return {};
}

}  // namespace mykeyv::store
