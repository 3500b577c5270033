// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/wire.hpp"

#include "mykeyv/base/number.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mykeyv::cluster {
namespace {

constexpr std::array<std::string_view, 5> step_names{"PREPARE", "ROWS", "CUTOVER", "QUERY", "CANCEL"};

std::string check_of(std::string_view bytes) { return std::to_string(XXH3_64bits(bytes.data(), bytes.size())); }

void add(std::vector<std::string>& words, portion from)
{
    words.push_back(std::to_string(from.number));
    words.push_back(std::move(from.rows).packed());
    words.push_back(check_of(words.back()));
}

std::optional<portion> portion_of(std::span<std::string_view const> words)
{
    auto const number = parse_unsigned(words[0]);
    if (!number || words[2] != check_of(words[1])) { return std::nullopt; }
    auto rows = packed_rows::of(std::string{words[1]});
    return rows ? std::optional{portion{*number, std::move(*rows)}} : std::nullopt;
}

}  // namespace

std::vector<std::string> words_of(slot_request r)
{
    std::vector<std::string> words{std::string{step_names[r.what.index()]}, std::to_string(r.slot.number()), std::to_string(r.offer.epoch),
                                   std::to_string(r.offer.transfer)};
    if (auto* const rows = std::get_if<portion>(&r.what)) { add(words, std::move(*rows)); }
    if (auto* const last = std::get_if<cut_over>(&r.what)) {
        add(words, std::move(last->last));
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
