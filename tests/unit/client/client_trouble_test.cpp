// SPDX-License-Identifier: Apache-2.0
// Redirects, lost connections, silence, cancellation: what the client repeats, and what it reports instead.
#include "tests/unit/client/client_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <map>

namespace mykeyv::test {
namespace {

std::string redirect(std::string const& kind, std::string_view key, endpoint const& to)
{
    return '-' + kind + ' ' + std::to_string(slot_of(key).number()) + ' ' + to.text() + "\r\n";
}

class client_trouble : public client_test {
protected:
    fake_node other{context};

    /// Answers the first request with `first`, later ones with `later`.
    void answer_at_first(std::string first, std::string later)
    {
        node.answer = [this, first, later](words const&) { return node.received.size() == 1 ? first : later; };
    }
};

// Redirects

TEST_F(client_trouble, moved_is_followed_and_remembered)
{
    node.answer = [&](words const&) { return redirect("MOVED", "jerry", other.address()); };
    other.answer = [](words const&) { return ":1\r\n"; };
    node.slots = fake_node::slots_reply({{0, 16383, other.address()}});
    results_of(kv().async_ping());
    EXPECT_FALSE(error_of(kv().async_set("jerry", 1)));
    EXPECT_FALSE(error_of(kv().async_set("jerry", 2)));
    EXPECT_EQ(other.received.size(), 3u);
}

TEST_F(client_trouble, moved_refreshes_the_map_once)
{
    auto moved = true;
    node.answer = [&](words const& command) { return moved ? redirect("MOVED", command[1], other.address()) : ":1\r\n"; };
    other.answer = [](words const&) { return ":1\r\n"; };
    results_of(kv().async_nodes());
    node.slots = fake_node::slots_reply({{0, 16383, other.address()}});
    EXPECT_FALSE(error_of(kv().async_set_many({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}})));
    results_of(kv().async_nodes());
    EXPECT_LE(node.maps_given + other.maps_given, 3);
    EXPECT_EQ(other.received.size(), 4u);
}

TEST_F(client_trouble, many_that_are_redirected_by_replies_that_come_together_are_each_answered)
{
    constexpr int many = 200;
    std::map<std::string, int> asked;
    node.answer = [&](words const& command) {
        auto const& key = command[1];
        return asked[key]++ == 0 ? redirect("MOVED", key, node.address()) : record(key, "bytes");
    };
    results_of(kv().async_nodes());
    int answered = 0;
    for (int i = 0; i < many; ++i) {
        auto const key = "key" + std::to_string(i);
        kv().async_get<bytes>(key, [&answered, key](error_code ec, found<bytes> const& record) {
            answered += !ec && record && record->data == key ? 1 : 0;
        });
    }
    EXPECT_TRUE(run_until([&] { return answered == many; })) << answered;
    EXPECT_EQ(node.received.size(), 2u * many);
    EXPECT_EQ(node.connections, 1);
}

TEST_F(client_trouble, ask_is_followed_once_with_asking_in_front)
{
    node.answer = [&](words const&) { return redirect("ASK", "jerry", other.address()); };
    other.answer = [](words const& command) { return command[0] == "ASKING" ? "+OK\r\n" : ":1\r\n"; };
    EXPECT_FALSE(error_of(kv().async_erase("jerry")));
    EXPECT_EQ(other.received, (std::vector<words>{{"ASKING"}, {"DEL", "jerry"}}));
    EXPECT_FALSE(error_of(kv().async_erase("jerry")));
    EXPECT_EQ(node.received.size(), 2u);
}

TEST_F(client_trouble, nodes_that_redirect_in_a_circle_are_given_up)
{
    node.answer = [&](words const&) { return redirect("MOVED", "k", other.address()); };
    other.answer = [&](words const&) { return redirect("MOVED", "k", node.address()); };
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::too_many_redirects);
    EXPECT_EQ(node.received.size() + other.received.size(), 17u);
}

TEST_F(client_trouble, a_request_that_is_to_come_again_later_does)
{
    for (std::string const reason : {"TRYAGAIN", "CLUSTERDOWN", "LOADING"}) {
        node.received.clear();
        answer_at_first('-' + reason + " not now\r\n", ":1\r\n");
        EXPECT_FALSE(error_of(kv().async_set("k", 1))) << reason;
        EXPECT_EQ(node.received.size(), 2u) << reason;
    }
}

TEST_F(client_trouble, a_cluster_that_stays_down_is_reported_as_such)
{
    options.operation_timeout = 500ms;
    options.backoff_min = 20ms;
    node.answer = [](words const&) { return "-CLUSTERDOWN The cluster is down\r\n"; };
    EXPECT_EQ(error_of(kv().async_set("k", 1)), errc::cluster_down);
    EXPECT_GT(node.received.size(), 1u);
}

TEST_F(client_trouble, a_slot_that_nobody_owns_is_cluster_down)
{
    options.operation_timeout = 500ms;
    node.slots = fake_node::slots_reply({{0, 1, node.address()}});
    EXPECT_EQ(error_of(kv().async_set("jerry", 1)), errc::cluster_down);
    EXPECT_TRUE(node.received.empty());
}

// Connections that break

TEST_F(client_trouble, a_read_is_repeated_after_a_lost_connection)
{
    answer_at_first(hang_up, record("5"));
    auto const [ec, five] = results_of(kv().async_get<int>("k"));
    EXPECT_FALSE(ec);
    EXPECT_EQ(*five, 5);
    EXPECT_EQ(node.connections, 2);
}

TEST_F(client_trouble, a_write_is_not_repeated_after_a_lost_connection)
{
    node.answer = [](words const&) { return hang_up; };
    EXPECT_EQ(error_of(kv().async_set("k", 1)), errc::outcome_unknown);
    EXPECT_EQ(error_of(kv().async_erase("k")), errc::outcome_unknown);
    EXPECT_EQ(error_of(kv().async_update("k", "return true")), errc::outcome_unknown);
    EXPECT_EQ(node.received.size(), 3u);
}

TEST_F(client_trouble, a_reply_cut_off_in_the_middle_is_a_lost_connection)
{
    auto const whole = record("12345");
    for (std::size_t length = 1; length < whole.size(); ++length) {
        node.received.clear();
        answer_at_first(fake_node::cut_off(whole.substr(0, length)), whole);
        EXPECT_EQ(*std::get<1>(results_of(kv().async_get<int>("k"))), 12345) << length;
    }
}

TEST_F(client_trouble, what_is_behind_a_lost_reply_is_lost_with_it)
{
    answer_at_first(hang_up, ":1\r\n");
    auto const [ec, outcomes] = results_of(kv().async_set_many({{"a", 1}, {"b", 2}}));
    EXPECT_EQ(outcomes.at(0).error, errc::outcome_unknown);
    EXPECT_EQ(outcomes.at(1).error, errc::outcome_unknown);
}

TEST_F(client_trouble, replies_in_single_bytes_are_put_together)
{
    node.dribbles = true;
    node.answer = [](words const& command) { return record('"' + command[1] + '"'); };
    auto const [ec, outcomes] = results_of(kv().async_get_many<std::string>({"a", "b"}));
    EXPECT_EQ(*outcomes.at(0).record, "a");
    EXPECT_EQ(*outcomes.at(1).record, "b");
}

TEST_F(client_trouble, a_write_after_the_node_was_restarted_is_not_lost)
{
    node.answer = [](words const&) { return ":1\r\n"; };
    EXPECT_FALSE(error_of(kv().async_set("k", 1)));
    node.die();
    node.revive();
    EXPECT_FALSE(error_of(kv().async_set("k", 2)));
    EXPECT_EQ(node.received.size(), 2u);
}

TEST_F(client_trouble, a_node_that_comes_late_is_waited_for)
{
    node.die();
    std::optional<error_code> outcome;
    kv().async_ping([&](error_code ec) { outcome = ec; });
    context.run_for(50ms);
    EXPECT_FALSE(outcome);
    node.revive();
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_FALSE(*outcome);
}

TEST_F(client_trouble, a_cluster_that_is_not_there_is_not_connected)
{
    options.operation_timeout = 500ms;
    node.die();
    EXPECT_EQ(error_of(kv().async_set("k", 1)), errc::not_connected);
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::not_connected);
    EXPECT_EQ(error_of(kv().async_update("k", "return true")), errc::not_connected);
}

TEST_F(client_trouble, another_seed_is_asked_when_one_is_dead)
{
    options.seeds = {node.address().text(), other.address().text()};
    node.die();
    EXPECT_FALSE(error_of(kv().async_ping()));
    EXPECT_EQ(other.received.size(), 1u);
}

TEST_F(client_trouble, a_node_that_does_not_speak_resp_is_not_connected)
{
    options.operation_timeout = 500ms;
    node.hello = "HTTP/1.1 400 Bad Request\r\n\r\n";
    EXPECT_EQ(error_of(kv().async_ping()), errc::not_connected);
}

TEST_F(client_trouble, a_node_that_never_greets_is_not_connected_whichever_time_runs_out_first)
{
    node.hello = fake_node::silence;
    for (auto const& [connecting, all] : {std::pair{20ms, 300ms}, {5'000ms, 50ms}}) {
        options.connect_timeout = connecting;
        options.operation_timeout = all;
        made.reset();
        EXPECT_EQ(error_of(kv().async_ping()), errc::not_connected);
        EXPECT_EQ(error_of(kv().async_set("k", 1)), errc::not_connected);
    }
    EXPECT_GT(node.connections, 2);
}

TEST_F(client_trouble, a_node_that_greets_no_more_is_not_connected_for_who_wants_the_map_anew)
{
    options.connect_timeout = 20ms;
    options.operation_timeout = 300ms;
    EXPECT_FALSE(error_of(kv().async_ping()));
    node.hello = fake_node::silence;
    node.drop_connections();
    EXPECT_EQ(error_of(kv().async_nodes()), errc::not_connected);
}

TEST_F(client_trouble, a_node_that_greets_late_is_given_up_and_tried_again)
{
    options.connect_timeout = 20ms;
    node.hello = fake_node::silence;
    std::optional<error_code> outcome;
    kv().async_ping([&](error_code ec) { outcome = ec; });
    ASSERT_TRUE(run_until([&] { return node.connections > 1; }));
    node.hello = "+OK\r\n";
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_FALSE(*outcome);
}

// Time

TEST_F(client_trouble, a_request_without_an_answer_times_out_with_its_outcome_unknown)
{
    options.operation_timeout = 500ms;
    node.answer = [](words const&) { return fake_node::silence; };
    EXPECT_EQ(error_of(kv().async_set("k", 1)), errc::outcome_unknown);
}

TEST_F(client_trouble, a_late_reply_meets_nobody)
{
    options.operation_timeout = 500ms;
    node.answer = [](words const& command) { return command[1] == "slow" ? fake_node::silence : record("1"); };
    EXPECT_EQ(error_of(kv().async_get<int>("slow")), errc::outcome_unknown);
    EXPECT_EQ(*std::get<1>(results_of(kv().async_get<int>("quick"))), 1);
}

TEST_F(client_trouble, an_idle_client_leaves_its_context_nothing_to_do)
{
    boost::asio::io_context own;
    client alone{own, options};
    std::optional<error_code> outcome;
    alone.async_ping([&](error_code ec) { outcome = ec; });
    // The node needs its own context run as well, so both take turns.
    ASSERT_TRUE(run_until([&] {
        own.poll();
        return own.stopped();
    }));
    EXPECT_EQ(outcome, error_code{});
}

// Limits and ends

TEST_F(client_trouble, more_than_may_wait_is_refused)
{
    options.queue_bytes_max = 1000;
    node.answer = [](words const&) { return ":1\r\n"; };
    EXPECT_EQ(error_of(kv().async_set("k", std::string(2000, 'x'))), errc::overloaded);
    EXPECT_FALSE(error_of(kv().async_set("k", "small")));
}

TEST_F(client_trouble, operations_on_one_key_stay_in_order_on_several_connections)
{
    options.connections_per_node = 4;
    node.answer = [](words const&) { return ":1\r\n"; };
    std::vector<std::pair<key, encoded>> records;
    for (int i = 0; i < 100; ++i) { records.emplace_back("k" + std::to_string(i % 10), i); }
    EXPECT_FALSE(error_of(kv().async_set_many(records)));
    EXPECT_EQ(node.connections, 4);
    for (int k = 0; k < 10; ++k) {
        std::vector<int> values;
        for (auto const& command : node.received) {
            if (command[1] == "k" + std::to_string(k)) { values.push_back(std::stoi(command[2])); }
        }
        EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    }
}

class client_cancellation : public client_trouble {
protected:
    boost::asio::cancellation_signal signal;
    std::optional<error_code> outcome;

    auto handler()
    {
        return boost::asio::bind_cancellation_slot(signal.slot(), [this](error_code ec, auto const&...) { outcome = ec; });
    }
    error_code awaited_outcome()
    {
        EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
        return outcome.value_or(error_code{});
    }
};

TEST_F(client_cancellation, of_what_is_not_sent_is_total)
{
    node.die();
    kv().async_set("k", 1, handler());
    signal.emit(boost::asio::cancellation_type::total);
    EXPECT_EQ(awaited_outcome(), errc::cancelled);
}

TEST_F(client_cancellation, of_a_read_gives_it_up_at_once)
{
    node.answer = [](words const&) { return fake_node::silence; };
    kv().async_get<int>("k", handler());
    ASSERT_TRUE(run_until([&] { return !node.received.empty(); }));
    signal.emit(boost::asio::cancellation_type::total);
    EXPECT_EQ(awaited_outcome(), errc::cancelled);
}

TEST_F(client_cancellation, of_a_write_under_way_does_not_claim_to_have_undone_it)
{
    node.answer = [](words const&) { return fake_node::silence; };
    kv().async_set("k", 1, handler());
    ASSERT_TRUE(run_until([&] { return !node.received.empty(); }));
    signal.emit(boost::asio::cancellation_type::total);
    context.run_for(20ms);
    EXPECT_FALSE(outcome);
    signal.emit(boost::asio::cancellation_type::terminal);
    EXPECT_EQ(awaited_outcome(), errc::outcome_unknown);
}

TEST_F(client_cancellation, of_many_keys_ends_each)
{
    node.answer = [](words const& command) { return command[1] == "a" ? record("1") : fake_node::silence; };
    std::vector<get_outcome<int>> outcomes;
    kv().async_get_many<int>({"a", "b"}, boost::asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, auto result) {
        outcome = ec;
        outcomes = std::move(result);
    }));
    ASSERT_TRUE(run_until([&] { return node.received.size() == 2; }));
    context.run_for(20ms);
    signal.emit(boost::asio::cancellation_type::terminal);
    EXPECT_EQ(awaited_outcome(), error_code{});
    EXPECT_EQ(*outcomes.at(0).record, 1);
    EXPECT_EQ(outcomes.at(1).error, errc::cancelled);
}

TEST_F(client_cancellation, by_destroying_the_client_ends_everything)
{
    node.answer = [](words const&) { return fake_node::silence; };
    std::vector<error_code> outcomes;
    auto const note = [&](error_code ec, auto const&...) { outcomes.push_back(ec); };
    kv().async_set("k", 1, note);
    kv().async_get<int>("k", note);
    ASSERT_TRUE(run_until([&] { return node.received.size() == 2; }));
    kv().async_update("k", "return true", {}, note);
    made.reset();
    ASSERT_TRUE(run_until([&] { return outcomes.size() == 3; }));
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), make_error_code(errc::outcome_unknown)), 1);
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), make_error_code(errc::stopping)), 2);
}

TEST_F(client_cancellation, a_client_that_is_never_run_leaves_nothing_behind)
{
    auto const alive = std::make_shared<int>(0);
    {
        boost::asio::io_context never_run;
        client abandoned{never_run, options};
        abandoned.async_update("k", "return true", {}, [alive](error_code, auto const&...) {});
        abandoned.async_get<int>("k", [alive](error_code, auto const&...) {});
        never_run.poll_one();
    }
    EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace mykeyv::test
