// SPDX-License-Identifier: Apache-2.0
// Replies of operations, as RESP.
#pragma once

#include "mykeyv/record/record.hpp"
#include "mykeyv/resp/writer.hpp"

#include <string_view>

namespace mykeyv::server {

/// Writes `what`; a failure becomes the error that `command` (its lower-case name) would give.
void encode(reply const& what, resp::writer to, std::string_view command);

}  // namespace mykeyv::server
