// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/settings.hpp"

#include "mykeyv/base/number.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace mykeyv::server {
namespace {

struct unit {
    std::string_view letter;
    unsigned shift;
};

constexpr std::array<unit, 4> units{{{"T", 40}, {"G", 30}, {"M", 20}, {"K", 10}}};

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is(std::string_view text, std::string_view upper_case) noexcept
{
    if (text.size() != upper_case.size()) { return false; }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (upper(text[i]) != upper_case[i]) { return false; }
    }
    return true;
}

/// How far a unit shifts; nothing for a word that is none.
std::optional<unsigned> shift_of(std::string_view word) noexcept
{
    if (word.empty() || is(word, "B")) { return 0; }
    for (auto const& u : units) {
        auto const rest = word.substr(1);
        if (is(word.substr(0, 1), u.letter) && (rest.empty() || is(rest, "B") || is(rest, "IB"))) { return u.shift; }
    }
    return std::nullopt;
}

}  // namespace

thread_counts threads_for(unsigned cores) noexcept
{
    return {.io = std::clamp(cores / 2, 1u, 16u), .lanes = std::clamp(cores / 2, 1u, 8u), .readers = std::clamp(cores, 1u, 8u)};
}

std::size_t buffer_pool_bytes_for(std::uint64_t memory_bytes) noexcept
{
    constexpr std::uint64_t least = std::uint64_t{128} << 20;
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    return std::clamp(memory_bytes / 8, least, most);
}

std::optional<std::uint64_t> parse_byte_size(std::string_view text) noexcept
{
    auto const digits = text.substr(0, text.find_first_not_of("0123456789"));
    auto const number = parse_unsigned(digits);
    auto const shift = shift_of(text.substr(digits.size()));
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!number || !shift || *number > (most >> *shift)) { return std::nullopt; }
    return *number << *shift;
}

std::string byte_size_text(std::uint64_t bytes)
{
    for (auto const& u : units) {
        if (bytes != 0 && bytes % (std::uint64_t{1} << u.shift) == 0) { return std::to_string(bytes >> u.shift) + u.letter.front() + "iB"; }
    }
    return std::to_string(bytes);
}

}  // namespace mykeyv::server
