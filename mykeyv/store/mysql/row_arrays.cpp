// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/row_arrays.hpp"

#include <cstring>

namespace mykeyv::store {
namespace {

MYSQL_BIND array_of(enum_field_types type, void* values, bool is_unsigned)
{
    MYSQL_BIND bind;
    std::memset(&bind, 0, sizeof bind);
    bind.buffer_type = type;
    bind.buffer = values;
    bind.is_unsigned = is_unsigned;
    return bind;
}

MYSQL_BIND array_of(std::vector<char*>& starts, std::vector<unsigned long>& lengths)
{
    auto bind = array_of(MYSQL_TYPE_LONG_BLOB, starts.data(), false);
    bind.length = lengths.data();
    return bind;
}

}  // namespace

void row_arrays::clear()
{
    slots_.clear();
    versions_.clear();
    formats_.clear();
    expires_.clear();
    expires_indicators_.clear();
    for (auto const column : {&k_, &v_}) {
        column->starts.clear();
        column->lengths.clear();
    }
}

void row_arrays::add(bytes_column& column, std::string_view bytes)
{
    column.starts.push_back(const_cast<char*>(bytes.data() ? bytes.data() : ""));
    column.lengths.push_back(bytes.size());
}

std::span<MYSQL_BIND> row_arrays::fill(std::span<row const> rows)
{
    clear();
    for (auto const& row : rows) {
        slots_.push_back(row.slot.number());
        add(k_, row.k);
        versions_.push_back(row.version);
        formats_.push_back(static_cast<std::uint8_t>(row.format));
        add(v_, row.v);
        expires_.push_back(row.expires_at ? row.expires_at->value : 0);
        expires_indicators_.push_back(row.expires_at ? STMT_INDICATOR_NONE : STMT_INDICATOR_NULL);
    }
    binds_ = {array_of(MYSQL_TYPE_SHORT, slots_.data(), true),       array_of(k_.starts, k_.lengths),
              array_of(MYSQL_TYPE_LONGLONG, versions_.data(), true), array_of(MYSQL_TYPE_TINY, formats_.data(), true),
              array_of(v_.starts, v_.lengths),                       array_of(MYSQL_TYPE_LONGLONG, expires_.data(), false)};
    binds_.back().u.indicator = expires_indicators_.data();
    return binds_;
}

void key_list::add(std::uint64_t slot_number, std::string_view k, std::optional<unix_ms> expires_at)
{
    auto const& kept = bytes_.emplace_back(k);
    auto const& key = keys_.emplace_back(row_key{slot{static_cast<unsigned>(slot_number)}, kept});
    if (expires_at) { expiries_.push_back({*expires_at, key.slot, key.k}); }
}

}  // namespace mykeyv::store
