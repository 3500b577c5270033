// SPDX-License-Identifier: Apache-2.0
// string.find, match, gmatch and gsub as the Lua manual has them, over the metered matcher.
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/pattern.hpp"
#include "mykeyv/script/sandbox.hpp"

#include <algorithm>
#include <cstring>

namespace mykeyv::script {
namespace {

std::string_view checked_string(lua_State* state, int index)
{
    luaL_checkstring(state, index);
    return string_at(state, index);
}

/// The offset that the position at `index` means: from 1, or from the end if negative; may lie behind the end.
std::size_t start_offset(lua_State* state, int index, std::size_t size)
{
    auto const position = luaL_optinteger(state, index, 1);
    if (position > 0) { return static_cast<std::size_t>(position) - 1; }
    if (position == 0 || position < -static_cast<lua_Integer>(size)) { return 0; }
    return size - static_cast<std::size_t>(-position);
}

/// Calls a function that matches and turns a broken pattern into an ordinary Lua error.
template <auto Function>
int guarded(lua_State* state)
{
    char const* problem = nullptr;
    try {
        return Function(state);
    } catch (pattern_error const& error) {
        problem = error.text;
    }
    return luaL_error(state, "%s", problem);
}

/// Pushes capture `number` of the match [start, end); the whole match stands for the first capture of a pattern without any.
void push_capture(lua_State* state, pattern_matcher const& matcher, std::size_t number, std::string_view subject, std::size_t start,
                  std::size_t end)
{
    using capture = pattern_matcher::capture;
    if (number >= matcher.captures()) {
        if (number != 0) { throw pattern_error{"invalid capture index"}; }
        return push_string(state, subject.substr(start, end - start));
    }
    auto const& captured = matcher.captured(number);
    if (captured.length == capture::unclosed) { throw pattern_error{"unfinished capture"}; }
    if (captured.length == capture::position) { return lua_pushinteger(state, static_cast<lua_Integer>(captured.start) + 1); }
    push_string(state, subject.substr(captured.start, static_cast<std::size_t>(captured.length)));
}

/// Pushes all captures, or the whole match if the pattern has none; answers how many.
int push_captures(lua_State* state, pattern_matcher const& matcher, bool whole_if_none, std::string_view subject, std::size_t start,
                  std::size_t end)
{
    auto const count = matcher.captures() == 0 && whole_if_none ? 1 : matcher.captures();
    luaL_checkstack(state, static_cast<int>(count), "too many captures");
    for (std::size_t number = 0; number < count; ++number) { push_capture(state, matcher, number, subject, start, end); }
    return static_cast<int>(count);
}

int find_plain(lua_State* state, std::string_view subject, std::string_view wanted, std::size_t start)
{
    // memmem is linear whatever the two strings are; std::string_view::find is not.
    auto const* const found = memmem(subject.data() + start, subject.size() - start, wanted.data(), wanted.size());
    if (found == nullptr) { return luaL_pushfail(state), 1; }
    auto const offset = static_cast<char const*>(found) - subject.data();
    lua_pushinteger(state, offset + 1);
    lua_pushinteger(state, offset + static_cast<lua_Integer>(wanted.size()));
    return 2;
}

template <bool Find>
int find_or_match(lua_State* state)
{
    auto const subject = checked_string(state, 1);
    auto pattern = checked_string(state, 2);
    auto start = start_offset(state, 3, subject.size());
    if (start > subject.size()) { return luaL_pushfail(state), 1; }
    if (Find && (lua_toboolean(state, 4) != 0 || pattern.find_first_of("^$*+?.([%-") == pattern.npos)) {
        return find_plain(state, subject, pattern, start);
    }
    bool const anchored = pattern.starts_with('^');
    if (anchored) { pattern.remove_prefix(1); }
    pattern_matcher matcher{subject, pattern, meter::of(state)};
    for (; start <= subject.size(); ++start) {
        if (auto const end = matcher.match(start)) {
            if (!Find) { return push_captures(state, matcher, true, subject, start, *end); }
            lua_pushinteger(state, static_cast<lua_Integer>(start) + 1);
            lua_pushinteger(state, static_cast<lua_Integer>(*end));
            return 2 + push_captures(state, matcher, false, subject, start, *end);
        }
        if (anchored) { break; }
    }
    return luaL_pushfail(state), 1;
}

// Upvalues: subject, pattern, offset to go on from, end of the last match (so that an empty match is not found twice).
int next_match(lua_State* state)
{
    auto const subject = string_at(state, lua_upvalueindex(1));
    auto const last_end = lua_tointeger(state, lua_upvalueindex(4));
    pattern_matcher matcher{subject, string_at(state, lua_upvalueindex(2)), meter::of(state)};
    for (auto start = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(3))); start <= subject.size(); ++start) {
        auto const end = matcher.match(start);
        if (!end || static_cast<lua_Integer>(*end) == last_end) { continue; }
        for (int const upvalue : {3, 4}) {
            lua_pushinteger(state, static_cast<lua_Integer>(*end));
            lua_replace(state, lua_upvalueindex(upvalue));
        }
        return push_captures(state, matcher, true, subject, start, *end);
    }
    return 0;
}

int gmatch(lua_State* state)
{
    auto const subject = checked_string(state, 1);
    checked_string(state, 2);
    auto const start = std::min(start_offset(state, 3, subject.size()), subject.size() + 1);
    lua_settop(state, 2);
    lua_pushinteger(state, static_cast<lua_Integer>(start));
    lua_pushinteger(state, -1);
    lua_pushcclosure(state, &guarded<next_match>, 4);
    return 1;
}

/// One gsub: its replacement is at stack index 3.
class substitution {
public:
    substitution(lua_State* state, std::string_view subject, std::string_view pattern)
        : state_{state}, subject_{subject}, matcher_{subject, pattern, meter::of(state)}
    {
    }

    int run(bool anchored, lua_Integer times_max)
    {
        luaL_buffinit(state_, &buffer_);
        lua_Integer times = 0;
        std::size_t at = 0;
        for (std::size_t last_end = pattern_end_none; times < times_max;) {
            auto const end = matcher_.match(at);
            if (end && *end != last_end) {
                ++times;
                replace(at, *end);
                at = last_end = *end;
            } else if (at < subject_.size()) {
                luaL_addchar(&buffer_, subject_[at]);
                ++at;
            } else {
                break;
            }
            if (anchored) { break; }
        }
        luaL_addlstring(&buffer_, subject_.data() + at, subject_.size() - at);
        luaL_pushresult(&buffer_);
        lua_pushinteger(state_, times);
        return 2;
    }

private:
    static constexpr std::size_t pattern_end_none = static_cast<std::size_t>(-1);

    void replace(std::size_t start, std::size_t end)
    {
        switch (lua_type(state_, 3)) {
        case LUA_TFUNCTION: {
            lua_pushvalue(state_, 3);
            auto const arguments = push_captures(state_, matcher_, true, subject_, start, end);
            lua_call(state_, arguments, 1);
            break;
        }
        case LUA_TTABLE:
            push_capture(state_, matcher_, 0, subject_, start, end);
            lua_gettable(state_, 3);
            break;
        default: return add_template(start, end);
        }
        if (lua_toboolean(state_, -1) == 0) {
            lua_pop(state_, 1);
            luaL_addlstring(&buffer_, subject_.data() + start, end - start);
        } else if (lua_isstring(state_, -1) == 0) {
            luaL_error(state_, "invalid replacement value (a %s)", luaL_typename(state_, -1));
        } else {
            luaL_addvalue(&buffer_);
        }
    }

    void add_template(std::size_t start, std::size_t end)
    {
        auto const text = string_at(state_, 3);
        meter::of(state_).charge(text.size() / 4);
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] != '%') {
                luaL_addchar(&buffer_, text[at]);
                continue;
            }
            char const next = ++at < text.size() ? text[at] : '\0';
            if (next == '%') {
                luaL_addchar(&buffer_, '%');
            } else if (next == '0') {
                luaL_addlstring(&buffer_, subject_.data() + start, end - start);
            } else if (next >= '1' && next <= '9') {
                push_capture(state_, matcher_, static_cast<std::size_t>(next - '1'), subject_, start, end);
                luaL_tolstring(state_, -1, nullptr);
                lua_remove(state_, -2);
                luaL_addvalue(&buffer_);
            } else {
                throw pattern_error{"invalid use of '%' in replacement string"};
            }
        }
    }

    lua_State* state_;
    std::string_view subject_;
    pattern_matcher matcher_;
    luaL_Buffer buffer_{};
};

int gsub(lua_State* state)
{
    auto const subject = checked_string(state, 1);
    auto pattern = checked_string(state, 2);
    if (lua_type(state, 3) == LUA_TNUMBER) { lua_tolstring(state, 3, nullptr); }
    auto const kind = lua_type(state, 3);
    if (kind != LUA_TSTRING && kind != LUA_TTABLE && kind != LUA_TFUNCTION) { return luaL_typeerror(state, 3, "string/function/table"); }
    auto const times_max = luaL_optinteger(state, 4, static_cast<lua_Integer>(subject.size()) + 1);
    bool const anchored = pattern.starts_with('^');
    if (anchored) { pattern.remove_prefix(1); }
    return substitution{state, subject, pattern}.run(anchored, times_max);
}

}  // namespace

luaL_Reg const pattern_functions[] = {
    {"find", &guarded<find_or_match<true>>}, {"match", &guarded<find_or_match<false>>}, {"gmatch", &guarded<gmatch>},
    {"gsub", &guarded<gsub>}, {nullptr, nullptr},
};

}  // namespace mykeyv::script
