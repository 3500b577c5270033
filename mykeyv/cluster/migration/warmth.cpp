// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/warmth.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace mykeyv::cluster {

void note_cached(slot_request& to_send, store::cache const& cached)
{
    auto* const rows = std::get_if<portion>(&to_send.what);
    auto* const last = std::get_if<cut_over>(&to_send.what);
    if (rows == nullptr && last == nullptr) { return; }
    auto& noted = rows != nullptr ? rows->rows : last->last.rows;
    noted.set_cached(cached.has(to_send.slot, noted.keys()));
}

void put_aside(slot s, packed_rows const& rows, store::cache& cached)
{
    std::vector<std::string_view> keys;
    std::vector<std::optional<record_view>> records;
    rows.each([&](moved_row const& row) {
        keys.push_back(row.key);
        auto& record = records.emplace_back();
        if (!row.record || !row.record->is_cached) { return; }
        auto const& r = *row.record;
        record = {.value = r.value, .format = r.format, .version = r.version, .expires_at = r.expires_at};
    });
    cached.put_aside(s, keys, records);
}

}  // namespace mykeyv::cluster
