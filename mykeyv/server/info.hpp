// SPDX-License-Identifier: Apache-2.0
// The text of INFO.
#pragma once

#include "mykeyv/server/command.hpp"
#include "mykeyv/server/node_state.hpp"

#include <string>

namespace mykeyv::server {

/// The sections of these names, of either case, in CRLF lines; none, "default", "all" or "everything" mean all of them.
std::string info_text(node_state const&, arguments sections);

}  // namespace mykeyv::server
