// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/wire.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/number.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <type_traits>

namespace mykeyv::cluster {
namespace {

constexpr std::array<std::string_view, 5> step_names{"PREPARE", "ROWS", "CUTOVER", "QUERY", "CANCEL"};

// A row: flags (1 there is a record, 2 it is a document, 4 it has an expiry), the key, and if there is one the record.
constexpr std::uint8_t flag_record = 1;
constexpr std::uint8_t flag_document = 2;
constexpr std::uint8_t flag_expiry = 4;
constexpr std::uint8_t flags_known = flag_record | flag_document | flag_expiry;

/// Numbers are little-endian.
template <class Number>
void put(std::string& to, Number number)
{
    auto rest = static_cast<std::make_unsigned_t<Number>>(number);
    for (std::size_t i = 0; i < sizeof(Number); ++i) { to += static_cast<char>((rest >> (8 * i)) & 0xff); }
}

template <class Number>
bool take(std::string_view& from, Number& number)
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

bool take(std::string_view& from, std::size_t bytes, std::string& out)
{
    if (from.size() < bytes) { return false; }
    out = from.substr(0, bytes);
    from.remove_prefix(bytes);
    return true;
}

bool take(std::string_view& from, row_copy& row)
{
    std::uint8_t flags = 0;
    std::uint16_t key_bytes = 0;
    if (!take(from, flags) || !take(from, key_bytes) || key_bytes > limits::key_bytes_max || !take(from, key_bytes, row.key)) {
        return false;
    }
    if ((flags & flag_record) == 0) { return flags == 0; }
    if ((flags & ~flags_known) != 0) { return false; }
    auto& record = row.record.emplace();
    record.format = (flags & flag_document) != 0 ? format::document : format::bytes;
    std::uint32_t value_bytes = 0;
    if (!take(from, record.version)) { return false; }
    if ((flags & flag_expiry) != 0 && !take(from, record.expires_at.emplace().value)) { return false; }
    return take(from, value_bytes) && take(from, value_bytes, record.value);
}

std::string check_of(std::string_view bytes) { return std::to_string(XXH3_64bits(bytes.data(), bytes.size())); }

void add(std::vector<std::string>& words, portion const& from)
{
    words.push_back(std::to_string(from.number));
    words.push_back(encode_rows(from.rows));
    words.push_back(check_of(words.back()));
}

std::optional<portion> portion_of(std::span<std::string_view const> words)
{
    auto const number = parse_unsigned(words[0]);
    if (!number || words[2] != check_of(words[1])) { return std::nullopt; }
    auto rows = decode_rows(words[1]);
    return rows ? std::optional{portion{*number, std::move(*rows)}} : std::nullopt;
}

}  // namespace

std::string encode_rows(std::vector<row_copy> const& rows)
{
    std::string bytes;
    for (auto const& row : rows) {
        auto const& r = row.record;
        auto const flags = !r ? 0 : flag_record | (r->format == format::document ? flag_document : 0) | (r->expires_at ? flag_expiry : 0);
        put(bytes, static_cast<std::uint8_t>(flags));
        put(bytes, static_cast<std::uint16_t>(row.key.size()));
        bytes += row.key;
        if (!r) { continue; }
        put(bytes, r->version);
        if (r->expires_at) { put(bytes, r->expires_at->value); }
        put(bytes, static_cast<std::uint32_t>(r->value.size()));
        bytes += r->value;
    }
    return bytes;
}

std::optional<std::vector<row_copy>> decode_rows(std::string_view bytes)
{
    std::vector<row_copy> rows;
    while (!bytes.empty()) {
        if (!take(bytes, rows.emplace_back())) { return std::nullopt; }
    }
    return rows;
}

std::vector<std::string> words_of(slot_request const& r)
{
    std::vector<std::string> words{std::string{step_names[r.what.index()]}, std::to_string(r.slot.number()), std::to_string(r.offer.epoch),
                                   std::to_string(r.offer.transfer)};
    if (auto const* const rows = std::get_if<portion>(&r.what)) { add(words, *rows); }
    if (auto const* const last = std::get_if<cut_over>(&r.what)) {
        add(words, last->last);
        for (auto const number : {last->summary.records, last->summary.checksum, last->last_version}) {
            words.push_back(std::to_string(number));
        }
    }
    return words;
}

std::optional<slot_request> request_of(std::span<std::string_view const> words, node_id source)
{
    constexpr std::array<std::size_t, 5> lengths{4, 7, 10, 4, 4};
    if (words.empty()) { return std::nullopt; }
    auto const kind = static_cast<std::size_t>(std::ranges::find(step_names, words[0]) - step_names.begin());
    if (kind == step_names.size() || words.size() != lengths[kind]) { return std::nullopt; }
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (i == 5 || i == 6) { continue; }  // the rows and their check
        auto const number = parse_unsigned(words[i]);
        if (!number) { return std::nullopt; }
        numbers.push_back(*number);
    }
    if (numbers[0] >= slot::count) { return std::nullopt; }
    slot_request r{slot{static_cast<unsigned>(numbers[0])}, {numbers[1], numbers[2]}, source, {}};
    if (kind == 3) { r.what = query{}; }
    if (kind == 4) { r.what = cancel{}; }
    if (kind != 1 && kind != 2) { return r; }
    auto rows = portion_of(words.subspan(4));
    if (!rows) { return std::nullopt; }
    if (kind == 1) {
        r.what = std::move(*rows);
    } else {
        r.what = cut_over{std::move(*rows), {numbers[4], numbers[5]}, numbers[6]};
    }
    return r;
}

}  // namespace mykeyv::cluster
