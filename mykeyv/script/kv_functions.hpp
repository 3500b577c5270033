// SPDX-License-Identifier: Apache-2.0
// The `kv` of update() code, and the marks on Lua values that stand for what Lua lacks: null, arrays, verdicts.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/record/record.hpp"

#include <optional>

struct lua_State;

namespace mykeyv::script {

/// What `kv.put` was asked for; the value itself is pushed by push_put_value.
struct put_request {
    std::optional<mykeyv::format> format;  ///< as the code named it; nothing: it follows from the value
};

/// Makes the marks known to a fresh state. Needed before anything else here.
void make_marks(lua_State*);
/// Pushes a table of the functions and values of `kv`. `now` is what kv.now() answers, read at each call; it must outlive the state.
void push_kv_functions(lua_State*, unix_ms const* now);

void push_null(lua_State*);
bool is_null(lua_State*, int index);
bool is_erase(lua_State*, int index);

/// Marks the table on top of the stack as a JSON array, so that it stays one when it is empty.
void mark_array(lua_State*);
bool is_marked_array(lua_State*, int index);

/// The request if the value at `index` was made by kv.put, else nullptr. Lives as long as the value.
put_request const* put_request_at(lua_State*, int index);
/// Pushes the value that the request at `index` carries.
void push_put_value(lua_State*, int index);

}  // namespace mykeyv::script
