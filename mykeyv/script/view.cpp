// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/view.hpp"

#include "mykeyv/script/kv_functions.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"

namespace mykeyv::script {
namespace {

// Registry and table keys, by their addresses.
char view_metatable;
char original_key;
char children_key;

bool is_view(lua_State* state, int index)
{
    if (lua_type(state, index) != LUA_TTABLE || lua_getmetatable(state, index) == 0) { return false; }
    lua_rawgetp(state, LUA_REGISTRYINDEX, &view_metatable);
    bool const same = lua_rawequal(state, -1, -2) != 0;
    lua_pop(state, 2);
    return same;
}

/// With an original's member on top of the stack, its key below it and the table of children at `children`: replaces a table by its
/// one view.
void show(lua_State* state, int children)
{
    if (!lua_istable(state, -1)) { return; }
    lua_pushvalue(state, -2);
    if (lua_rawget(state, children) == LUA_TNIL) {
        lua_pop(state, 1);
        push_view(state, -1);
        lua_pushvalue(state, -3);
        lua_pushvalue(state, -2);
        lua_rawset(state, children);
    }
    lua_remove(state, -2);
}

int index_view(lua_State* state)
{
    lua_rawgetp(state, 1, &original_key);
    lua_pushvalue(state, 2);
    lua_pushvalue(state, 2);
    lua_rawget(state, 3);  // view, key, original, key, member
    if (!lua_istable(state, -1)) { return 1; }
    lua_rawgetp(state, 1, &children_key);
    lua_replace(state, 3);
    show(state, 3);
    return 1;
}

int write_view(lua_State* state)
{
    make_plain(state, 1);
    lua_rawset(state, 1);
    return 0;
}

int view_length(lua_State* state)
{
    lua_rawgetp(state, 1, &original_key);
    lua_pushinteger(state, static_cast<lua_Integer>(lua_rawlen(state, -1)));
    return 1;
}

}  // namespace

void make_view_metatable(lua_State* state)
{
    static luaL_Reg const events[] = {{"__index", &index_view}, {"__newindex", &write_view}, {"__len", &view_length}, {nullptr, nullptr}};
    luaL_newlib(state, events);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &view_metatable);
}

void push_view(lua_State* state, int index)
{
    if (!lua_istable(state, index)) { return lua_pushvalue(state, index); }
    auto const original = lua_absindex(state, index);
    luaL_checkstack(state, 4, nullptr);
    lua_createtable(state, 0, 2);
    lua_pushvalue(state, original);
    lua_rawsetp(state, -2, &original_key);
    lua_newtable(state);
    lua_rawsetp(state, -2, &children_key);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &view_metatable);
    lua_setmetatable(state, -2);
}

void make_plain(lua_State* state, int index)
{
    if (!is_view(state, index)) { return; }
    auto const table = lua_absindex(state, index);
    luaL_checkstack(state, 8, nullptr);
    lua_rawgetp(state, table, &children_key);
    auto const children = lua_gettop(state);
    lua_rawgetp(state, table, &original_key);
    auto const original = lua_gettop(state);
    lua_pushnil(state);
    while (lua_next(state, original) != 0) {
        meter::of(state).charge(1);
        show(state, children);
        lua_pushvalue(state, -2);
        lua_insert(state, -2);
        lua_rawset(state, table);
    }
    // Last, so that a view whose copying failed for want of memory is still one.
    for (auto const* const key : {&original_key, &children_key}) {
        lua_pushnil(state);
        lua_rawsetp(state, table, key);
    }
    lua_pushnil(state);
    lua_setmetatable(state, table);
    if (is_marked_array(state, original)) {
        lua_pushvalue(state, table);
        mark_array(state);
    }
    lua_settop(state, children - 1);
}

}  // namespace mykeyv::script
