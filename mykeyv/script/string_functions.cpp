// SPDX-License-Identifier: Apache-2.0
// `string`, with what can run on in C or show addresses replaced. Patterns have a room of their own.
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/sandbox.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace mykeyv::script {
namespace {

constexpr std::size_t string_bytes_max = static_cast<std::size_t>(LUA_MAXINTEGER);
constexpr int arguments_max = 250;  // of format and pack: each can cost a hundred times what it takes to name it
constexpr std::ptrdiff_t pack_digits_max = 4;
constexpr std::size_t pack_format_bytes_max = 64u << 10;  // of what says how to pack; each takes ten times as long as to copy one
constexpr std::size_t quoted_bytes_max = 1u << 20;        // by one call of format: tens of milliseconds if they are control characters

// Lua's own copies piece by piece, 1e18 times even if the piece is empty; this one doubles what it has.
int rep(lua_State* state)
{
    luaL_checkstring(state, 1);
    luaL_optstring(state, 3, "");
    auto const times = luaL_checkinteger(state, 2);
    auto const piece = string_at(state, 1);
    auto const separator = lua_isnoneornil(state, 3) ? std::string_view{} : string_at(state, 3);
    auto const period = piece.size() + separator.size();
    if (times <= 0 || period == 0) {
        lua_pushliteral(state, "");
        return 1;
    }
    if (period > string_bytes_max / static_cast<std::size_t>(times)) { return luaL_error(state, "resulting string too large"); }
    auto const bytes = period * static_cast<std::size_t>(times) - separator.size();
    luaL_Buffer buffer;
    auto* const text = luaL_buffinitsize(state, &buffer, bytes + separator.size());
    std::copy(piece.begin(), piece.end(), text);
    std::copy(separator.begin(), separator.end(), text + piece.size());
    for (auto done = period; done < bytes; done *= 2) { std::memcpy(text + done, text, std::min(done, bytes - done)); }
    luaL_pushresultsize(&buffer, bytes);
    return 1;
}

/// Refuses %p, and charges what is written byte by byte: the text, and strings that are quoted. What %s shows is copied.
void check_conversions(lua_State* state, std::string_view text)
{
    std::size_t quoted_bytes = 0;
    int argument = 1;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') { continue; }
        at = text.find_first_not_of("-+ #.0123456789", at + 1);
        if (at == text.npos) { break; }
        if (text[at] == '%' || ++argument > lua_gettop(state)) { continue; }
        if (text[at] == 'p') { luaL_error(state, "invalid conversion '%%p' to 'format'"); }
        if (text[at] == 'q' && lua_type(state, argument) == LUA_TSTRING) { quoted_bytes += lua_rawlen(state, argument); }
    }
    if (quoted_bytes > quoted_bytes_max) { luaL_error(state, "too many bytes to quote in one call"); }
    meter::of(state).charge(text.size() / 4 + quoted_bytes);
}

// No %p, and no addresses through %s and %q.
int format(lua_State* state)
{
    luaL_checkstring(state, 1);
    if (lua_gettop(state) > arguments_max) { return luaL_error(state, "too many arguments"); }
    check_conversions(state, string_at(state, 1));
    for (int argument = 2; argument <= lua_gettop(state); ++argument) {
        switch (lua_type(state, argument)) {
        case LUA_TNIL:
        case LUA_TBOOLEAN:
        case LUA_TNUMBER:
        case LUA_TSTRING: break;
        default:
            push_display(state, argument);
            lua_replace(state, argument);
        }
    }
    return call_wrapped(state);
}

/// pack, packsize and unpack look at each byte of what says how, also where it stands for nothing.
int formatted(lua_State* state)
{
    luaL_checkstring(state, 1);
    auto const bytes = string_at(state, 1).size();
    if (bytes > pack_format_bytes_max) { return luaL_argerror(state, 1, "too long"); }
    meter::of(state).charge(bytes);
    return call_wrapped(state);
}

// Lua's own writes the padding of "c2000000000" byte by byte.
int pack(lua_State* state)
{
    luaL_checkstring(state, 1);
    auto const text = string_at(state, 1);
    if (lua_gettop(state) > arguments_max) { return luaL_error(state, "too many arguments"); }
    std::ptrdiff_t digits = 0;
    for (char const c : text) {
        digits = std::isdigit(static_cast<unsigned char>(c)) != 0 ? digits + 1 : 0;
        if (digits > pack_digits_max) { return luaL_argerror(state, 1, "size too large"); }
    }
    return formatted(state);
}

}  // namespace

void push_string_functions(lua_State* state)
{
    static char const* const kept[] = {"byte", "char",    "format", "len",   "lower",  "pack", "packsize",
                                       "reverse", "sub", "unpack", "upper", nullptr};
    lua_pushcfunction(state, &luaopen_string);
    lua_call(state, 0, 1);
    keep_only(state, kept);
    wrap(state, "format", &format);
    wrap(state, "pack", &pack);
    wrap(state, "packsize", &formatted);
    wrap(state, "unpack", &formatted);
    lua_pushcfunction(state, &rep);
    lua_setfield(state, -2, "rep");
    luaL_setfuncs(state, pattern_functions, 0);

    lua_pushliteral(state, "");  // ("x"):rep(3) goes through the metatable that all strings share
    lua_getmetatable(state, -1);
    lua_pushvalue(state, -3);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 2);
}

}  // namespace mykeyv::script
