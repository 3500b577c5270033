// SPDX-License-Identifier: Apache-2.0
// One thread, many connections.
#pragma once

#include "protocol.hpp"

namespace mykeyv::bench {

/// Does the work in a closed loop, or begins `rate` operations per second. `fill`, `fill_groups` and `scan` go through all keys once
/// instead.
/// Throws std::runtime_error if the server closes a connection.
figures run_on_sockets(work const&, protocol const&);

}  // namespace mykeyv::bench
