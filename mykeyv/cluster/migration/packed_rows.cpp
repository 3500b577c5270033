// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/packed_rows.hpp"

#include "mykeyv/base/limits.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace mykeyv::cluster {
namespace {

constexpr std::uint8_t flag_record = 1;
constexpr std::uint8_t flag_document = 2;
constexpr std::uint8_t flag_expiry = 4;
constexpr std::uint8_t flag_cached = 8;
constexpr std::uint8_t flags_known = flag_record | flag_document | flag_expiry | flag_cached;

template <class Number>
void put(std::string& to, Number number)
{
    auto const rest = static_cast<std::make_unsigned_t<Number>>(number);
    std::array<char, sizeof(Number)> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) { bytes[i] = static_cast<char>((rest >> (8 * i)) & 0xff); }
    to.append(bytes.data(), bytes.size());
}

template <class Number>
bool take_number(std::string_view& from, Number& number)
{
    if (from.size() < sizeof(Number)) { return false; }
    std::make_unsigned_t<Number> sum = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        sum = static_cast<decltype(sum)>(
            sum | static_cast<decltype(sum)>(static_cast<std::make_unsigned_t<Number>>(static_cast<std::uint8_t>(from[i])) << (8 * i)));
    }
    number = static_cast<Number>(sum);
    from.remove_prefix(sizeof(Number));
    return true;
}

bool take_bytes(std::string_view& from, std::size_t count, std::string_view& out)
{
    if (from.size() < count) { return false; }
    out = from.substr(0, count);
    from.remove_prefix(count);
    return true;
}

}  // namespace

std::optional<packed_rows> packed_rows::of(std::string packed)
{
    packed_rows all;
    all.packed_ = std::move(packed);
    for (std::string_view rest = all.packed_; !rest.empty();) {
        moved_row row;
        if (!take(rest, row)) { return std::nullopt; }
        all.records_ += row.record ? 1 : 0;
        all.bytes_ += row.bytes();
    }
    return all;
}

void packed_rows::add(moved_row const& row)
{
    auto const& r = row.record;
    auto const flags = !r ? 0
                          : flag_record | (r->format == format::document ? flag_document : 0) | (r->expires_at ? flag_expiry : 0) |
                                (r->is_cached ? flag_cached : 0);
    put(packed_, static_cast<std::uint8_t>(flags));
    put(packed_, static_cast<std::uint16_t>(row.key.size()));
    last_key_at_ = packed_.size();
    last_key_bytes_ = row.key.size();
    packed_ += row.key;
    bytes_ += row.bytes();
    if (!r) { return; }
    ++records_;
    put(packed_, r->version);
    if (r->expires_at) { put(packed_, r->expires_at->value); }
    put(packed_, static_cast<std::uint32_t>(r->value.size()));
    packed_ += r->value;
}

std::vector<std::string_view> packed_rows::keys() const
{
    std::vector<std::string_view> all;
    each([&](moved_row const& row) { all.push_back(row.key); });
    return all;
}

void packed_rows::set_cached(std::vector<bool> const& are_cached)
{
    auto next = are_cached.begin();
    for (std::string_view rest = packed_; !rest.empty();) {
        auto& flags = packed_[packed_.size() - rest.size()];
        moved_row row;
        take(rest, row);
        if (*next++ && row.record) { flags = static_cast<char>(flags | flag_cached); }
    }
}

bool packed_rows::take(std::string_view& from, moved_row& row)
{
    std::uint8_t flags = 0;
    std::uint16_t key_bytes = 0;
    if (!take_number(from, flags) || !take_number(from, key_bytes) || key_bytes > limits::key_bytes_max ||
        !take_bytes(from, key_bytes, row.key)) {
        return false;
    }
    if ((flags & flag_record) == 0) { return flags == 0; }
    if ((flags & ~flags_known) != 0) { return false; }
    auto& record = row.record.emplace();
    record.format = (flags & flag_document) != 0 ? format::document : format::bytes;
    record.is_cached = (flags & flag_cached) != 0;
    std::uint32_t value_bytes = 0;
    if (!take_number(from, record.version)) { return false; }
    if ((flags & flag_expiry) != 0 && !take_number(from, record.expires_at.emplace().value)) { return false; }
    return take_number(from, value_bytes) && take_bytes(from, value_bytes, record.value);
}

}  // namespace mykeyv::cluster
