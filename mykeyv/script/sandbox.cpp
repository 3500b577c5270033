// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/sandbox.hpp"

#include "mykeyv/script/kv_functions.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/view.hpp"

namespace mykeyv::script {
namespace {

char globals_metatable;  // a registry key, by its address

int refuse_write(lua_State* state)
{
    return luaL_error(state, "'%s' cannot be changed", lua_tostring(state, lua_upvalueindex(1)));
}

// Takes the table on top of the stack and puts it, as a userdata that can only be read, under `name` into the table below it.
void set_read_only(lua_State* state, char const* name)
{
    lua_newuserdatauv(state, 0, 0);
    lua_createtable(state, 0, 2);
    lua_rotate(state, -3, -1);
    lua_setfield(state, -2, "__index");
    lua_pushstring(state, name);
    lua_pushcclosure(state, &refuse_write, 1);
    lua_setfield(state, -2, "__newindex");
    lua_setmetatable(state, -2);
    lua_setfield(state, -2, name);
}

// A protected call hides errors, never a kill: `while true do pcall(f) end` ends too.
int protected_call(lua_State* state)
{
    luaL_checkany(state, 1);
    lua_pushboolean(state, 1);
    lua_insert(state, 1);
    auto const status = lua_pcall(state, lua_gettop(state) - 2, LUA_MULTRET, 0);
    meter::of(state).pass_on(state, status);
    if (status == LUA_OK) { return lua_gettop(state); }
    lua_pushboolean(state, 0);
    lua_insert(state, -2);
    return 2;
}

// xpcall(f, handler, ...). The handler runs after the stack is unwound: there is no traceback to be had anyway.
int protected_call_with_handler(lua_State* state)
{
    luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_pushboolean(state, 1);
    lua_pushvalue(state, 1);
    lua_rotate(state, 3, 2);  // f, handler, true, f, ...
    auto const status = lua_pcall(state, lua_gettop(state) - 4, LUA_MULTRET, 0);
    meter::of(state).pass_on(state, status);
    if (status == LUA_OK) { return lua_gettop(state) - 2; }
    lua_pushboolean(state, 0);
    lua_pushvalue(state, 2);
    lua_rotate(state, -3, 2);  // ..., false, handler, error
    auto const handled = lua_pcall(state, 1, 1, 0);
    meter::of(state).pass_on(state, handled);
    return 2;
}

// Lua's own would answer Lua's own next.
int pairs_function(lua_State* state)
{
    luaL_checktype(state, 1, LUA_TTABLE);
    make_plain(state, 1);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_pushvalue(state, 1);
    lua_pushnil(state);
    return 3;
}

// next and the raw functions look into tables; what they are given must be what it seems to be.
int on_plain_table(lua_State* state)
{
    make_plain(state, 1);
    return call_wrapped(state);
}

int tostring_function(lua_State* state)
{
    luaL_checkany(state, 1);
    push_display(state, 1);
    return 1;
}

}  // namespace

void push_display(lua_State* state, int index)
{
    switch (lua_type(state, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING: luaL_tolstring(state, index, nullptr); return;
    default: lua_pushstring(state, is_null(state, index) ? "null" : luaL_typename(state, index));
    }
}

void keep_only(lua_State* state, char const* const* names)
{
    lua_newtable(state);
    for (; *names != nullptr; ++names) {
        lua_getfield(state, -2, *names);
        lua_setfield(state, -2, *names);
    }
    lua_remove(state, -2);
}

void wrap(lua_State* state, char const* name, lua_CFunction wrapper)
{
    lua_getfield(state, -1, name);
    lua_pushcclosure(state, wrapper, 1);
    lua_setfield(state, -2, name);
}

int call_wrapped(lua_State* state) { return lua_tocfunction(state, lua_upvalueindex(1))(state); }

void push_base_functions(lua_State* state)
{
    static char const* const kept[] = {"assert", "error",  "ipairs", "next",     "rawequal", "rawget",
                                       "rawlen", "rawset", "select", "tonumber", "type", nullptr};
    static luaL_Reg const own[] = {
        {"pcall", &protected_call}, {"tostring", &tostring_function}, {"xpcall", &protected_call_with_handler}, {nullptr, nullptr}};
    lua_pushcfunction(state, &luaopen_base);
    lua_call(state, 0, 1);
    keep_only(state, kept);
    luaL_setfuncs(state, own, 0);
    for (auto const* const name : {"next", "rawget", "rawlen", "rawset"}) { wrap(state, name, &on_plain_table); }
    lua_getfield(state, -1, "next");
    lua_pushcclosure(state, &pairs_function, 1);
    lua_setfield(state, -2, "pairs");
}

void build_sandbox(lua_State* state, unix_ms const* now)
{
    static char const* const math_kept[] = {"abs", "acos", "asin", "atan",       "ceil",       "cos",  "deg", "exp", "floor",
                                            "fmod", "huge", "log", "max",        "maxinteger", "min",  "mininteger", "modf", "pi",
                                            "rad", "sin",  "sqrt", "tan",        "tointeger",  "type", "ult", nullptr};
    static char const* const utf8_kept[] = {"char", "charpattern", "codepoint", "codes", "len", "offset", nullptr};
    make_marks(state);
    make_view_metatable(state);
    push_base_functions(state);
    push_string_functions(state);
    set_read_only(state, "string");
    push_table_functions(state);
    set_read_only(state, "table");
    lua_pushcfunction(state, &luaopen_math);
    lua_call(state, 0, 1);
    keep_only(state, math_kept);
    set_read_only(state, "math");
    lua_pushcfunction(state, &luaopen_utf8);
    lua_call(state, 0, 1);
    keep_only(state, utf8_kept);
    set_read_only(state, "utf8");
    push_kv_functions(state, now);
    set_read_only(state, "kv");

    lua_createtable(state, 0, 1);
    lua_insert(state, -2);
    lua_setfield(state, -2, "__index");
    lua_rawsetp(state, LUA_REGISTRYINDEX, &globals_metatable);
}

void push_globals(lua_State* state)
{
    lua_newtable(state);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &globals_metatable);
    lua_setmetatable(state, -2);
}

}  // namespace mykeyv::script
