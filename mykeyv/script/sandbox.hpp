// SPDX-License-Identifier: Apache-2.0
// What update() code can reach: a short list of Lua's own functions, with those replaced that could run on in C, and `kv`.
//
// Code has no metatables, no coroutines, no chunks from text, no input and output, no random numbers, and no addresses. So a table is
// only what is in it, and a call depends on its inputs alone. What all calls share cannot be changed: `string`, `table`, `math`, `utf8`
// and `kv` are userdata that answer reads, behind a global table that is made for each call.
#pragma once

#include "mykeyv/base/clock.hpp"

struct lua_State;
struct luaL_Reg;

namespace mykeyv::script {

/// Builds the sandbox in a fresh state whose meter is attached. `now` is what kv.now() answers; it must outlive the state.
void build_sandbox(lua_State*, unix_ms const* now);

/// Pushes the global table for one call: empty, with all of the sandbox visible through it.
void push_globals(lua_State*);

// The parts. Each pushes a fresh table of the functions of one library, of which only build_sandbox keeps hold.

/// assert, error, ipairs, next, ... Needs the originals as Lua's luaopen_base makes them.
void push_base_functions(lua_State*);
void push_string_functions(lua_State*);
void push_table_functions(lua_State*);

/// Copies the named functions of the table on top of the stack into a fresh table, which takes its place. `names` ends with nullptr.
void keep_only(lua_State*, char const* const* names);

/// Puts `wrapper` in the place of the function `name` of the table on top of the stack; call_wrapped calls what was there,
/// with the arguments that are on the stack then.
void wrap(lua_State*, char const* name, int (*wrapper)(lua_State*));
int call_wrapped(lua_State*);

/// string.find, match, gmatch and gsub, ended by a row of nullptr.
extern luaL_Reg const pattern_functions[];

/// Pushes what tostring() makes of the value at `index`: as Lua does, without addresses.
void push_display(lua_State*, int index);

}  // namespace mykeyv::script
