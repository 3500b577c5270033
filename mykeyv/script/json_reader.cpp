// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/json_reader.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/script/kv_functions.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/refusal.hpp"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace mykeyv::script {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t capacity_kept_max = 1u << 20;  // a parser for a larger text is given back after it: it takes ten times its size

[[noreturn]] void refuse(simdjson::error_code problem, std::string_view name)
{
    auto const detail = [&](std::string_view what) { return fmt::format("{}: {}", name, what); };
    switch (problem) {
    case simdjson::UTF8_ERROR: throw refusal{errc::json_not_utf8, detail("text that is not UTF-8")};
    case simdjson::DEPTH_ERROR: throw refusal{errc::json_too_deep, detail(fmt::format("nested deeper than {}", limits::json_depth_max))};
    case simdjson::NUMBER_ERROR: throw refusal{errc::json_not_exact, detail("a number that is malformed or cannot be held")};
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: throw refusal{errc::script_memory, detail("no memory to read it")};
    default: throw refusal{errc::not_json, detail(simdjson::error_message(problem))};
    }
}

int size_hint(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, 1u << 20)); }

// simdjson reads the integer -0, which has no place among the integers of Lua either, as 0; -0.0 it reads as what it is.

/// Whether a number that begins at `at` would be the integer -0.
bool is_negative_zero(std::string_view text, std::size_t at)
{
    if (text.substr(at, 2) != "-0") { return false; }
    return at + 2 == text.size() || std::string_view{"0123456789.eE"}.find(text[at + 2]) == std::string_view::npos;
}

/// False for nearly every text, at the price of looking for its minus signs. True may be a mistake: it is perhaps within a string.
bool may_have_negative_zeros(std::string_view text)
{
    for (auto at = text.find('-'); at != text.npos; at = text.find('-', at + 1)) {
        if (is_negative_zero(text, at)) { return true; }
    }
    return false;
}

std::string with_negative_zeros_as_floats(std::string_view text)
{
    std::string out;
    out.reserve(2 * text.size());
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        out += text[at];
        if (text[at] == '"') { in_string = !in_string; }
        if (in_string && text[at] == '\\' && at + 1 < text.size()) { out += text[++at]; }
        if (!in_string && is_negative_zero(text, at)) {
            out += "0.0";
            ++at;
        }
    }
    return out;
}

/// Pushes the elements of one parsed text; recursion is bounded by the parser's depth.
class pusher {
public:
    pusher(lua_State* state, std::string_view name) : state_{state}, name_{name} {}

    void push(dom::element element)
    {
        luaL_checkstack(state_, 4, nullptr);
        switch (element.type()) {
        case dom::element_type::ARRAY: push_array(dom::array{element}); return;
        case dom::element_type::OBJECT: push_object(dom::object{element}); return;
        case dom::element_type::INT64: lua_pushinteger(state_, std::int64_t{element}); return;
        case dom::element_type::UINT64:
            throw refusal{errc::json_not_exact, fmt::format("{}: {} is above the integers of Lua", name_, std::uint64_t{element})};
        case dom::element_type::DOUBLE: lua_pushnumber(state_, double{element}); return;
        case dom::element_type::STRING: push_string(state_, std::string_view{element}); return;
        case dom::element_type::BOOL: lua_pushboolean(state_, bool{element} ? 1 : 0); return;
        case dom::element_type::NULL_VALUE: push_null(state_); return;
        }
    }

private:
    void push_array(dom::array array)
    {
        lua_createtable(state_, size_hint(array.size()), 0);
        lua_Integer index = 0;
        for (auto const element : array) {
            push(element);
            lua_rawseti(state_, -2, ++index);
        }
        mark_array(state_);
    }

    void push_object(dom::object object)
    {
        lua_createtable(state_, 0, size_hint(object.size()));
        for (auto const& [key, element] : object) {
            push_string(state_, key);
            if (is_member_already()) {
                throw refusal{errc::json_not_exact, fmt::format("{}: an object with the member '{}' twice", name_, key)};
            }
            push(element);
            lua_rawset(state_, -3);
        }
    }

    /// The key on top of the stack, of the table below it.
    bool is_member_already()
    {
        lua_pushvalue(state_, -1);
        auto const kind = lua_rawget(state_, -3);
        lua_pop(state_, 1);
        return kind != LUA_TNIL;
    }

    lua_State* state_;
    std::string_view name_;
};

}  // namespace

struct json_reader::parts {
    dom::parser parser;
    std::vector<char> padded;

    void reserve(std::size_t size)
    {
        if (padded.size() < size + simdjson::SIMDJSON_PADDING) { padded.resize(size + simdjson::SIMDJSON_PADDING); }
        if (parser.capacity() >= size && parser.max_depth() == limits::json_depth_max) { return; }
        auto const capacity = std::max<std::size_t>(size, 1024);
        if (auto const problem = parser.allocate(capacity, limits::json_depth_max)) { refuse(problem, "parser"); }
    }
};

json_reader::json_reader() : parts_{std::make_unique<parts>()} {}

json_reader::~json_reader() = default;

void json_reader::push(lua_State* state, std::string_view text, std::string_view name)
{
    if (may_have_negative_zeros(text)) { return push_exact(state, with_negative_zeros_as_floats(text), name); }
    push_exact(state, text, name);
}

void json_reader::push_exact(lua_State* state, std::string_view text, std::string_view name)
{
    parts_->reserve(text.size());
    std::memcpy(parts_->padded.data(), text.data(), text.size());
    dom::element root;
    auto const problem = parts_->parser.parse(parts_->padded.data(), text.size(), false).get(root);
    if (problem != simdjson::SUCCESS) { refuse(problem, name); }
    pusher{state, name}.push(root);
    if (text.size() > capacity_kept_max) { parts_ = std::make_unique<parts>(); }
}

}  // namespace mykeyv::script
