// SPDX-License-Identifier: Apache-2.0
// Errors as RESP clients know them: a prefix, a blank, a sentence. docs/protocol.md lists them with their remedies.
#pragma once

#include "mykeyv/base/error.hpp"

#include <string>
#include <string_view>

namespace mykeyv::server {

/// The words after the "-": "WRONGTYPE Operation against a key holding the wrong kind of value".
/// `command` is the lower-case name, for the sentences that name it. `detail`, if not empty, stands for the sentence.
/// Prefixes that clients take to mean "certainly not executed, try again" (TRYAGAIN, CLUSTERDOWN) are used for such errors only.
std::string error_text(errc, std::string_view command, std::string_view detail = {});

}  // namespace mykeyv::server
