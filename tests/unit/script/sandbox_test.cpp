// SPDX-License-Identifier: Apache-2.0
// What code cannot reach, and what of one call another one cannot see.
#include "tests/unit/script/fixture.hpp"

namespace mykeyv::script {

class sandbox : public script_test {
protected:
    /// Runs code and says whether it failed with an ordinary error.
    bool fails(std::string_view code) { return run_on_absent(code).error == errc::script_runtime; }
};

TEST_F(sandbox, has_no_way_out)
{
    for (auto const* name : {"load", "loadstring", "loadfile", "dofile", "require", "package", "debug", "io", "os", "collectgarbage",
                             "coroutine", "print", "warn", "setmetatable", "getmetatable", "_G", "string.dump", "math.random",
                             "math.randomseed"}) {
        EXPECT_EQ(value_of(std::string{name} + " == nil"), "true") << name;
    }
}

TEST_F(sandbox, has_the_functions_that_the_manual_lists)
{
    for (auto const* name :
         {"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset", "select", "tonumber", "tostring",
          "type", "xpcall", "string.byte", "string.char", "string.find", "string.format", "string.gmatch", "string.gsub", "string.len",
          "string.lower", "string.match", "string.pack", "string.packsize", "string.rep", "string.reverse", "string.sub", "string.unpack",
          "string.upper", "table.concat", "table.insert", "table.move", "table.pack", "table.remove", "table.sort", "table.unpack",
          "math.abs", "math.floor", "math.tointeger", "math.ult", "utf8.char", "utf8.codes", "utf8.len", "utf8.offset", "kv.put",
          "kv.array", "kv.now"}) {
        EXPECT_EQ(value_of("type(" + std::string{name} + ")"), "\"function\"") << name;
    }
    EXPECT_EQ(value_of("{math.huge > 1, math.maxinteger, math.mininteger, utf8.charpattern ~= nil}"),
              "[true,9223372036854775807,-9223372036854775808,true]");
}

TEST_F(sandbox, bytecode_chunks_are_refused)
{
    EXPECT_EQ(run_on_absent("\x1bLua").error, errc::script_compile);
    EXPECT_TRUE(compile_error("\x1bLuaT").has_value());
}

TEST_F(sandbox, globals_vanish_with_the_call)
{
    EXPECT_EQ(value_of("(function() seen = 1 return seen end)()"), "1");
    EXPECT_EQ(value_of("seen == nil"), "true");
    auto const counting = "count = (count or 0) + 1 return nil, count";
    EXPECT_EQ(text(run_on_absent(counting)), "1");
    EXPECT_EQ(text(run_on_absent(counting)), "1");
}

TEST_F(sandbox, a_global_may_hide_a_library_for_its_own_call_only)
{
    EXPECT_EQ(text(run_on_absent("string = 4 tostring = 5 return nil, string == 4 and tostring == 5")), "true");
    EXPECT_EQ(value_of("string.upper('a') .. tostring(1)"), R"("A1")");
    EXPECT_EQ(text(run_on_absent("_ENV = nil")), "");
    EXPECT_EQ(text(run_on_absent("_ENV = nil")), "");
}

TEST_F(sandbox, libraries_cannot_be_changed)
{
    EXPECT_EQ(text(run_on_absent("string.rep = 1")), "runtime: update:1: 'string' cannot be changed");
    EXPECT_TRUE(fails("kv.null = 1"));
    EXPECT_TRUE(fails("rawset(table, 'insert', 1)"));
    EXPECT_TRUE(fails("table.insert(math, 1)"));
    EXPECT_TRUE(fails("for k in next, utf8 do end"));
}

TEST_F(sandbox, the_string_metatable_is_shared_and_out_of_reach)
{
    EXPECT_TRUE(fails("local s = '' s.rep = 1"));
    EXPECT_EQ(value_of("('ab'):rep(2):upper()"), R"("ABAB")");
    EXPECT_EQ(value_of("('').rep == string.rep"), "true");
}

TEST_F(sandbox, there_are_no_coroutines_whose_count_would_start_anew) { EXPECT_TRUE(fails("coroutine.wrap(function() end)()")); }

TEST_F(sandbox, collectgarbage_cannot_be_stopped) { EXPECT_TRUE(fails("collectgarbage('stop')")); }

TEST_F(sandbox, there_are_no_finalizers) { EXPECT_TRUE(fails("setmetatable({}, {__gc = function() end})")); }

TEST_F(sandbox, tostring_leaks_no_addresses)
{
    EXPECT_EQ(value_of("{tostring({}), tostring(print), tostring(pcall), tostring(kv), tostring(kv.null)}"),
              R"(["table","nil","function","userdata","null"])");
    EXPECT_EQ(value_of("tostring(1) .. tostring(1.5) .. tostring(true) .. tostring('x')"), R"("11.5truex")");
}

TEST_F(sandbox, format_leaks_no_addresses)
{
    EXPECT_EQ(value_of("string.format('%s %10s', {}, pcall)"), R"("table   function")");
    EXPECT_EQ(value_of("string.format('%q', kv.null)"), R"("\"null\"")");
    EXPECT_TRUE(fails("return string.format('%p', {})"));
    EXPECT_TRUE(fails("return string.format('%-20p', {})"));
}

TEST_F(sandbox, format_formats)
{
    EXPECT_EQ(value_of("string.format('%5d|%-5s|%05.1f|%x|%%|%q', 42, 'ab', 3.14159, 255, 'q')"), R"("   42|ab   |003.1|ff|%|\"q\"")");
}

TEST_F(sandbox, error_messages_leak_no_addresses)
{
    for (auto const* code : {"return {} < {}", "return {} .. 'x'", "error({})", "({})()", "return #pcall", "table.concat({{}})"}) {
        EXPECT_EQ(run_on_absent(code).detail.find("0x"), std::string::npos) << code;
    }
}

TEST_F(sandbox, pcall_catches_ordinary_errors)
{
    EXPECT_EQ(value_of("{pcall(error, 'x')}"), R"([false,"x"])");
    EXPECT_EQ(value_of("{pcall(function(a, b) return b, a end, 1, 2)}"), "[true,2,1]");
    EXPECT_EQ(value_of("{pcall(error, {code = 5})}"), R"([false,{"code":5}])");
}

TEST_F(sandbox, xpcall_hands_the_error_to_its_handler)
{
    EXPECT_EQ(value_of("{xpcall(error, function(e) return 'handled ' .. e end, 'x')}"), R"([false,"handled x"])");
    EXPECT_EQ(value_of("{xpcall(function(a, b) return b, a end, error, 1, 2)}"), "[true,2,1]");
    EXPECT_EQ(value_of("{xpcall(error, error, 'x')}"), R"([false,"x"])");
}

TEST_F(sandbox, table_functions_work_on_arrays_of_the_record)
{
    auto const code = R"(
        local r = ...
        table.insert(r.a, 4) table.insert(r.a, 1, 0) table.remove(r.a, 2) table.sort(r.a, function(x, y) return x > y end)
        r.text = table.concat(r.a, ',') r.sum = select('#', table.unpack(r.a)) r.a = table.move(r.a, 1, 2, 3)
        return true)";
    EXPECT_EQ(stored_by(code, document(R"({"a":[1,2,3]})")), R"({"a":[4,3,4,3],"sum":4,"text":"4,3,2,0"})");
    EXPECT_EQ(value_of("(function() local t = {3, 1, 2} table.sort(t) return t end)()"), "[1,2,3]");
    EXPECT_EQ(value_of("table.pack(1, 2).n"), "2");
}

TEST_F(sandbox, an_engine_goes_on_after_every_kind_of_failure)
{
    auto const one = R"(return nil, ("a"):upper())";
    for (auto const* bad : {"error('x')", "return", "local =", "while true do end", "return ('x'):rep(1e9)", "return kv.put(pcall)",
                            "local function f() return 1 + f() end f()"}) {
        run_on_absent(bad);
        EXPECT_EQ(text(run_on_absent(one)), R"("A")") << bad;
    }
}

TEST_F(sandbox, calls_give_the_same_answer_for_the_same_inputs)
{
    auto const code = "local r, keys = {}, {} for i = 1, 50 do r['k' .. i] = i end return kv.put(r)";
    auto const first = stored_by(code);
    engine other;
    EXPECT_EQ(stored(other.run(script_id::of(code), code, nullptr, "k", "", context_)), first);
}

}  // namespace mykeyv::script
