// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/command_table.hpp"

#include <gtest/gtest.h>

namespace mykeyv::server {
namespace {

using words = std::vector<std::string_view>;
using keys = std::vector<std::string_view>;

std::optional<keys> keys_in(words const& command) { return keys_of(*find_command(command[0]), command); }

TEST(command_table, finds_names_in_letters_of_either_case)
{
    ASSERT_NE(find_command("GeT"), nullptr);
    EXPECT_EQ(find_command("GeT")->name, "get");
    EXPECT_EQ(find_command("json.SET")->name, "json.set");
}

TEST(command_table, finds_each_of_its_rows)
{
    for (auto const& row : all_commands()) {
        auto const first = row.name.substr(0, row.name.find('|'));
        auto const is_whole = first == row.name;
        EXPECT_EQ(is_whole ? find_command(first) : find_command(first, row.name.substr(first.size() + 1)), &row) << row.name;
    }
}

TEST(command_table, finds_nothing_for_what_is_no_command)
{
    for (auto const* name : {"", "ge", "gett", "cluster|slots", "a name that is much longer than any command has"}) {
        EXPECT_EQ(find_command(name), nullptr) << name;
    }
    EXPECT_EQ(find_command("cluster", "nothing"), nullptr);
    EXPECT_EQ(find_command("get", "slots"), nullptr);
}

TEST(command_table, every_row_but_the_bare_containers_has_a_handler)
{
    for (auto const& row : all_commands()) { EXPECT_TRUE(row.handler != nullptr || row.has(flag_container)) << row.name; }
}

TEST(command_table, every_container_without_a_handler_asks_for_a_second_word)
{
    for (auto const& row : all_commands()) { EXPECT_TRUE(row.handler != nullptr || row.arity == -2) << row.name; }
}

TEST(command_table, every_visible_row_says_what_it_does)
{
    for (auto const& row : all_commands()) { EXPECT_TRUE(row.has(flag_hidden) || !row.summary.empty()) << row.name; }
}

TEST(command_table, an_arity_is_exact_or_a_minimum)
{
    EXPECT_TRUE(has_arity(*find_command("get"), 2));
    EXPECT_FALSE(has_arity(*find_command("get"), 3));
    EXPECT_TRUE(has_arity(*find_command("set"), 5));
    EXPECT_FALSE(has_arity(*find_command("set"), 2));
}

TEST(keys_of, reads_the_columns_of_the_table)
{
    EXPECT_EQ(keys_in({"GET", "a"}), keys{"a"});
    EXPECT_EQ(keys_in({"DEL", "a", "b", "c"}), (keys{"a", "b", "c"}));
    EXPECT_EQ(keys_in({"MSET", "a", "1", "b", "2"}), (keys{"a", "b"}));
    EXPECT_EQ(keys_in({"PING"}), keys{});
}

TEST(keys_of, an_update_are_behind_their_count)
{
    EXPECT_EQ(keys_in({"KV.UPDATE", "sha", "{}", "2", "a", "b"}), (keys{"a", "b"}));
    EXPECT_EQ(keys_in({"KV.EVAL", "code", "{}", "1", "a", "b"}), std::nullopt);
    EXPECT_EQ(keys_in({"KV.EVAL", "code", "{}", "0", "a"}), std::nullopt);
}

TEST(keys_of, are_unknown_when_words_are_missing) { EXPECT_EQ(keys_in({"SET", "a"}), std::nullopt); }

TEST(unknown_command, is_told_as_redis_tells_it)
{
    EXPECT_EQ(unknown_command_text(words{"foo", "bar"}), "ERR unknown command 'foo', with args beginning with: 'bar' ");
    EXPECT_EQ(unknown_subcommand_text(words{"cluster", "foo"}), "ERR unknown subcommand 'foo'. Try CLUSTER HELP.");
}

TEST(unknown_command, is_told_in_bounded_length)
{
    std::string const longer(100'000, 'x');
    EXPECT_LT(unknown_command_text(words{longer, longer, longer}).size(), 400u);
    EXPECT_LT(unknown_subcommand_text(words{"cluster", longer}).size(), 400u);
}

}  // namespace
}  // namespace mykeyv::server
