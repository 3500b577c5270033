// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/amount.hpp"

#include "mykeyv/base/number.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace mykeyv::cli {

std::string bytes_text(double bytes)
{
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
    std::size_t unit = 0;
    for (; bytes >= 999.95 && unit + 1 < units.size(); ++unit) { bytes /= 1000; }
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::optional<std::uint64_t> parse_megabytes(std::string_view text) noexcept
{
    auto const number = parse_float(text);
    if (!number || std::isnan(*number) || *number < 0 || *number > 1'000'000) { return std::nullopt; }
    return static_cast<std::uint64_t>(std::llround(*number * 1'000'000));
}

}  // namespace mykeyv::cli
