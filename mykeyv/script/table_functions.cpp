// SPDX-License-Identifier: Apache-2.0
// `table`: Lua's own functions, bounded and charged in advance for what they are going to loop over in C.
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/sandbox.hpp"
#include "mykeyv/script/view.hpp"

#include <algorithm>

namespace mykeyv::script {
namespace {

constexpr std::uint64_t elements_per_call_max = 1u << 22;  // tens of milliseconds
constexpr std::uint64_t units_per_concatenated = 8;        // a number is formatted

/// How many numbers there are from `first` to `last`.
std::uint64_t range(lua_Integer first, lua_Integer last)
{
    if (first > last) { return 0; }
    auto const distance = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    return distance == UINT64_MAX ? distance : distance + 1;
}

lua_Integer length(lua_State* state, int index) { return static_cast<lua_Integer>(lua_rawlen(state, index)); }

std::uint64_t insert_cost(lua_State* state)
{
    return lua_gettop(state) < 3 ? 1 : range(luaL_checkinteger(state, 2), length(state, 1));
}

std::uint64_t remove_cost(lua_State* state)
{
    return lua_gettop(state) < 2 ? 1 : range(luaL_checkinteger(state, 2), length(state, 1));
}

std::uint64_t unpack_cost(lua_State* state)
{
    return range(luaL_optinteger(state, 2, 1), luaL_opt(state, luaL_checkinteger, 3, length(state, 1)));
}

std::uint64_t move_cost(lua_State* state)
{
    make_plain(state, lua_istable(state, 5) ? 5 : 1);
    return range(luaL_checkinteger(state, 2), luaL_checkinteger(state, 3));
}

std::uint64_t pack_cost(lua_State* state) { return static_cast<std::uint64_t>(lua_gettop(state)); }

void check_table(lua_State* state, int index)
{
    luaL_checktype(state, index, LUA_TTABLE);
    make_plain(state, index);
}

template <auto Cost, bool OnTable = true>
int charged(lua_State* state)
{
    if constexpr (OnTable) { check_table(state, 1); }
    auto const elements = Cost(state);
    if (elements > elements_per_call_max) { return luaL_error(state, "too many elements for one call"); }
    meter::of(state).charge(elements);
    return call_wrapped(state);
}

int concat(lua_State* state)
{
    check_table(state, 1);
    luaL_optstring(state, 2, "");
    auto const separator = lua_isnoneornil(state, 2) ? std::string_view{} : string_at(state, 2);
    auto index = luaL_optinteger(state, 3, 1);
    auto const last = luaL_opt(state, luaL_checkinteger, 4, length(state, 1));
    luaL_Buffer buffer;
    luaL_buffinit(state, &buffer);
    for (auto left = range(index, last); left > 0; --left, ++index) {
        meter::of(state).charge(units_per_concatenated);
        lua_geti(state, 1, index);
        if (lua_isstring(state, -1) == 0) {
            return luaL_error(state, "invalid value (at index %I) in table for 'concat'", static_cast<LUAI_UACINT>(index));
        }
        luaL_addvalue(&buffer);
        if (left > 1) { luaL_addlstring(&buffer, separator.data(), separator.size()); }
    }
    luaL_pushresult(&buffer);
    return 1;
}

// The comparator of a sort without one. Strings are compared to their end in the worst case.
int less(lua_State* state)
{
    bool const strings = lua_type(state, 1) == LUA_TSTRING && lua_type(state, 2) == LUA_TSTRING;
    meter::of(state).charge(2 + (strings ? std::min(lua_rawlen(state, 1), lua_rawlen(state, 2)) / 16 : 0));
    lua_pushboolean(state, lua_compare(state, 1, 2, LUA_OPLT));
    return 1;
}

// A comparator always runs where it is metered: one in Lua has the count hook, a C function would have nothing.
int sort(lua_State* state)
{
    check_table(state, 1);
    lua_settop(state, 2);
    if (lua_isnil(state, 2)) {
        lua_pushcfunction(state, &less);
        lua_replace(state, 2);
    } else if (!lua_isfunction(state, 2) || lua_iscfunction(state, 2)) {
        return luaL_argerror(state, 2, "a function written in Lua expected");
    }
    return call_wrapped(state);
}

}  // namespace

void push_table_functions(lua_State* state)
{
    static char const* const kept[] = {"concat", "insert", "move", "pack", "remove", "sort", "unpack", nullptr};
    lua_pushcfunction(state, &luaopen_table);
    lua_call(state, 0, 1);
    keep_only(state, kept);
    wrap(state, "concat", &concat);
    wrap(state, "insert", &charged<insert_cost>);
    wrap(state, "move", &charged<move_cost>);
    wrap(state, "pack", &charged<pack_cost, false>);
    wrap(state, "remove", &charged<remove_cost>);
    wrap(state, "sort", &sort);
    wrap(state, "unpack", &charged<unpack_cost>);
}

}  // namespace mykeyv::script
