// SPDX-License-Identifier: Apache-2.0
// What stops a call that is not the code's own error: an input that Lua cannot hold, an output that cannot be stored or sent.
#pragma once

#include "mykeyv/base/error.hpp"

#include <string>

namespace mykeyv::script {

/// Thrown by the JSON reader and writer, caught by the engine in the same C function: never through a protected call.
struct refusal {
    errc error;
    std::string detail;
};

}  // namespace mykeyv::script
