// SPDX-License-Identifier: Apache-2.0
// The operations on the cluster itself: rehash with its progress, nodes that come and go.
#include "tests/unit/client/client_fixture.hpp"
#include "tests/unit/client/fake_cluster.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace mykeyv::test {
namespace {

std::string const plan_of_eight =
    bulk(R"({"version":2,"moves":8,"pairs":[{"source":"a","target":"b","count":8,"slots":[[0,7]]}]})");

class client_cluster : public client_test {
protected:
    fake_node other{context};
    fake_cluster cluster{.version = 2, .slots_to_move = {8, 0}};
    std::vector<unsigned> seen;
    std::optional<error_code> outcome;

    client_cluster()
    {
        node.slots = other.slots = fake_node::slots_reply({{0, 8191, node.address()}, {8192, 16383, other.address()}});
        node.answer = answers_as(node.address(), other.address());
        other.answer = answers_as(other.address(), node.address());
    }
    /// Each status has two slots less to move than the one before.
    std::function<std::string(words const&)> answers_as(endpoint self, endpoint peer)
    {
        return [this, self, peer](words const& command) {
            if (command.at(1) != "STATUS") { return plan_of_eight; }
            cluster.endpoints = {self.text(), peer.text()};
            auto reply = bulk(cluster.status());
            cluster.slots_to_move[0] -= std::min(cluster.slots_to_move[0], 2u);
            return reply;
        };
    }
    auto show()
    {
        return [this](progress const& so_far) { seen.push_back(so_far.slots_left); };
    }
    auto keep_outcome()
    {
        return [this](error_code ec) { outcome = ec; };
    }
    std::size_t asked(fake_node const& who, std::string const& what) const
    {
        return static_cast<std::size_t>(
            std::count_if(who.received.begin(), who.received.end(), [&](words const& each) { return each.at(1) == what; }));
    }
};

TEST_F(client_cluster, a_rehash_is_watched_until_nothing_is_left)
{
    EXPECT_FALSE(error_of(kv().async_rehash(show())));
    EXPECT_EQ(seen, (std::vector<unsigned>{8, 6, 4, 2, 0}));
    EXPECT_EQ(asked(node, "REHASH") + asked(other, "REHASH"), 1u);
}

TEST_F(client_cluster, a_rehash_may_be_awaited_without_a_look_at_it)
{
    cluster.slots_to_move = {2, 0};
    EXPECT_FALSE(error_of(kv().async_rehash()));
    std::optional<error_code> again;
    kv().async_settled([&](error_code ec) { again = ec; });
    ASSERT_TRUE(run_until([&] { return again.has_value(); }));
    EXPECT_FALSE(*again);
    EXPECT_EQ(asked(node, "REHASH") + asked(other, "REHASH"), 1u);
}

TEST_F(client_cluster, a_rehash_outlasts_the_operation_timeout)
{
    options.operation_timeout = 300ms;
    EXPECT_FALSE(error_of(kv().async_rehash(show())));
    EXPECT_EQ(seen.back(), 0u);
}

TEST_F(client_cluster, another_node_is_asked_when_the_one_that_told_is_gone)
{
    kv().async_rehash(show(), keep_outcome());
    ASSERT_TRUE(run_until([&] { return !seen.empty(); }));
    (asked(node, "STATUS") > 0 ? node : other).die();
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_FALSE(*outcome);
    EXPECT_GT(asked(node, "STATUS"), 0u);
    EXPECT_GT(asked(other, "STATUS"), 0u);
}

TEST_F(client_cluster, a_cluster_that_cannot_be_reached_ends_the_watch)
{
    options.operation_timeout = 300ms;
    kv().async_rehash(show(), keep_outcome());
    ASSERT_TRUE(run_until([&] { return !seen.empty(); }));
    node.die(), other.die();
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_EQ(*outcome, errc::not_connected);
}

TEST_F(client_cluster, cancelling_ends_the_watch_at_once)
{
    boost::asio::cancellation_signal signal;
    kv().async_rehash(show(), boost::asio::bind_cancellation_slot(signal.slot(), keep_outcome()));
    ASSERT_TRUE(run_until([&] { return !seen.empty(); }));
    signal.emit(boost::asio::cancellation_type::total);
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_EQ(*outcome, errc::cancelled);
}

TEST_F(client_cluster, destroying_the_client_ends_the_watch)
{
    kv().async_rehash(show(), keep_outcome());
    ASSERT_TRUE(run_until([&] { return !seen.empty(); }));
    made.reset();
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_EQ(*outcome, errc::stopping);
}

TEST_F(client_cluster, a_rehash_that_is_refused_is_an_error)
{
    node.answer = other.answer = [](words const&) { return "-ERR unknown command 'KV.CLUSTER'\r\n"; };
    EXPECT_EQ(error_of(kv().async_rehash()), errc::unknown_command);
    node.answer = other.answer = [](words const&) { return bulk("{}"); };
    EXPECT_EQ(error_of(kv().async_rehash()), errc::unexpected_reply);
}

TEST_F(client_cluster, the_plan_and_the_status_are_structs)
{
    auto const [plan_error, plan] = results_of(kv().async_rehash_plan());
    EXPECT_FALSE(plan_error);
    EXPECT_EQ(plan.pairs.at(0).slots.at(0).last, slot{7});
    auto const [status_error, status] = results_of(kv().async_cluster_status());
    EXPECT_FALSE(status_error);
    EXPECT_EQ(status.slots_to_move, 8u);
}

TEST_F(client_cluster, nodes_come_and_go_with_these_words)
{
    node.answer = other.answer = [](words const& command) { return command[1] == "ADD" ? "+OK\r\n" : plan_of_eight; };
    auto const [added, nothing] = results_of(kv().async_add_node("db4:6958", 2));
    EXPECT_FALSE(added);
    EXPECT_EQ(nothing, "");
    EXPECT_FALSE(error_of(kv().async_remove_node("db1:6958")));
    auto all = node.received;
    all.insert(all.end(), other.received.begin(), other.received.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, (std::vector<words>{{"KV.CLUSTER", "ADD", "db4:6958", "WEIGHT", "2"}, {"KV.CLUSTER", "REMOVE", "db1:6958"}}));
}

TEST_F(client_cluster, a_refusal_comes_with_the_words_of_the_node)
{
    node.answer = other.answer = [](words const&) { return "-ERR the node is not empty\r\n"; };
    auto const [ec, why] = results_of(kv().async_add_node("db4:6958", 1));
    EXPECT_EQ(ec, errc::refused);
    EXPECT_EQ(why, "the node is not empty");
}

TEST_F(client_cluster, a_change_is_not_repeated_when_the_connection_breaks)
{
    node.answer = other.answer = [](words const&) { return hang_up; };
    EXPECT_EQ(error_of(kv().async_remove_node("db4:6958")), errc::outcome_unknown);
    EXPECT_EQ(node.received.size() + other.received.size(), 1u);
}

TEST_F(client_cluster, any_node_will_do_if_one_is_dead)
{
    results_of(kv().async_nodes());
    node.die();
    for (int i = 0; i < 4; ++i) { EXPECT_FALSE(error_of(kv().async_cluster_status())); }
    EXPECT_EQ(other.received.size(), 4u);
}

}  // namespace
}  // namespace mykeyv::test
