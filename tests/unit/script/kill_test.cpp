// SPDX-License-Identifier: Apache-2.0
// Code that does not want to end: each of these must be killed close to its budget, and the next call must work.
#include "tests/unit/script/fixture.hpp"

#include <ctime>

namespace mykeyv::script {

using namespace std::chrono_literals;

constexpr auto time_budget = 100ms;

/// What this thread has computed: what others do with the processors meanwhile is not the code's.
std::chrono::nanoseconds computed()
{
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

/// Instructions without end, so that only the clock (or the memory) can kill.
class kill : public script_test {
protected:
    kill() : script_test{{std::uint64_t{1} << 62, 64u << 20, time_budget}} {}

    /// How the code ended; fails the test when that took more than ten times the budget.
    std::string end_of(std::string_view code) { return end_of(engine_, code); }
    std::string end_of(engine& in, std::string_view code, std::chrono::milliseconds at_most = 10 * time_budget)
    {
        auto const start = computed();
        auto const o = in.run(script_id::of(code), code, nullptr, "k", "", context_);
        EXPECT_LE(computed() - start, at_most) << code;
        EXPECT_EQ(in.run(script_id::of("return nil, 1"), "return nil, 1", nullptr, "k", "", context_).result_json, "1") << code;
        return o.status == status::error ? name(o.error) : "done";
    }
    /// The same where the clock is not to be first.
    std::string patient_end_of(std::string_view code)
    {
        engine patient{{std::uint64_t{1} << 62, 64u << 20, 1h}};
        return end_of(patient, code, 5s);
    }
    /// The same with a budget of instructions and all the time that is needed: what an instruction costs is the build's affair
    /// (ThreadSanitizer makes it ten times as much).
    std::string counted_end_of(std::string_view code)
    {
        engine counting{{1'000'000, 64u << 20, 1h}};
        return end_of(counting, code, 5s);
    }
};

TEST_F(kill, of_an_endless_loop)
{
    EXPECT_EQ(end_of("while true do end"), "time");
    EXPECT_EQ(counted_end_of("while true do end"), "instructions");
}

TEST_F(kill, is_not_swallowed_by_pcall)
{
    auto const* const code = "while true do pcall(function() while true do end end) end";
    EXPECT_EQ(end_of(code), "time");
    EXPECT_EQ(counted_end_of(code), "instructions");
    EXPECT_EQ(end_of("local function f() pcall(f) end while true do f() end"), "time");
}

TEST_F(kill, is_not_swallowed_by_the_handler_of_xpcall)
{
    auto const* const code = "local function f() while true do end end while true do xpcall(f, f) end";
    EXPECT_EQ(end_of(code), "time");
    EXPECT_EQ(counted_end_of(code), "instructions");
    EXPECT_EQ(end_of("xpcall(error, function() while true do end end)"), "time");
}

TEST_F(kill, is_not_swallowed_by_pcall_as_a_callback)
{
    EXPECT_EQ(counted_end_of("local f = function() while true do end end local s = ('x'):rep(1e5) s:gsub('.', function() pcall(f) end)"),
              "instructions");
}

TEST_F(kill, leaves_the_budget_of_the_next_call_whole)
{
    engine counting{{100'000, 64u << 20, 1h}};
    auto const* const within = "for i = 1, 40000 do end return nil, 1";
    for (int round = 0; round < 20; ++round) { EXPECT_EQ(end_of(counting, within), "done"); }
}

TEST_F(kill, of_string_rep_of_nothing) { EXPECT_EQ(patient_end_of("return nil, #string.rep('', 1e18)"), "done"); }

TEST_F(kill, of_huge_string_rep)
{
    EXPECT_EQ(patient_end_of("return ('xx'):rep(math.maxinteger)"), "runtime") << "longer than any string";
    EXPECT_EQ(patient_end_of("return ('x'):rep(1e18)"), "memory");
    EXPECT_EQ(patient_end_of("return ('x'):rep(1e12)"), "memory");
    EXPECT_EQ(patient_end_of("return ('x'):rep(1e5, ('y'):rep(1e5))"), "memory");
    EXPECT_EQ(end_of("while true do local s = ('x'):rep(3e7) end"), "time");
}

TEST_F(kill, of_table_move_over_a_huge_range)
{
    EXPECT_EQ(patient_end_of("table.move({}, 1, 1e15, 2)"), "runtime");
    EXPECT_EQ(patient_end_of("table.move({}, 1, math.maxinteger - 1, 2)"), "runtime");
    EXPECT_EQ(counted_end_of("table.move({}, 1, 4e6, 2)"), "instructions");
    EXPECT_EQ(end_of("while true do table.move({}, 1, 4e6, 2) end"), "time");
}

TEST_F(kill, of_table_unpack_over_a_huge_range)
{
    EXPECT_EQ(patient_end_of("table.unpack({}, 1, 1e18)"), "runtime");
    EXPECT_EQ(counted_end_of("while true do table.unpack({}, 1, 9e5) end"), "instructions");
    EXPECT_EQ(end_of("while true do table.unpack({}, 1, 9e5) end"), "time");
}

TEST_F(kill, of_table_concat_over_a_huge_range)
{
    EXPECT_EQ(patient_end_of("table.concat({}, '', 1, 1e18)"), "runtime");
    EXPECT_EQ(counted_end_of("local t = {} for i = 1, 1e5 do t[i] = i end while true do table.concat(t) end"), "instructions");
    EXPECT_EQ(end_of("local t = {} for i = 1, 1e5 do t[i] = i end while true do table.concat(t) end"), "time");
}

TEST_F(kill, of_table_insert_that_shifts_for_ever)
{
    EXPECT_EQ(end_of("local t = {} while true do table.insert(t, 1, 1) end"), "time");
    EXPECT_EQ(counted_end_of("local t = {} while true do table.insert(t, 1, 1) end"), "instructions");
}

TEST_F(kill, of_table_sort)
{
    auto const fill = std::string{"local t = {} for i = 1, 1e5 do t[i] = (i * 7919) % 100003 end "};
    EXPECT_EQ(counted_end_of(fill + "while true do table.sort(t) table.sort(t, function(a, b) return a > b end) end"), "instructions");
    EXPECT_EQ(end_of(fill + "while true do table.sort(t) table.sort(t, function(a, b) return a > b end) end"), "time");
    EXPECT_EQ(patient_end_of("local t = {} for i = 1, 1e3 do t[i] = i end table.sort(t, function() return true end)"), "runtime");
    EXPECT_EQ(patient_end_of("table.sort({1, 2, 3}, pcall)"), "runtime") << "a comparator in C would not be metered";
}

TEST_F(kill, of_string_format_with_huge_widths)
{
    EXPECT_EQ(patient_end_of("string.format('%99999d', 1)"), "runtime");
    EXPECT_EQ(patient_end_of("string.format(('%.99f'):rep(1e5), table.unpack({}, 1, 1e5))"), "runtime");
    EXPECT_EQ(end_of("while true do string.format('%99.99f', 1e308) end"), "time");
}

TEST_F(kill, of_string_format_that_quotes_much)
{
    EXPECT_EQ(patient_end_of("return nil, #string.format('%q', ('\\1'):rep(1e7))"), "runtime") << "half a second in one instruction";
    EXPECT_EQ(patient_end_of("return nil, #string.format(('%q'):rep(20), table.unpack((function(s, t) "
                             "for i = 1, 20 do t[i] = s end return t end)(('\\1'):rep(1e5), {})))"),
              "runtime");
    EXPECT_EQ(patient_end_of("return nil, #string.format('%d %% %q %s', 1, ('\\1'):rep(1e5), ('x'):rep(1e7))"), "done");
    EXPECT_EQ(counted_end_of("local s = ('x'):rep(1e5) for i = 1, 12 do string.format('%5d %q', i, s) end"), "instructions");
    EXPECT_EQ(counted_end_of("local s = ('x'):rep(1e6) for i = 1, 5 do string.format(s) end"), "instructions");
    EXPECT_EQ(end_of("while true do string.format('%q', ('\\1'):rep(1e6)) end"), "time");
}

TEST_F(kill, of_string_pack_with_a_format_that_is_long)
{
    std::string const padding = "local f, s = ('x'):rep(6e4), ('x'):rep(6e4) ";
    for (auto const* const call : {"string.pack(f)", "string.packsize(f)", "string.unpack(f, s)"}) {
        EXPECT_EQ(patient_end_of(std::string{"local f, s = ('<'):rep(2e7), '' "} + call), "runtime") << call;
        EXPECT_EQ(counted_end_of(padding + "for i = 1, 20 do " + call + " end"), "instructions") << call;
        EXPECT_EQ(counted_end_of(padding + call), "done") << call;
    }
}

TEST_F(kill, of_string_pack_with_huge_padding) { EXPECT_EQ(patient_end_of("string.pack('c2000000000', '')"), "runtime"); }

TEST_F(kill, of_patterns_that_backtrack)
{
    auto const* const polynomial = "('a'):rep(5000):find(('a*'):rep(20) .. 'b')";
    EXPECT_EQ(end_of(polynomial), "time");
    EXPECT_EQ(counted_end_of(polynomial), "instructions");
    EXPECT_EQ(end_of("('a'):rep(1e6):match('.-.-.-.-b')"), "time");
    EXPECT_EQ(end_of("for _ in ('('):rep(1e6):gmatch('%b()') do end"), "time");
    EXPECT_EQ(end_of("('a'):rep(1e6):gsub('a*a*b', '')"), "time");
    EXPECT_EQ(end_of("('x'):rep(1e5):find('[' .. ('a'):rep(1e5) .. ']')"), "time");
}

TEST_F(kill, of_patterns_that_recurse)
{
    EXPECT_EQ(patient_end_of("('a'):rep(1e5):find(('a?'):rep(1e5))"), "runtime");
    EXPECT_EQ(patient_end_of("('a'):rep(1e5):find(('('):rep(1e5))"), "runtime");
}

TEST_F(kill, of_a_plain_search_that_nearly_matches_everywhere)
{
    EXPECT_EQ(end_of("local s, w = ('a'):rep(1e7), ('a'):rep(5e6) .. 'b' while true do s:find(w, 1, true) end"), "time");
}

TEST_F(kill, of_instructions_that_each_touch_much)
{
    auto const big = std::string{"local a, b = ('x'):rep(1e7) .. 'a', ('x'):rep(1e7) .. 'b' "};
    EXPECT_EQ(end_of(big + "while a < b do end"), "time");
    EXPECT_EQ(end_of(big + "while true do local c = a .. 'y' end"), "time");
    EXPECT_EQ(end_of(big + "while true do utf8.len(a) end"), "time");
    EXPECT_EQ(end_of(big + "while true do a:upper() end"), "time");
    EXPECT_EQ(end_of(big + "while true do tonumber(a) end"), "time");
}

TEST_F(kill, of_a_table_that_is_counted_again_at_each_insertion)
{
    EXPECT_EQ(end_of("local t = {} for i = 1, 5e5 do t[i] = i end "
                     "local i = 0 while true do i = i + 1 t['k' .. i] = 1 t['k' .. i] = nil end"),
              "time");
}

TEST_F(kill, of_deep_recursion)
{
    EXPECT_EQ(patient_end_of("local function f() return 1 + f() end f()"), "memory") << "its stack fills it";
    EXPECT_EQ(end_of("local function f() return f() end f()"), "time");
    EXPECT_EQ(patient_end_of("local function f(s) return (s:gsub('.', f)) end f('x')"), "runtime") << "C stack overflow";
    EXPECT_EQ(end_of("local function f(...) return pcall(f, 1, ...) end while true do f() end"), "time");
}

TEST_F(kill, of_more_memory_than_allowed)
{
    EXPECT_EQ(patient_end_of("local t = {} for i = 1, 1e9 do t[i] = i end"), "memory");
    EXPECT_EQ(patient_end_of("local s = 'x' while true do s = s .. s end"), "memory");
    EXPECT_EQ(patient_end_of("while true do pcall(string.rep, 'x', 1e9) end"), "memory");
}

TEST_F(kill, of_code_that_lives_at_its_memory_limit)
{
    auto const end = end_of("local keep = {} for i = 1, 55 do keep[i] = ('x'):rep(1 << 20) end while true do local t = {{}, {}, {}} end");
    EXPECT_TRUE(end == "time" || end == "memory") << end;
}

TEST_F(kill, of_c_loops_and_of_writing_at_the_memory_limit)
{
    auto const fill = std::string{"local keep = {} for i = 1, 63 do keep[i] = ('x'):rep(1 << 20) end for i = 64, 1e6 do keep[i] = {} end "};
    auto const end = end_of(fill + "return nil, (('x'):rep(1e5):gsub('.', function(c) return {} and c .. 'some text' end))");
    EXPECT_TRUE(end == "time" || end == "memory") << end;
}

TEST_F(kill, of_an_answer_that_takes_long_to_write)
{
    EXPECT_EQ(counted_end_of("local t = kv.array() for i = 1, 22 do t = {t, t} end return nil, t"), "instructions");
}

TEST_F(kill, never_strikes_garbage_below_the_memory_limit)
{
    engine patient{{std::uint64_t{1} << 62, 8u << 20, 1h}};
    auto const* const code = "local s for i = 1, 100 do s = ('x'):rep(1 << 20) .. i end return nil, #s";
    EXPECT_EQ(patient.run(script_id::of(code), code, nullptr, "k", "", context_).result_json, "1048579");
}

TEST_F(kill, of_a_generic_for_over_a_c_function) { EXPECT_EQ(end_of("for _ in string.len, 'x' do end"), "time"); }

TEST_F(kill, of_goto_loops) { EXPECT_EQ(end_of("::again:: goto again"), "time"); }

TEST_F(kill, of_integer_loops_with_a_huge_count) { EXPECT_EQ(end_of("for i = math.mininteger, math.maxinteger do end"), "time"); }

}  // namespace mykeyv::script
