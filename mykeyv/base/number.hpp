// SPDX-License-Identifier: Apache-2.0
// Numbers as text, read strictly: what Redis calls an integer and a float, nothing more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv {

/// A whole signed 64-bit number in its one canonical form: no blanks, no plus, no leading zeros, no "-0".
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

/// As parse_integer, for 0 to 2^64-1.
std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept;

/// A decimal floating point number as strtold reads it, all of `text`, no leading blank, not NaN; infinities allowed.
std::optional<long double> parse_float(std::string_view text) noexcept;

/// 17 decimals at most, trailing zeros cut, never an exponent: the form that INCRBYFLOAT stores.
std::string format_float(long double value);

}  // namespace mykeyv
