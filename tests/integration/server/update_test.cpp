// SPDX-License-Identifier: Apache-2.0
// update() over the wire.
#include "mykeyv/base/hex.hpp"
#include "tests/integration/server/node_fixture.hpp"

namespace mykeyv::test {
namespace {

constexpr std::string_view raise = "local r, a = ... if not r then return kv.put({n = a}) end r.n = r.n + a return true, r.n";

struct update : session_test {
    std::string eval(std::string_view code, std::string_view args, std::vector<std::string_view> const& keys)
    {
        auto const count = std::to_string(keys.size());
        std::vector<std::string_view> words{"KV.EVAL", code, args, count};
        words.insert(words.end(), keys.begin(), keys.end());
        return c.call(words);
    }
};

TEST_F(update, changes_records_where_they_are_and_answers_per_key)
{
    EXPECT_EQ(eval(raise, "2", {"a", "b"}), "[[stored, nil], [stored, nil]]");
    EXPECT_EQ(eval(raise, "3", {"b", "c", "a"}), "[[stored, 5], [stored, nil], [stored, 5]]");
    EXPECT_EQ(c("JSON.GET b"), "{\"n\":5}");
}

TEST_F(update, is_named_by_its_sha1_once_it_is_loaded)
{
    auto const id = script_id::of(raise).text();
    EXPECT_EQ(c.call({"KV.LOAD", raise}), id);
    EXPECT_EQ(c.call({"KV.UPDATE", id, "1", "1", "k"}), "[[stored, nil]]");
    EXPECT_EQ(c.call({"KV.UPDATE", std::string(40, '0'), "1", "1", "k"}), "-NOSCRIPT No matching script. Use KV.LOAD.");
}

TEST_F(update, may_follow_its_load_in_one_pipeline)
{
    constexpr std::string_view code = "return kv.put('piped')";
    auto const id = script_id::of(code).text();
    EXPECT_EQ(c.pipeline({{"KV.LOAD", code}, {"KV.UPDATE", id, "", "1", "k"}, {"GET", "k"}}),
              (std::vector<std::string>{id, "[[stored, nil]]", "piped"}));
}

TEST_F(update, promise_5_leaves_a_record_as_it_was_when_the_code_fails)
{
    c.call({"JSON.SET", "k", "$", "{\"n\":1}"});
    auto const before = c("KV.GET k");
    EXPECT_TRUE(eval("local r = ... r.n = 2 error('no')", "", {"k"}).starts_with("[[error, RUNTIME "));
    EXPECT_TRUE(eval("local r = ... r.n = 2 while true do end", "", {"k"}).starts_with("[[error, "));
    EXPECT_EQ(c("KV.GET k"), before);
}

TEST_F(update, promise_5_leaves_a_record_as_it_was_that_it_cannot_hold)
{
    constexpr std::string_view a_member_twice = R"({"a":1,"a":2})";
    c.call({"JSON.SET", "k", "$", a_member_twice});
    EXPECT_EQ(eval("local r = ... r.z = 1 return true", "", {"k"}),
              "[[error, ERR the JSON value has a number or members that cannot be held exactly: "
              "record: an object with the member 'a' twice]]");
    EXPECT_EQ(c("JSON.GET k"), a_member_twice);
}

TEST_F(update, promise_5_fails_for_one_key_and_works_for_the_others)
{
    eval(raise, "1", {"a"});
    c("SET b text");
    auto const said = eval(raise, "1", {"a", "b", "c"});
    EXPECT_TRUE(said.starts_with("[[stored, 2], [error, RUNTIME ")) << said;
    EXPECT_TRUE(said.ends_with("], [stored, nil]]")) << said;
}

TEST_F(update, can_leave_and_erase)
{
    c("SET k v");
    EXPECT_EQ(eval("return nil, {seen = true}", "", {"k"}), "[[unchanged, {\"seen\":true}]]");
    EXPECT_EQ(eval("return kv.erase", "", {"k"}), "[[erased, nil]]");
    EXPECT_EQ(c("GET k"), "nil");
}

TEST_F(update, that_does_not_compile_is_one_error)
{
    EXPECT_TRUE(c.call({"KV.LOAD", "return ="}).starts_with("-COMPILE "));
    EXPECT_TRUE(eval("return =", "", {"a", "b"}).starts_with("-COMPILE "));
}

/// Code that takes the compiler tens of milliseconds, and does not compile.
std::string long_to_compile(int which)
{
    auto code = "x=" + std::to_string(which) + ' ';
    for (int i = 0; i < 12'000; ++i) { code += "::l" + std::to_string(i) + "::x=1 "; }
    return code + "return =";
}

TEST_F(update, that_does_not_compile_is_refused_each_time)
{
    auto const code = long_to_compile(0);
    auto const refused = eval(code, "", {"k"});
    EXPECT_TRUE(refused.starts_with("-COMPILE ")) << refused;
    EXPECT_EQ(c.pipeline({{"KV.EVAL", code, "", "1", "k"}, {"ECHO", "in order"}, {"KV.LOAD", code}}).at(1), "in order");
}

TEST_F(update, that_takes_long_to_compile_keeps_no_other_connection_waiting)
{
    auto settings = shared_node::settings();
    settings.io_threads = 1;
    running_node node{settings};
    std::vector<std::unique_ptr<wire>> compiling;
    for (int i = 0; i < 30; ++i) {
        compiling.push_back(std::make_unique<wire>(node.at()));
        compiling.back()->send({"KV.EVAL", long_to_compile(i), "", "1", "k"});
    }
    wire other{node.at()};
    for (int i = 0; i < 20; ++i) { EXPECT_EQ(other("PING"), "PONG"); }
    EXPECT_TRUE(compiling.back()->is_silent());

    compiling.pop_back();
    node->stop();  // finishes without the code of those that wait
    EXPECT_EQ(compiling.back()->receive(), "end");
}

TEST_F(update, refuses_arguments_that_are_not_json) { EXPECT_EQ(eval(raise, "{", {"k"}), "-ERR the text is not one JSON value"); }

TEST_F(update, wants_as_many_keys_as_it_says)
{
    EXPECT_EQ(c.call({"KV.EVAL", raise, "1", "2", "k"}), "-ERR numkeys is not the number of keys behind it");
    EXPECT_EQ(c.call({"KV.EVAL", raise, "1", "0", "k"}), "-ERR numkeys is not the number of keys behind it");
}

TEST_F(update, takes_its_turn_among_the_commands_of_its_connection)
{
    constexpr std::string_view code = "local r = ... return kv.put(r .. '2')";
    EXPECT_EQ(c.pipeline({{"SET", "k", "1"}, {"KV.EVAL", code, "", "1", "k"}, {"APPEND", "k", "3"}, {"GET", "k"}}),
              (std::vector<std::string>{"OK", "[[stored, nil]]", ":3", "123"}));
}

}  // namespace
}  // namespace mykeyv::test
