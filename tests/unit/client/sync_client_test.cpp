// SPDX-License-Identifier: Apache-2.0
// The blocking facade, against a node on a thread of its own.
#include "mykeyv/client/sync_client.hpp"
#include "tests/unit/client/client_fixture.hpp"
#include "tests/unit/client/fake_cluster.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace mykeyv::test {
namespace {

class sync_client_test : public testing::Test {
protected:
    boost::asio::io_context context{1};
    std::optional<fake_node> node{context};
    client_options const options{.seeds = {node->address().text()}};
    std::thread thread;

    void serve(std::function<std::string(words const&)> answer)
    {
        node->answer = std::move(answer);
        thread = std::thread{[this] { context.run(); }};
    }
    ~sync_client_test() override
    {
        boost::asio::post(context, [this] { node.reset(); });
        thread.join();
    }
};

TEST_F(sync_client_test, waits_for_each_result)
{
    serve([](words const& command) -> std::string {
        if (command[0] == "KV.GET") { return command[1] == "k" ? record("5") : absent; }
        if (command[0] == "KV.UPDATE") { return "*1\r\n*2\r\n$6\r\nstored\r\n$1\r\n7\r\n"; }
        return ":1\r\n";
    });
    sync_client kv{options};
    EXPECT_EQ(kv.set("k", {{"a", 1}}).value(), 1u);
    EXPECT_EQ(*kv.get<int>("k").value(), 5);
    EXPECT_FALSE(kv.get<int>("other").value());
    EXPECT_TRUE(kv.erase("k").value());
    EXPECT_EQ(kv.update("k", "return true").at(0).result, 7);
    EXPECT_EQ(*kv.get_many<int>({"k", "k"}).at(1).record, 5);
    EXPECT_EQ(kv.set_many({{"k", 1}}).at(0).version, 1u);
    EXPECT_FALSE(kv.ping());
    EXPECT_EQ(kv.nodes().value().size(), 1u);
}

TEST_F(sync_client_test, a_rehash_reports_while_it_waits)
{
    serve([](words const& command) -> std::string {
        if (command[1] == "STATUS") { return bulk(fake_cluster{.version = 2}.status()); }
        if (command[1] == "ADD") { return "-ERR it is a member\r\n"; }
        return bulk(R"({"version":2,"moves":0,"pairs":[]})");
    });
    sync_client kv{options};
    int reports = 0;
    EXPECT_FALSE(kv.rehash([&](progress const& so_far) { reports += so_far.slots_left == 0 ? 1 : 100; }));
    EXPECT_EQ(reports, 1);
    EXPECT_FALSE(kv.rehash());
    EXPECT_FALSE(kv.settled());
    EXPECT_EQ(kv.plan().value().moves, 0u);
    EXPECT_EQ(kv.status().value().version, 2u);
    EXPECT_FALSE(kv.remove_node("db1:6958"));
    std::string why;
    EXPECT_EQ(kv.add_node("db1:6958", 1, &why), errc::refused);
    EXPECT_EQ(why, "it is a member");
}

TEST_F(sync_client_test, errors_are_results_and_the_words_of_the_node_are_kept)
{
    serve([](words const&) { return "-WRONGTYPE such a key\r\n"; });
    sync_client kv{options};
    std::string said;
    EXPECT_EQ(kv.get<int>("k").error(), errc::wrong_type);
    EXPECT_EQ(kv.command_by_key("k", {"APPEND", "k", "x"}, &said).error(), errc::wrong_type);
    EXPECT_EQ(said, "WRONGTYPE such a key");
    EXPECT_EQ(kv.scan(node->address(), "0", "*", 1).error(), errc::wrong_type);
}

TEST_F(sync_client_test, one_client_serves_many_threads)
{
    serve([](words const& command) { return record(command[1]); });
    boost::asio::io_context several;
    client kv{several, options};
    auto guard = boost::asio::make_work_guard(several);
    std::vector<std::thread> runners, callers;
    std::atomic<int> right = 0;
    for (int i = 0; i < 2; ++i) { runners.emplace_back([&] { several.run(); }); }
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&, caller] {
            for (int i = 0; i < 200; ++i) {
                std::promise<int> got;
                kv.async_get<int>(caller * 1000 + i, [&](error_code, found<int> number) { got.set_value(number ? *number : -1); });
                right += got.get_future().get() == caller * 1000 + i ? 1 : 0;
            }
        });
    }
    for (auto& each : callers) { each.join(); }
    guard.reset();
    for (auto& each : runners) { each.join(); }
    EXPECT_EQ(right, 800);
}

}  // namespace
}  // namespace mykeyv::test
