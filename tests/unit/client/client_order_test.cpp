// SPDX-License-Identifier: Apache-2.0
// Operations on one key take effect in the order of their calls, also while its slot moves.
#include "tests/unit/client/client_fixture.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace mykeyv::test {
namespace {

std::string moved(slot place, endpoint const& to) { return "-MOVED " + std::to_string(place.number()) + ' ' + to.text() + "\r\n"; }

class client_order : public client_test {
protected:
    fake_node other{context};
    std::vector<int> executed;
    int answered = 0;

    std::string execute(words const& command)
    {
        executed.push_back(std::stoi(command.at(2)));
        return ":1\r\n";
    }
    void call(int from, int to)
    {
        for (int i = from; i <= to; ++i) {
            kv().async_set("k", i, [this](error_code ec) { answered += ec ? 1000 : 1; });
        }
    }
    bool all_are_answered(int count)
    {
        return run_until([&] { return answered >= count; }) && answered == count;
    }
    std::vector<int> in_order(int count) const
    {
        std::vector<int> numbers(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) { numbers[static_cast<std::size_t>(i)] = i + 1; }
        return numbers;
    }
};

TEST_F(client_order, is_kept_when_the_first_ones_come_back_and_later_ones_know_the_new_owner)
{
    node.answer = [&](words const& command) {
        if (command[2] < "3") { return execute(command); }
        if (command[2] == "4") { call(6, 8); }  // while the answers to 3, 4 and 5 are on their way
        return moved(slot_of("k"), other.address());
    };
    other.answer = [&](words const& command) { return execute(command); };
    node.slots = other.slots = fake_node::slots_reply({{0, 16383, node.address()}});
    results_of(kv().async_nodes());
    node.slots = other.slots = fake_node::slots_reply({{0, 16383, other.address()}});
    call(1, 5);
    ASSERT_TRUE(all_are_answered(8));
    EXPECT_EQ(executed, in_order(8));
}

TEST_F(client_order, a_newer_one_waits_for_what_is_unanswered_at_the_old_owner)
{
    auto const k = slot_of("k");
    bool map_is_corrected = false;
    node.slots = fake_node::slots_reply({{0, k.number(), node.address()}, {k.number() + 1u, 16383, other.address()}});
    node.answer = [](words const&) { return fake_node::silence; };
    other.answer = [&](words const& command) {
        if (command[0] == "KV.SET") { return execute(command); }
        return std::exchange(map_is_corrected, true) ? ":1\r\n" : moved(k, other.address());
    };
    call(1, 1);
    ASSERT_TRUE(run_until([&] { return node.received.size() == 1; }));
    EXPECT_FALSE(error_of(kv().async_erase("a")));
    ASSERT_TRUE(map_is_corrected);
    call(2, 3);
    context.run_for(20ms);
    EXPECT_TRUE(executed.empty());
    node.drop_connections();  // the first one's outcome is unknown, and will stay so
    ASSERT_TRUE(run_until([&] { return answered == 1002; }));
    EXPECT_EQ(executed, (std::vector<int>{2, 3}));
}

TEST_F(client_order, is_kept_when_the_node_asks_for_patience)
{
    node.answer = [&](words const& command) { return node.received.size() <= 6 ? "-TRYAGAIN not now\r\n" : execute(command); };
    call(1, 3);
    ASSERT_TRUE(run_until([&] { return !node.received.empty(); }));
    call(4, 6);
    ASSERT_TRUE(all_are_answered(6));
    EXPECT_EQ(executed, in_order(6));
}

TEST_F(client_order, is_kept_while_no_node_can_be_reached)
{
    node.answer = [&](words const& command) { return execute(command); };
    node.die();
    call(1, 3);
    context.run_for(10ms);
    call(4, 6);
    context.run_for(10ms);
    node.revive();
    ASSERT_TRUE(all_are_answered(6));
    EXPECT_EQ(executed, in_order(6));
}

TEST_F(client_order, a_key_of_an_update_that_moved_comes_before_what_was_called_later)
{
    words seen;
    node.answer = [&](words const& command) -> std::string {
        if (command[0] == "KV.SET") { return moved(slot_of("b"), other.address()); }
        kv().async_set("b", 1, [this](error_code) { ++answered; });
        return "*2\r\n*2\r\n$6\r\nstored\r\n_\r\n*2\r\n$5\r\nmoved\r\n" +
               bulk(std::to_string(slot_of("b").number()) + ' ' + other.address().text());
    };
    other.answer = [&](words const& command) -> std::string {
        seen.push_back(command[0]);
        return command[0] == "KV.SET" ? ":1\r\n" : "*1\r\n*2\r\n$6\r\nstored\r\n_\r\n";
    };
    results_of(kv().async_nodes());
    node.slots = other.slots = fake_node::slots_reply({{0, 16383, other.address()}});
    auto const [ec, outcomes] = results_of(kv().async_update({"a", "b"}, "return true"));
    EXPECT_EQ(outcomes.at(1).status, update_status::stored);
    ASSERT_TRUE(all_are_answered(1));
    EXPECT_EQ(seen, (words{"KV.UPDATE", "KV.SET"}));
}

TEST_F(client_order, is_kept_by_updates_whose_code_the_node_hears_of_elsewhere_meanwhile)
{
    int asked = 0;
    bool knows = false;
    node.learns = false;
    node.answer = [&](words const& command) -> std::string {
        knows = knows || command[0] == "KV.LOAD" || ++asked > 2;
        if (!knows) { return "-NOSCRIPT No matching script.\r\n"; }
        if (command[0] == "KV.LOAD") { return "+OK\r\n"; }
        executed.push_back(std::stoi(command.at(2)));
        return "*1\r\n*2\r\n$6\r\nstored\r\n_\r\n";
    };
    for (int i = 1; i <= 4; ++i) {
        kv().async_update("k", "return true", i, [this](error_code ec, auto const&) { answered += ec ? 1000 : 1; });
    }
    ASSERT_TRUE(all_are_answered(4));
    EXPECT_EQ(executed, in_order(4));
}

TEST_F(client_order, more_than_may_wait_is_refused_while_a_slot_is_away)
{
    options.queue_bytes_max = 2000;
    node.answer = [](words const&) { return "-TRYAGAIN not now\r\n"; };
    call(1, 1);
    ASSERT_TRUE(run_until([&] { return !node.received.empty(); }));
    std::vector<error_code> outcomes;
    for (int i = 0; i < 4; ++i) { kv().async_set("k", std::string(900, 'x'), [&](error_code ec) { outcomes.push_back(ec); }); }
    ASSERT_TRUE(run_until([&] { return !outcomes.empty(); }));
    EXPECT_EQ(outcomes.at(0), errc::overloaded);
}

// Every slot goes from one node to the other at some moment while many operations on few keys are under way.
TEST_F(client_order, holds_for_many_keys_whose_slots_move_at_any_moment)
{
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random{seed};
        std::set<std::string> away;
        std::map<std::string, std::vector<int>> written;
        auto const answer = [&](bool is_new, words const& command) -> std::string {
            auto const& name = command.at(1);
            if (!is_new && random() % 40 == 0) { away.insert(name); }
            if (away.contains(name) != is_new) { return moved(slot_of(name), is_new ? node.address() : other.address()); }
            written[name].push_back(std::stoi(command.at(2)));
            return ":1\r\n";
        };
        node.answer = [&](words const& command) { return answer(false, command); };
        other.answer = [&](words const& command) { return answer(true, command); };
        made.reset();
        int ended = 0;
        for (int i = 0; i < 600; ++i) {
            kv().async_set("k" + std::to_string(random() % 4), i, [&](error_code ec) { ended += ec ? 1000 : 1; });
            if (random() % 8 == 0) { context.poll(); }
        }
        ASSERT_TRUE(run_until([&] { return ended >= 600; }));
        EXPECT_EQ(ended, 600);
        for (auto const& [name, values] : written) {
            EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << name << ", seed " << seed;
        }
    }
}

}  // namespace
}  // namespace mykeyv::test
