// SPDX-License-Identifier: Apache-2.0
// Why a node cannot be reached: asked after something failed, so that the answer can be told to a person.
#pragma once

#include "mykeyv/base/endpoint.hpp"

#include <chrono>
#include <string>

namespace mykeyv::cli {

struct diagnosis {
    bool connects = false;  ///< somebody accepted the connection
    std::string finding;    ///< "connection refused", "the name is not known", "answers PING"...
};

/// Resolves, connects and, if `with_ping`, waits for an answer to PING. Each of the last two takes `patience` at most.
diagnosis diagnose(endpoint const&, std::chrono::milliseconds patience, bool with_ping = true);

}  // namespace mykeyv::cli
