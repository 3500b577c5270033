// SPDX-License-Identifier: Apache-2.0
// Patterns mean what the Lua 5.4 manual says.
#include "tests/unit/script/fixture.hpp"

namespace mykeyv::script {

class pattern : public script_test {
protected:
    std::string all(std::string_view call) { return value_of("{" + std::string{call} + "}"); }
};

TEST_F(pattern, find_answers_places_and_captures)
{
    EXPECT_EQ(all("('hello world'):find('o w')"), "[5,7]");
    EXPECT_EQ(all("('hello'):find('l(l)(o)')"), R"([3,5,"l","o"])");
    EXPECT_EQ(all("('hello'):find('')"), "[1,0]");
    EXPECT_EQ(all("('hello'):find('', 6)"), "[6,5]");
    EXPECT_EQ(value_of("('hello'):find('', 7) == nil"), "true");
    EXPECT_EQ(all("('a.b'):find('.', 2, true)"), "[2,2]");
    EXPECT_EQ(all("('hello'):find('l', -2)"), "[4,4]");
    EXPECT_EQ(value_of("('hello'):find('xyz') == nil"), "true");
}

TEST_F(pattern, classes)
{
    EXPECT_EQ(all("('ab1 _X'):match('%a+'), ('ab1'):match('%d'), ('ab1 c'):match('%s'), ('aX'):match('%u'), ('a,b'):match('%p')"),
              R"(["ab","1"," ","X",","])");
    EXPECT_EQ(all("('ab12'):match('%D+'), ('  x'):match('%S'), ('0xfFg'):match('%x+', 3), ('a.b'):match('%.')"), R"(["ab","x","fF","."])");
}

TEST_F(pattern, sets)
{
    EXPECT_EQ(all("('abc-]'):match('[a-c]+'), ('x-y'):match('[-]'), ('a]b'):match('[]]'), ('a]b'):match('[^]]'), ('a^b'):match('[b^]')"),
              R"(["abc","-","]","a","^"])");
    EXPECT_EQ(all("('a%b'):match('[%%]'), ('k_1 '):match('[%w_]+'), ('ab'):match('[^%l]') == nil"), R"(["%","k_1",true])");
}

TEST_F(pattern, quantifiers)
{
    EXPECT_EQ(all("('aaab'):match('a*'), ('aaab'):match('a-b'), ('aaab'):match('a+b'), ('b'):match('a?b'), ('b'):match('a+') == nil"),
              R"(["aaa","aaab","aaab","b",true])");
    EXPECT_EQ(all("('<a><b>'):match('<.->'), ('<a><b>'):match('<.*>')"), R"(["<a>","<a><b>"])");
}

TEST_F(pattern, anchors)
{
    EXPECT_EQ(all("('abab'):find('^ab'), ('abab'):find('ab$')"), "[1,3,4]");
    EXPECT_EQ(value_of("('xab'):match('^ab') == nil and ('a$b'):match('a$b') == 'a$b'"), "true");
    EXPECT_EQ(value_of("('  trim me '):match('^%s*(.-)%s*$')"), R"("trim me")");
}

TEST_F(pattern, captures)
{
    EXPECT_EQ(all("('key = value'):match('(%w+)%s*=%s*(%w+)')"), R"(["key","value"])");
    EXPECT_EQ(all("('hello'):match('()ll()')"), "[3,5]");
    EXPECT_EQ(all("('abc'):match('((a)(b))')"), R"(["ab","a","b"])");
    EXPECT_EQ(all("('say \"hi\" now'):match('([\"\\'])(.-)%1')"), R"(["\"","hi"])");
}

TEST_F(pattern, balanced_and_frontier)
{
    EXPECT_EQ(value_of("('f(a(b)c)d'):match('%b()')"), "\"(a(b)c)\"");
    EXPECT_EQ(all("('THE (quick) fox'):find('%f[%a]%a+%f[%A]')"), "[1,3]");
    EXPECT_EQ(all("('foo bar'):gsub('%f[%w]%w+', string.upper)"), R"(["FOO BAR",2])");
}

TEST_F(pattern, gmatch)
{
    EXPECT_EQ(value_of("(function() local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[k] = v end return t end)()"),
              R"({"a":"1","b":"2"})");
    EXPECT_EQ(value_of("(function() local t = {} for w in ('abc'):gmatch('') do t[#t + 1] = w end return #t end)()"), "4");
    EXPECT_EQ(value_of("(function() local t = {} for w in ('a b c'):gmatch('%a', 2) do t[#t + 1] = w end return t end)()"), R"(["b","c"])");
}

TEST_F(pattern, gsub)
{
    EXPECT_EQ(all("('hello world'):gsub('o', '0')"), R"(["hell0 w0rld",2])");
    EXPECT_EQ(all("('hello world'):gsub('o', '0', 1)"), R"(["hell0 world",1])");
    EXPECT_EQ(all("('hello'):gsub('', '-')"), R"(["-h-e-l-l-o-",6])");
    EXPECT_EQ(all("('abc'):gsub('%w', '%0%0')"), R"(["aabbcc",3])");
    EXPECT_EQ(all("('hello world'):gsub('(%w+) (%w+)', '%2 %1 %%')"), R"(["world hello %",1])");
    EXPECT_EQ(all("('$name is $age'):gsub('%$(%w+)', {name = 'jerry', age = 53})"), R"(["jerry is 53",2])");
    EXPECT_EQ(all("('abc'):gsub('%w', function(c) if c == 'b' then return 'B' end end)"), R"(["aBc",3])");
    EXPECT_EQ(all("('abc'):gsub('^a', 'x')"), R"(["xbc",1])");
    EXPECT_EQ(all("('abc d'):gsub('%w*', 'x')"), R"(["x x",2])");
    EXPECT_EQ(all("('abc'):gsub('()b', '%1')"), R"(["a2c",1])");
}

TEST_F(pattern, broken_ones_are_errors)
{
    for (auto const* broken : {"%", "[a", "[", "[^", "(", "(a))", "(()", "%b", "%bx", "%f", "%1", "[%", "[a%"}) {
        auto const o = run_on_absent("return nil, ('aa'):find('" + std::string{broken} + "')");
        EXPECT_EQ(o.error, errc::script_runtime) << broken << ": " << o.result_json;
    }
    EXPECT_EQ(run_on_absent("('a'):gsub('a', '%2')").error, errc::script_runtime);
    EXPECT_EQ(run_on_absent("('a'):gsub('a', '%x')").error, errc::script_runtime);
    EXPECT_EQ(run_on_absent("('a'):gsub('a', function() return {} end)").error, errc::script_runtime);
}

}  // namespace mykeyv::script
