// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/duration.hpp"

#include "mykeyv/base/number.hpp"

#include <array>
#include <cstdint>

namespace mykeyv::cli {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t milliseconds;
};

// Greatest first.
constexpr std::array<unit, 5> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::uint64_t milliseconds_max = 100'000 * units[0].milliseconds;

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept
{
    auto const digits = text.substr(0, text.find_first_not_of("0123456789"));
    auto const number = parse_unsigned(digits);
    auto name = text.substr(digits.size());
    if (name.empty()) { name = "s"; }
    for (auto const& unit : units) {
        if (name == unit.name && number && *number <= milliseconds_max / unit.milliseconds) {
            return std::chrono::milliseconds{static_cast<std::int64_t>(*number * unit.milliseconds)};
        }
    }
    return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds time)
{
    auto left = static_cast<std::uint64_t>(std::max(time.count(), std::chrono::milliseconds::rep{0}));
    std::string text;
    int words = 0;
    for (auto const& unit : units) {
        auto const count = left / unit.milliseconds;
        left %= unit.milliseconds;
        // The second unit only next to the first: "1d 3s" would pretend to be exact about what it leaves out.
        if (words == 1) {
            if (count > 0 && unit.milliseconds > 1) { text += ' ' + std::to_string(count).append(unit.name); }
            break;
        }
        if (count > 0) {
            text = std::to_string(count).append(unit.name);
            ++words;
        }
    }
    return text.empty() ? "0ms" : text;
}

}  // namespace mykeyv::cli
