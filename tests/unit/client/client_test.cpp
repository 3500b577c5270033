// SPDX-License-Identifier: Apache-2.0
// The operations and their completion tokens, against a node that answers well.
#include "tests/unit/client/client_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <cmath>
#include <map>

namespace mykeyv::test {
namespace {

struct musician {
    std::string first;
    std::string band;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(musician, first, band)

std::string const jerry_text = R"({"band":"grateful dead","first":"jerry"})";

class client_operations : public client_test {};

TEST_F(client_operations, set_sends_the_document_and_gives_its_version)
{
    node.answer = [](words const&) { return ":17\r\n"; };
    auto const [ec, version] = results_of(kv().async_set("jerry", {{"first", "jerry"}, {"band", "grateful dead"}}));
    EXPECT_FALSE(ec);
    EXPECT_EQ(version, 17u);
    EXPECT_EQ(node.received, (std::vector<words>{{"KV.SET", "jerry", jerry_text, "FORMAT", "document"}}));
}

TEST_F(client_operations, set_takes_structs_and_bytes)
{
    node.answer = [](words const&) { return ":1\r\n"; };
    results_of(kv().async_set("jerry", musician{"jerry", "grateful dead"}));
    results_of(kv().async_set(42, bytes{std::string("a\0b", 3)}));
    EXPECT_EQ(node.received, (std::vector<words>{{"KV.SET", "jerry", jerry_text, "FORMAT", "document"},
                                                 {"KV.SET", "42", std::string("a\0b", 3), "FORMAT", "bytes"}}));
}

TEST_F(client_operations, set_with_an_unmet_condition_gives_version_zero)
{
    node.answer = [](words const&) { return absent; };
    auto const [ec, version] = results_of(kv().async_set("jerry", 1, {.if_version = 5}));
    EXPECT_FALSE(ec);
    EXPECT_EQ(version, 0u);
    EXPECT_EQ(node.received[0], (words{"KV.SET", "jerry", "1", "FORMAT", "document", "IFVERSION", "5"}));
}

TEST_F(client_operations, what_cannot_be_stored_is_refused_before_it_is_sent)
{
    EXPECT_EQ(error_of(kv().async_set("k", std::nan(""))), errc::json_not_exact);
    EXPECT_EQ(error_of(kv().async_set("k", "\xff")), errc::json_not_utf8);
    EXPECT_EQ(error_of(kv().async_set(std::string(1025, 'k'), 1)), errc::key_too_long);
    EXPECT_EQ(error_of(kv().async_set("k", 1, {.only_if_absent = true, .only_if_present = true})), errc::syntax);
    EXPECT_EQ(error_of(kv().async_set("k", 1, {.ttl = 0ms})), errc::invalid_expire);
    EXPECT_EQ(error_of(kv().async_get<json>(std::string(1025, 'k'))), errc::key_too_long);
    EXPECT_EQ(error_of(kv().async_command({})), errc::syntax);
    EXPECT_EQ(node.connections, 0);
}

TEST_F(client_operations, get_reads_a_struct_with_its_version)
{
    node.answer = [](words const&) { return record(jerry_text, "document", 9); };
    auto const [ec, jerry] = results_of(kv().async_get<musician>("jerry"));
    ASSERT_FALSE(ec);
    ASSERT_TRUE(jerry);
    EXPECT_EQ(jerry->band, "grateful dead");
    EXPECT_EQ(jerry.version, 9u);
    EXPECT_EQ(node.received[0], (words{"KV.GET", "jerry"}));
}

TEST_F(client_operations, get_of_an_absent_key_is_no_error)
{
    node.answer = [](words const&) { return absent; };
    auto const [ec, jerry] = results_of(kv().async_get<musician>("jerry"));
    EXPECT_FALSE(ec);
    EXPECT_FALSE(jerry);
}

TEST_F(client_operations, get_tells_how_long_the_record_stays)
{
    node.answer = [](words const&) { return "*4\r\n" + bulk("1") + bulk("document") + ":3\r\n:1500\r\n"; };
    EXPECT_EQ(std::get<1>(results_of(kv().async_get<int>("k"))).expires_in, 1500ms);
}

TEST_F(client_operations, bytes_are_no_document_but_a_document_is_text)
{
    node.answer = [](words const&) { return record("1", "bytes"); };
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::wrong_type);
    node.answer = [](words const&) { return record("[1]"); };
    EXPECT_EQ(std::get<1>(results_of(kv().async_get<bytes>("k")))->data, "[1]");
}

TEST_F(client_operations, a_document_of_another_shape_is_the_wrong_type)
{
    node.answer = [](words const&) { return record("[1]"); };
    EXPECT_EQ(error_of(kv().async_get<musician>("k")), errc::wrong_type);
}

TEST_F(client_operations, erase_tells_whether_there_was_a_record)
{
    node.answer = [](words const& command) { return command[1] == "jerry" ? ":1\r\n" : ":0\r\n"; };
    EXPECT_TRUE(std::get<1>(results_of(kv().async_erase("jerry"))));
    EXPECT_FALSE(std::get<1>(results_of(kv().async_erase("elvis"))));
}

TEST_F(client_operations, get_many_answers_in_the_order_of_the_keys)
{
    node.answer = [](words const& command) { return command[1] == "two" ? absent : record(std::to_string(command[1].size())); };
    auto const [ec, outcomes] = results_of(kv().async_get_many<int>({"one", "two", "three"}));
    ASSERT_FALSE(ec);
    ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].key, "one");
    EXPECT_EQ(*outcomes[0].record, 3);
    EXPECT_FALSE(outcomes[1].record);
    EXPECT_EQ(*outcomes[2].record, 5);
}

TEST_F(client_operations, set_many_tells_each_outcome)
{
    node.answer = [](words const& command) { return command[1] == "bad" ? "-MISCONF full\r\n" : ":4\r\n"; };
    auto const [ec, outcomes] = results_of(kv().async_set_many({{"good", 1}, {"bad", {{"a", 1}}}}));
    EXPECT_FALSE(ec);
    EXPECT_EQ(outcomes.at(0).version, 4u);
    EXPECT_EQ(outcomes.at(1).error, errc::storage_failed);
}

TEST_F(client_operations, many_keys_that_all_fail_are_an_error_as_a_whole)
{
    node.answer = [](words const&) { return "-MISCONF full\r\n"; };
    auto const [ec, outcomes] = results_of(kv().async_set_many({{"a", 1}, {"b", 1}}));
    EXPECT_EQ(ec, errc::storage_failed);
    EXPECT_EQ(outcomes.size(), 2u);
}

TEST_F(client_operations, no_keys_at_all_complete_at_once)
{
    EXPECT_FALSE(error_of(kv().async_get_many<int>(std::vector<std::string>{})));
    EXPECT_FALSE(error_of(kv().async_set_many({})));
    EXPECT_FALSE(error_of(kv().async_update(std::vector<std::string>{}, "return true")));
}

TEST_F(client_operations, a_command_goes_out_as_it_stands_and_its_answer_comes_back)
{
    node.answer = [](words const& command) { return command[0] == "TTL" ? ":-2\r\n" : "-ERR no\r\n"; };
    EXPECT_EQ(*std::get<1>(results_of(kv().async_command_by_key("k", {"TTL", "k"}))).integer(), -2);
    auto const [ec, answer] = results_of(kv().async_command_at(node.address(), {"FOO"}));
    EXPECT_EQ(ec, errc::unexpected_reply);
    EXPECT_EQ(*answer.text(), "ERR no");
}

TEST_F(client_operations, nodes_are_asked_for_afresh)
{
    results_of(kv().async_ping());
    auto const [ec, nodes] = results_of(kv().async_nodes());
    ASSERT_FALSE(ec);
    ASSERT_EQ(nodes.size(), 1u);
    EXPECT_EQ(nodes[0].address, node.address());
    EXPECT_EQ(nodes[0].slots, (std::vector<slot_range>{{slot{0}, slot{16383}}}));
    EXPECT_EQ(node.maps_given, 2);
}

TEST_F(client_operations, scan_gives_a_page)
{
    node.answer = [](words const&) { return "*2\r\n" + bulk("7") + "*2\r\n" + bulk("a") + bulk("b"); };
    auto const [ec, page] = results_of(kv().async_scan(node.address(), "0", "*", 100));
    EXPECT_FALSE(ec);
    EXPECT_EQ(page.cursor, "7");
    EXPECT_EQ(page.keys, (words{"a", "b"}));
}

TEST_F(client_operations, a_plain_redis_is_recognised)
{
    node.answer = [](words const&) { return "-ERR unknown command 'KV.GET', with args beginning with: 'k' \r\n"; };
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::unknown_command);
}

TEST_F(client_operations, a_redis_that_is_no_cluster_is_recognised)
{
    node.slots = "-ERR This instance has cluster support disabled\r\n";
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::unknown_command);
}

TEST_F(client_operations, a_wrong_password_is_said_at_once)
{
    node.hello = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    options.password = "secret";
    EXPECT_EQ(error_of(kv().async_get<int>("k")), errc::unauthorized);
}

TEST_F(client_operations, a_node_that_speaks_only_resp2_will_do)
{
    node.hello = "-ERR unknown command 'HELLO'\r\n";
    node.answer = [](words const&) { return "*-1\r\n"; };
    EXPECT_FALSE(std::get<1>(results_of(kv().async_get<int>("k"))));
}

TEST_F(client_operations, a_callback_may_take_the_error_alone)
{
    node.answer = [](words const&) { return ":1\r\n"; };
    std::optional<error_code> outcome;
    kv().async_set("jerry", {{"first", "jerry"}, {"last", "garcia"}}, [&](error_code ec) { outcome = ec; });
    EXPECT_FALSE(outcome);
    ASSERT_TRUE(run_until([&] { return outcome.has_value(); }));
    EXPECT_FALSE(*outcome);
}

TEST_F(client_operations, futures_hold_the_result_or_throw_ours)
{
    node.answer = [](words const& command) { return command[1] == "jerry" ? record(jerry_text) : "-WRONGTYPE no\r\n"; };
    auto jerry = kv().async_get<musician>("jerry", boost::asio::use_future);
    auto elvis = kv().async_get<musician>("elvis", boost::asio::use_future);
    ASSERT_TRUE(run_until([&] { return elvis.wait_for(0s) == std::future_status::ready; }));
    EXPECT_EQ(jerry.get()->first, "jerry");
    try {
        elvis.get();
        ADD_FAILURE() << "no exception";
    } catch (boost::system::system_error const& thrown) {
        EXPECT_EQ(thrown.code(), errc::wrong_type);
    }
}

// GCC 12 takes Asio's own operator delete of a coroutine's frame for the wrong one.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

boost::asio::awaitable<std::string> band_of_jerry(client& kv)
{
    std::vector<key> const the_dead{"jerry", "pigpen"};
    std::map<std::string, std::string> const fate{{"jerry", "dead"}};
    musician const himself{"jerry", "grateful dead"};  // named: GCC 12 destroys twice what is made by braces in a co_await
    co_await kv.async_set("jerry", himself);
    auto const jerry = co_await kv.async_get<musician>("jerry");
    auto const updated = co_await kv.async_update(the_dead, "return true", fate);
    auto const [ec, gone] = co_await kv.async_erase("pigpen", boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return jerry->band + ' ' + std::string{name_of(updated.at(1).status)} + (gone && !ec ? " gone" : "");
}

TEST_F(client_operations, coroutines_await_them_directly)
{
    node.answer = [](words const& command) -> std::string {
        if (command[0] == "KV.GET") { return record(jerry_text); }
        if (command[0] == "KV.UPDATE") { return "*2\r\n*2\r\n$6\r\nstored\r\n_\r\n*2\r\n$6\r\nerased\r\n_\r\n"; }
        return ":1\r\n";
    };
    std::string said;
    boost::asio::co_spawn(context, band_of_jerry(kv()), [&](std::exception_ptr, std::string text) { said = std::move(text); });
    ASSERT_TRUE(run_until([&] { return !said.empty(); }));
    EXPECT_EQ(said, "grateful dead erased gone");
}

TEST_F(client_operations, handlers_run_on_their_own_executor)
{
    boost::asio::io_context other;
    bool ran = false;
    kv().async_ping(boost::asio::bind_executor(other, [&](error_code) { ran = true; }));
    context.run_for(20ms);
    EXPECT_FALSE(ran);
    EXPECT_TRUE(run_until([&] {
        other.poll();
        return ran;
    }));
}

TEST_F(client_operations, options_out_of_range_are_refused)
{
    EXPECT_THROW(client(context, {}), std::invalid_argument);
    EXPECT_THROW(client(context, {.seeds = {"host:port"}}), std::invalid_argument);
    EXPECT_THROW(client(context, {.seeds = {"host"}, .connections_per_node = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace mykeyv::test
