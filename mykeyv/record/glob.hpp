// SPDX-License-Identifier: Apache-2.0
// Patterns of keys, as KEYS and SCAN take them.
#pragma once

#include <string_view>

namespace mykeyv {

/// True when `pattern` describes all of `text`, byte by byte, as Redis does it: `*` any bytes, `?` any byte, `[ab]` `[a-z]` `[^a]`
/// one of a set, `\` takes the next byte as it is. A set that is not closed ends with the pattern.
///
/// Bounded: no recursion, and at most limits::glob_steps_max steps; a match that would take more is none (as in Redis). Patterns of
/// up to 256 bytes on keys never come so far. (CVE-2022-36021, CVE-2024-31228: patterns that kept a server busy or ate its stack.)
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace mykeyv
