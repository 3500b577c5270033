// SPDX-License-Identifier: Apache-2.0
// The one door through which Lua enters: its C++ build, whose errors are exceptions, so destructors run.
#pragma once

#include <lua5.4/lua.hpp>

#include <memory>
#include <string_view>

namespace mykeyv::script {

struct lua_closer {
    void operator()(lua_State* state) const noexcept { lua_close(state); }
};
using lua_handle = std::unique_ptr<lua_State, lua_closer>;

/// The bytes of the string at `index`, which must be a string (a number would be converted in place). They live as long as the value.
inline std::string_view string_at(lua_State* state, int index)
{
    std::size_t size = 0;
    auto const* const bytes = lua_tolstring(state, index, &size);
    return {bytes, size};
}

inline void push_string(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

}  // namespace mykeyv::script
