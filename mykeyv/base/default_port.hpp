// SPDX-License-Identifier: Apache-2.0
// The port of a node unless something else is said.
#pragma once

#include <cstdint>

namespace mykeyv {

/// MYKV on a phone.
inline constexpr std::uint16_t default_port = 6958;

}  // namespace mykeyv
