// SPDX-License-Identifier: Apache-2.0
// Lengths of time as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::cli {

/// "500ms", "30s", "5m", "2h", "7d"; a bare number is seconds. Whole numbers only, from 0 to 100,000 days.
/// Nothing for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view) noexcept;

/// For people: the two greatest units that matter, as in "1d 4h", "59s" or "850ms".
std::string duration_text(std::chrono::milliseconds);

}  // namespace mykeyv::cli
