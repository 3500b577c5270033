// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/kv_functions.hpp"

#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/view.hpp"

#include <new>

namespace mykeyv::script {
namespace {

// Their addresses are what counts: registry keys and light userdata that no code can forge.
char null_mark;
char erase_mark;
char array_metatable;
char put_metatable;

bool has_metatable(lua_State* state, int index, void const* key)
{
    if (lua_getmetatable(state, index) == 0) { return false; }
    lua_rawgetp(state, LUA_REGISTRYINDEX, key);
    bool const same = lua_rawequal(state, -1, -2) != 0;
    lua_pop(state, 2);
    return same;
}

// kv.put(value [, "bytes" | "document"])
int put_function(lua_State* state)
{
    luaL_checkany(state, 1);
    if (lua_isnil(state, 1)) { return luaL_argerror(state, 1, "a value expected; kv.erase deletes, kv.null is JSON null"); }
    put_request request;
    if (!lua_isnoneornil(state, 2)) {
        static char const* const names[] = {"bytes", "document", nullptr};
        request.format = luaL_checkoption(state, 2, nullptr, names) == 0 ? format::bytes : format::document;
    }
    if (request.format == format::bytes && lua_type(state, 1) != LUA_TSTRING) {
        return luaL_argerror(state, 1, "a record of bytes must be a string");
    }
    new (lua_newuserdatauv(state, sizeof(put_request), 1)) put_request{request};
    lua_pushvalue(state, 1);
    lua_setiuservalue(state, -2, 1);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &put_metatable);
    lua_setmetatable(state, -2);
    return 1;
}

// kv.array([table]): the same table, or a new one, marked as an array
int array_function(lua_State* state)
{
    lua_settop(state, 1);
    if (lua_isnil(state, 1)) {
        lua_newtable(state);
    } else {
        luaL_checktype(state, 1, LUA_TTABLE);
        make_plain(state, 1);
    }
    mark_array(state);
    return 1;
}

int now_function(lua_State* state)
{
    auto const* const now = static_cast<unix_ms const*>(lua_touserdata(state, lua_upvalueindex(1)));
    lua_pushinteger(state, now->value);
    return 1;
}

}  // namespace

void make_marks(lua_State* state)
{
    for (auto const* key : {&array_metatable, &put_metatable}) {
        lua_newtable(state);
        lua_rawsetp(state, LUA_REGISTRYINDEX, key);
    }
}

void push_kv_functions(lua_State* state, unix_ms const* now)
{
    lua_newtable(state);
    push_null(state);
    lua_setfield(state, -2, "null");
    lua_pushlightuserdata(state, &erase_mark);
    lua_setfield(state, -2, "erase");
    lua_pushcfunction(state, &put_function);
    lua_setfield(state, -2, "put");
    lua_pushcfunction(state, &array_function);
    lua_setfield(state, -2, "array");
    lua_pushlightuserdata(state, const_cast<unix_ms*>(now));
    lua_pushcclosure(state, &now_function, 1);
    lua_setfield(state, -2, "now");
}

void push_null(lua_State* state) { lua_pushlightuserdata(state, &null_mark); }

bool is_null(lua_State* state, int index) { return lua_touserdata(state, index) == &null_mark; }

bool is_erase(lua_State* state, int index) { return lua_touserdata(state, index) == &erase_mark; }

void mark_array(lua_State* state)
{
    lua_rawgetp(state, LUA_REGISTRYINDEX, &array_metatable);
    lua_setmetatable(state, -2);
}

bool is_marked_array(lua_State* state, int index) { return has_metatable(state, index, &array_metatable); }

put_request const* put_request_at(lua_State* state, int index)
{
    bool const made_here = lua_type(state, index) == LUA_TUSERDATA && has_metatable(state, index, &put_metatable);
    return made_here ? static_cast<put_request const*>(lua_touserdata(state, index)) : nullptr;
}

void push_put_value(lua_State* state, int index) { lua_getiuservalue(state, index, 1); }

}  // namespace mykeyv::script
