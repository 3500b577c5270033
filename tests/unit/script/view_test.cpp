// SPDX-License-Identifier: Apache-2.0
// Arguments that many calls share must look like each call's own.
#include "tests/unit/script/fixture.hpp"

namespace mykeyv::script {

class shared_arguments : public script_test {
protected:
    /// Runs code with `a` for the arguments, which are long enough to be shared; twice, as the first call makes them.
    std::string twice(std::string_view code)
    {
        auto const whole = "local _, a = ... " + std::string{code};
        auto const first = text(run_on_absent(whole, args_));
        EXPECT_EQ(text(run_on_absent(whole, args_)), first) << code;
        return first;
    }

    std::string const args_ = R"({"n":1,"list":[1,2,3],"empty":[],"deep":{"er":{"x":null}},"padding":")" + std::string(300, 'x') + "\"}";
};

TEST_F(shared_arguments, are_read)
{
    EXPECT_EQ(twice("return nil, {a.n, a.list[2], #a.list, a.deep.er.x, a.none == nil}"), "[1,2,3,null,true]");
}

TEST_F(shared_arguments, have_one_identity_for_each_table)
{
    EXPECT_EQ(twice("return nil, a.deep == a.deep and a.list ~= a.empty"), "true");
}

TEST_F(shared_arguments, are_walked_through)
{
    EXPECT_EQ(twice("local t = {} for k in pairs(a) do t[#t + 1] = k end table.sort(t) return nil, t"),
              R"(["deep","empty","list","n","padding"])");
    EXPECT_EQ(twice("local s = 0 for _, v in ipairs(a.list) do s = s + v end return nil, s"), "6");
    EXPECT_EQ(twice("local s = 0 for k, v in next, a.list do s = s + v end return nil, s"), "6");
}

TEST_F(shared_arguments, show_nothing_of_what_is_behind_them)
{
    EXPECT_EQ(twice("local walk = pairs({}) return nil, type((walk(a)))"), R"("string")") << "pairs must not hand out Lua's own next";
    EXPECT_EQ(twice("local n = 0 for k in next, a do n = n + 1 end return nil, n"), "5");
}

TEST_F(shared_arguments, are_written_for_this_call_only)
{
    EXPECT_EQ(twice("a.n = a.n + 1 return nil, a.n"), "2");
    EXPECT_EQ(twice("a.n = nil return nil, a.n == nil"), "true");
    EXPECT_EQ(twice("a.deep.er.x = 5 return nil, {a.deep.er.x, a.deep}"), R"([5,{"er":{"x":5}}])");
    EXPECT_EQ(twice("local d = a.deep a.n = 2 d.er = 1 return nil, a.deep"), R"({"er":1})");
    EXPECT_EQ(twice("rawset(a.list, 4, 4) return nil, rawlen(a.list) + rawget(a.list, 4)"), "8");
}

TEST_F(shared_arguments, are_changed_by_table_functions_for_this_call_only)
{
    EXPECT_EQ(twice("table.insert(a.list, 4) table.remove(a.list, 1) return nil, a.list"), "[2,3,4]");
    EXPECT_EQ(twice("table.sort(a.list, function(x, y) return x > y end) return nil, table.concat(a.list, '-')"), R"("3-2-1")");
    EXPECT_EQ(twice("table.move(a.list, 1, 3, 2) return nil, {table.unpack(a.list)}"), "[1,1,2,3]");
    EXPECT_EQ(twice("return nil, table.move(a.list, 1, 3, 1, a.empty)"), "[1,2,3]");
    EXPECT_EQ(twice("return nil, (('n'):gsub('%w', a))"), R"("1")");
}

TEST_F(shared_arguments, are_stored_and_sent_as_they_came)
{
    EXPECT_EQ(twice("a.padding = nil return nil, a"), R"({"deep":{"er":{"x":null}},"empty":[],"list":[1,2,3],"n":1})");
    EXPECT_EQ(twice("return nil, kv.array(a.empty)"), "[]");
    EXPECT_EQ(stored_by("local _, a = ... return kv.put({l = a.list, e = a.empty})", args_), R"({"e":[],"l":[1,2,3]})");
}

TEST_F(shared_arguments, follow_the_text_of_each_call)
{
    auto const padding = std::string(300, ' ');
    EXPECT_EQ(value_of("(select(2, ...)).n", padding + R"({"n":1})"), "1");
    EXPECT_EQ(value_of("(select(2, ...)).n", padding + R"({"n":2})"), "2");
    EXPECT_EQ(value_of("(select(2, ...))", padding + "3"), "3");
    EXPECT_EQ(run_on_absent("return nil", padding + "{").error, errc::not_json);
    EXPECT_EQ(value_of("(select(2, ...)).n", padding + R"({"n":1})"), "1");
}

TEST_F(shared_arguments, survive_a_kill)
{
    EXPECT_EQ(run_on_absent("local t = {} while true do t[#t + 1] = {} end", args_).status, status::error);
    EXPECT_EQ(twice("return nil, a.n"), "1");
}

TEST_F(shared_arguments, cost_a_call_nothing_for_what_it_does_not_read)
{
    std::string large = "{\"n\":1";
    for (int i = 0; i < 100'000; ++i) { large += ",\"k" + std::to_string(i) + "\":[]"; }
    large += "}";
    auto const start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) { ASSERT_EQ(value_of("(select(2, ...)).n", large), "1"); }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{10}) << "reading them each time takes minutes";
}

}  // namespace mykeyv::script
