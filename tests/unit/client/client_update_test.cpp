// SPDX-License-Identifier: Apache-2.0
// update(): code travels once, keys travel together, outcomes come in the order of the keys.
#include "mykeyv/base/hex.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace mykeyv::test {
namespace {

std::string const code = "return true";

std::string part(std::string_view status, std::optional<std::string> result = {})
{
    return "*2\r\n" + bulk(status) + (result ? bulk(*result) : "_\r\n");
}

class client_update : public client_test {
protected:
    fake_node other{context};

    /// The keys of a KV.UPDATE.
    static words keys_of(words const& command) { return {command.begin() + 4, command.end()}; }
    /// An answer to KV.UPDATE that says the same of every key, with the key as the result.
    static std::string echo(words const& command)
    {
        std::string text = '*' + command[3] + "\r\n";
        for (auto const& name : keys_of(command)) { text += part("stored", '"' + name + '"'); }
        return text;
    }
    void split_slots_with_other() { node.slots = fake_node::slots_reply({{0, 8191, node.address()}, {8192, 16383, other.address()}}); }
};

TEST_F(client_update, names_the_code_and_sends_args_and_keys)
{
    node.answer = echo;
    auto const [ec, outcomes] = results_of(kv().async_update({"jerry", 42}, code, {{"phil", "living"}}));
    EXPECT_FALSE(ec);
    EXPECT_EQ(node.received, (std::vector<words>{{"KV.UPDATE", script_id::of(code).text(), R"({"phil":"living"})", "2", "jerry", "42"}}));
    EXPECT_EQ(outcomes.at(0).result, "jerry");
    EXPECT_EQ(outcomes.at(1).result, "42");
}

TEST_F(client_update, a_node_is_taught_each_code_once_on_a_connection)
{
    node.answer = echo;
    auto const run = [&](char const* some) { EXPECT_FALSE(error_of(kv().async_update("jerry", some))); };
    for (auto const* each : {"return true", "return false", "return true", "return false"}) { run(each); }
    EXPECT_EQ(node.learned, (words{"return true", "return false"}));
    node.drop_connections();
    run("return true");
    EXPECT_EQ(node.learned, (words{"return true", "return false", "return true"}));
    EXPECT_EQ(node.received.size(), 5u);
}

TEST_F(client_update, a_node_that_was_only_asked_in_between_is_taught_the_code_with_the_next_one)
{
    split_slots_with_other();
    node.answer = [&](words const&) { return "-ASK " + std::to_string(slot_of("b").number()) + ' ' + other.address().text() + "\r\n"; };
    other.answer = [](words const& command) { return command[0] == "ASKING" ? "+OK\r\n" : echo(command); };
    EXPECT_FALSE(error_of(kv().async_update("b", code)));
    EXPECT_TRUE(other.learned.empty());
    EXPECT_FALSE(error_of(kv().async_update("a", code)));
    EXPECT_EQ(other.learned, words{code});
}

TEST_F(client_update, a_node_that_has_forgotten_the_code_is_taught_it_unnoticed)
{
    node.answer = [&](words const& command) -> std::string {
        return node.learned.empty() ? "-NOSCRIPT No matching script.\r\n" : echo(command);
    };
    EXPECT_FALSE(error_of(kv().async_update("jerry", code)));
    node.learned.clear();
    EXPECT_FALSE(error_of(kv().async_update("jerry", code)));
    EXPECT_EQ(node.learned, words{code});
    EXPECT_EQ(node.received.size(), 3u);
}

TEST_F(client_update, code_that_does_not_compile_says_where)
{
    node.learns = false;
    node.answer = [](words const& command) {
        return command[0] == "KV.LOAD" ? "-COMPILE line 1: '=' expected\r\n" : "-NOSCRIPT No matching script.\r\n";
    };
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b"}, "retrun true"));
    EXPECT_EQ(ec, errc::script_compile);
    EXPECT_EQ(outcomes.at(1).error, errc::script_compile);
    EXPECT_EQ(outcomes.at(1).detail, "line 1: '=' expected");
}

TEST_F(client_update, a_node_that_never_learns_is_given_up)
{
    node.answer = [](words const&) { return "-NOSCRIPT No matching script.\r\n"; };
    EXPECT_EQ(error_of(kv().async_update("a", code)), errc::no_such_script);
    EXPECT_EQ(node.learned.size(), 17u);
    EXPECT_EQ(node.received.size(), 17u);
}

TEST_F(client_update, each_key_has_an_outcome_of_its_own)
{
    node.answer = [](words const&) {
        return "*4\r\n" + part("stored", "9007199254740993") + part("unchanged") + part("erased", "[]") +
               part("error", "RUNTIME line 2: attempt to index nil");
    };
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b", "c", "d"}, code));
    ASSERT_FALSE(ec);
    EXPECT_EQ(outcomes.at(0).status, update_status::stored);
    EXPECT_EQ(outcomes.at(0).result, 9007199254740993);
    EXPECT_EQ(outcomes.at(1).status, update_status::unchanged);
    EXPECT_TRUE(outcomes.at(1).result.is_null());
    EXPECT_EQ(outcomes.at(2).result, json::array());
    EXPECT_EQ(outcomes.at(3).status, update_status::error);
    EXPECT_EQ(outcomes.at(3).error, errc::script_runtime);
    EXPECT_EQ(outcomes.at(3).detail, "line 2: attempt to index nil");
}

TEST_F(client_update, the_keys_of_a_node_travel_in_one_request)
{
    split_slots_with_other();
    node.answer = other.answer = echo;
    std::vector<int> keys(100);
    for (int i = 0; i < 100; ++i) { keys[i] = i; }
    auto const [ec, outcomes] = results_of(kv().async_update(keys, code));
    ASSERT_FALSE(ec);
    EXPECT_EQ(node.received.size(), 1u);
    EXPECT_EQ(other.received.size(), 1u);
    for (int i = 0; i < 100; ++i) { EXPECT_EQ(outcomes.at(i).result, std::to_string(i)); }
}

TEST_F(client_update, a_key_that_moved_goes_to_the_node_that_is_named)
{
    node.answer = [&](words const&) {
        auto const away = std::to_string(slot_of("b").number()) + ' ' + other.address().text();
        return "*2\r\n" + part("stored") + part("moved", away);
    };
    other.answer = echo;
    results_of(kv().async_nodes());
    node.slots = fake_node::slots_reply({{0, 16383, node.address()}, {slot_of("b").number(), slot_of("b").number(), other.address()}});
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b"}, code));
    ASSERT_FALSE(ec);
    EXPECT_EQ(outcomes.at(1).result, "b");
    EXPECT_EQ(keys_of(other.received.at(0)), (words{"b"}));
    EXPECT_EQ(node.received.size(), 1u);
}

TEST_F(client_update, keys_that_may_not_travel_together_go_by_slot)
{
    node.answer = [](words const& command) { return command[3] == "1" ? echo(command) : "-CROSSSLOT not the same slot\r\n"; };
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b"}, code));
    EXPECT_FALSE(ec);
    EXPECT_EQ(node.received.size(), 3u);
}

TEST_F(client_update, a_key_whose_node_is_down_for_a_moment_comes_again)
{
    node.answer = [&](words const& command) {
        return node.received.size() == 1 ? "*2\r\n" + part("stored") + part("error", "CLUSTERDOWN The cluster is down") : echo(command);
    };
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b"}, code));
    EXPECT_EQ(outcomes.at(1).status, update_status::stored);
    EXPECT_EQ(keys_of(node.received.at(1)), (words{"b"}));
}

TEST_F(client_update, what_the_node_may_have_done_is_not_asked_for_twice)
{
    split_slots_with_other();
    node.answer = echo;
    other.answer = [](words const&) { return hang_up; };
    std::vector<key> const keys{"a", "b", "jerry", "pigpen"};
    auto const [ec, outcomes] = results_of(kv().async_update(keys, code));
    EXPECT_EQ(other.received.size(), 1u);
    for (auto const& each : outcomes) {
        bool const lost = slot_of(each.key).number() >= 8192;
        EXPECT_EQ(each.error, lost ? make_error_code(errc::outcome_unknown) : error_code{}) << each.key;
    }
}

TEST_F(client_update, a_bad_key_or_bad_args_fail_before_anything_is_sent)
{
    node.answer = echo;
    auto const [ec, outcomes] = results_of(kv().async_update({std::string(1025, 'k'), "a"}, code));
    EXPECT_FALSE(ec);
    EXPECT_EQ(outcomes.at(0).error, errc::key_too_long);
    EXPECT_EQ(outcomes.at(1).status, update_status::stored);
    EXPECT_EQ(error_of(kv().async_update("a", code, "\xff")), errc::json_not_utf8);
    EXPECT_EQ(node.received.size(), 1u);
}

TEST_F(client_update, an_answer_that_makes_no_sense_is_an_error_for_each_key)
{
    node.answer = [](words const&) { return "*1\r\n" + part("stored"); };
    EXPECT_EQ(error_of(kv().async_update({"a", "b"}, code)), errc::unexpected_reply);
}

}  // namespace
}  // namespace mykeyv::test
