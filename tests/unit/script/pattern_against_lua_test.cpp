// SPDX-License-Identifier: Apache-2.0
// The metered matcher against Lua's own: random patterns must give the same answers and the same errors.
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/sandbox.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace mykeyv::script {

class pattern_against_lua : public testing::Test {
protected:
    pattern_against_lua()
    {
        meter_.attach(ours_.get());
        build_sandbox(ours_.get(), &now_);
        luaL_openlibs(theirs_.get());
        push_globals(ours_.get());
        lua_pushglobaltable(theirs_.get());
    }

    /// All that string.<function> answers, or "error". The globals are at stack index 1.
    static std::string answer(lua_State* state, char const* function, std::vector<std::string> const& arguments)
    {
        lua_settop(state, 1);
        lua_getfield(state, 1, "string");
        lua_getfield(state, 2, function);
        for (auto const& argument : arguments) { push_string(state, argument); }
        if (lua_pcall(state, static_cast<int>(arguments.size()), LUA_MULTRET, 0) != LUA_OK) { return "error"; }
        std::string text;
        for (int index = 3; index <= lua_gettop(state); ++index) {
            luaL_tolstring(state, index, nullptr);
            text.append(string_at(state, -1)).append("|");
            lua_pop(state, 1);
        }
        return text;
    }

    std::string random_text(std::vector<std::string> const& pieces, std::size_t count_max)
    {
        std::string text;
        for (auto count = random_() % (count_max + 1); count > 0; --count) { text += pieces[random_() % pieces.size()]; }
        return text;
    }

    meter meter_{budget{}};
    unix_ms now_;
    lua_handle ours_{lua_newstate(&meter::allocate, &meter_)};
    lua_handle theirs_{luaL_newstate()};
    std::mt19937 random_{7};
};

TEST_F(pattern_against_lua, random_patterns_mean_the_same)
{
    std::vector<std::string> const letters{"a", "a", "b", "(", ")", " ", "1", "_"};
    std::vector<std::string> const items{"a", "b", ".", "%a", "%d", "%s", "[ab]", "[^a]", "[a-c]", "[%a_]", "%b()", "%f[%a]",
                                         "(", "(", ")", ")", "()", "%1", "^", "$", "*", "+", "-", "?", "]", "[", "%", "%W"};
    std::vector<std::string> const replacements{"<%0>", "%1", "x", "%%", "%2", "%"};
    for (int round = 0; round < 20'000; ++round) {
        meter_.begin(0);
        auto const subject = random_text(letters, 8);
        auto const pattern = random_text(items, 6);
        for (auto const* function : {"find", "match", "gsub"}) {
            std::vector<std::string> arguments{subject, pattern};
            if (function[0] == 'g') { arguments.push_back(replacements[random_() % replacements.size()]); }
            ASSERT_EQ(answer(ours_.get(), function, arguments), answer(theirs_.get(), function, arguments))
                << function << "('" << subject << "', '" << pattern << "')";
        }
    }
}

}  // namespace mykeyv::script
