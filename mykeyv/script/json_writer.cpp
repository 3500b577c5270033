// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/json_writer.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/script/kv_functions.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/refusal.hpp"
#include "mykeyv/script/view.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace mykeyv::script {
namespace {

constexpr std::size_t path_bytes_max = 200;

bool is_word(std::string_view key)
{
    auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    return !key.empty() && letter(key.front()) && std::all_of(key.begin(), key.end(), [&](char c) { return letter(c) || digit(c); });
}

}  // namespace

json_writer::json_writer(lua_State* state, std::size_t bytes_max, std::string_view name)
    : state_{state}, bytes_max_{bytes_max}, name_{name}
{
}

std::string json_writer::write()
{
    value();
    return std::move(text_);
}

void json_writer::value()
{
    meter::of(state_).charge(1);
    switch (lua_type(state_, -1)) {
    case LUA_TBOOLEAN: return append(lua_toboolean(state_, -1) != 0 ? "true" : "false");
    case LUA_TNUMBER: return number();
    case LUA_TSTRING: return string(string_at(state_, -1));
    case LUA_TTABLE: return table();
    default:
        if (is_null(state_, -1)) { return append("null"); }
        if (is_erase(state_, -1)) { refuse("kv.erase is not a value"); }
        if (put_request_at(state_, -1) != nullptr) { refuse("kv.put(...) is not a value"); }
        refuse(fmt::format("a {} is not JSON", luaL_typename(state_, -1)));
    }
}

void json_writer::table()
{
    auto const* const identity = lua_topointer(state_, -1);
    if (open_.size() >= limits::json_depth_max) {
        bool const cycle = std::find(open_.begin(), open_.end(), identity) != open_.end();
        refuse(cycle ? "a table that contains itself" : fmt::format("nested deeper than {}", limits::json_depth_max));
    }
    luaL_checkstack(state_, 4, nullptr);
    make_plain(state_, -1);
    open_.push_back(identity);
    auto const first_key = keys_.size();
    auto const [is_array, size] = shape_of_table();
    if (is_array) {
        array(size);
    } else {
        object(first_key);
    }
    keys_.resize(first_key);
    open_.pop_back();
}

// Looks at every key; those of an object are left in keys_.
json_writer::shape json_writer::shape_of_table()
{
    auto const first_key = keys_.size();
    std::int64_t indexes = 0;
    std::int64_t highest = 0;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
        lua_pop(state_, 1);
        if (lua_type(state_, -1) == LUA_TSTRING) {
            keys_.push_back(string_at(state_, -1));
        } else if (lua_isinteger(state_, -1) != 0 && lua_tointeger(state_, -1) > 0) {
            highest = std::max<std::int64_t>(highest, lua_tointeger(state_, -1));
            ++indexes;
        } else if (lua_type(state_, -1) == LUA_TNUMBER) {
            refuse("a key that is a number but no index from 1");
        } else {
            refuse(fmt::format("a key of type {}", luaL_typename(state_, -1)));
        }
    }
    bool const marked = is_marked_array(state_, -1);
    bool const named = keys_.size() > first_key;
    if (named && indexes > 0) { refuse(fmt::format("a table with both indexes and names such as '{}'", keys_.back())); }
    if (named && marked) { refuse(fmt::format("an array with the name '{}'", keys_.back())); }
    if (indexes != highest) { refuse(fmt::format("an array with holes: {} of {} elements (kv.null can fill them)", indexes, highest)); }
    return {marked || indexes > 0, indexes};
}

void json_writer::array(std::int64_t size)
{
    append("[");
    for (std::int64_t index = 1; index <= size; ++index) {
        if (index > 1) { append(","); }
        lua_rawgeti(state_, -1, index);
        path_.push_back({{}, index});
        value();
        path_.pop_back();
        lua_pop(state_, 1);
    }
    append("]");
}

void json_writer::object(std::size_t first_key)
{
    auto const end = keys_.size();  // inner objects add their keys behind it and take them away again
    std::sort(keys_.begin() + static_cast<std::ptrdiff_t>(first_key), keys_.end());
    append("{");
    for (auto number = first_key; number < end; ++number) {
        auto const key = keys_[number];
        if (number > first_key) { append(","); }
        path_.push_back({key, 0});
        string(key);
        append(":");
        push_string(state_, key);
        lua_rawget(state_, -2);
        value();
        path_.pop_back();
        lua_pop(state_, 1);
    }
    append("}");
}

void json_writer::number()
{
    std::array<char, 32> digits;
    auto* const end = digits.data() + digits.size();
    if (lua_isinteger(state_, -1) != 0) {
        return append({digits.data(), std::to_chars(digits.data(), end, lua_tointeger(state_, -1)).ptr});
    }
    double const number = lua_tonumber(state_, -1);
    if (!std::isfinite(number)) { refuse("NaN and infinities are not JSON"); }
    std::string_view const text{digits.data(), std::to_chars(digits.data(), end, number).ptr};
    append(text);
    if (text.find_first_of(".e") == text.npos) { append(".0"); }  // so that it is read as a float again
}

void json_writer::string(std::string_view bytes)
{
    if (bytes.size() > bytes_max_) { refuse_length(); }
    if (!simdjson::validate_utf8(bytes.data(), bytes.size())) { refuse("a string that is not UTF-8"); }
    append("\"");
    std::size_t written = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto const c = static_cast<unsigned char>(bytes[at]);
        if (c >= 0x20 && c != '"' && c != '\\') { continue; }
        append(bytes.substr(written, at - written));
        written = at + 1;
        switch (c) {
        case '"': append("\\\""); break;
        case '\\': append("\\\\"); break;
        case '\n': append("\\n"); break;
        case '\r': append("\\r"); break;
        case '\t': append("\\t"); break;
        default: append(fmt::format("\\u{:04x}", c));
        }
    }
    append(bytes.substr(written));
    append("\"");
}

void json_writer::append(std::string_view piece)
{
    if (piece.size() > bytes_max_ - text_.size()) { refuse_length(); }
    text_.append(piece);
}

void json_writer::refuse_length() const
{
    throw refusal{errc::value_too_long, fmt::format("{}: longer than {} bytes", name_, bytes_max_)};
}

void json_writer::refuse(std::string_view what) const { throw refusal{errc::script_result, fmt::format("{}: {}", path(), what)}; }

std::string json_writer::path() const
{
    std::string text{name_};
    for (auto const& [key, index] : path_) {
        if (index > 0) {
            text += fmt::format("[{}]", index);
        } else if (is_word(key)) {
            text += fmt::format(".{}", key);
        } else {
            text += fmt::format("['{}']", key);
        }
        if (text.size() > path_bytes_max) { return text.substr(0, path_bytes_max) + "..."; }
    }
    return text;
}

}  // namespace mykeyv::script
