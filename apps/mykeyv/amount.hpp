// SPDX-License-Identifier: Apache-2.0
// Amounts as people read and write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::cli {

/// "850 B", "12.3 kB", "4.5 MB", "1.2 GB"...; a kB is a thousand bytes.
std::string bytes_text(double bytes);

/// Bytes of "20" or "0.5" megabytes; nothing for what is no number from 0 to a million.
std::optional<std::uint64_t> parse_megabytes(std::string_view) noexcept;

}  // namespace mykeyv::cli
