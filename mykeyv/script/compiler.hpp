// SPDX-License-Identifier: Apache-2.0
// Text to a Lua function, within the budget of a meter.
#pragma once

#include <string_view>

struct lua_State;

namespace mykeyv::script {

/// Pushes the compiled function and answers true, or pushes the message and answers false. Only text, of at most
/// `limits::script_code_bytes_max`. Lua's parser takes quadratic time for some inputs and runs no hook, so it is fed in small
/// pieces and killed between them. Throws killed.
bool compile(lua_State*, std::string_view code);

}  // namespace mykeyv::script
