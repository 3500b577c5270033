// SPDX-License-Identifier: Apache-2.0
// Ports of the loopback for the nodes of a playground.
#pragma once

#include <cstdint>

namespace mykeyv::cli {

/// The first of `count` ports in a row: `first` itself, or, if that is 0, of some that nobody uses now.
/// Throws `refusal`: a port is taken (which), or there are not so many above `first`.
std::uint16_t choose_ports(std::uint16_t first, unsigned count);

}  // namespace mykeyv::cli
