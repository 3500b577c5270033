// SPDX-License-Identifier: Apache-2.0
// A whole node over the wire, on each server that there is: what the dialects might do differently must not show.
#include "tests/integration/fixtures/mysql_servers.hpp"
#include "tests/integration/server/node_fixture.hpp"

#include <gtest/gtest.h>

namespace mykeyv::test {
namespace {

class node_on : public testing::TestWithParam<std::string> {
protected:
    node_on()
    {
        static int databases = 0;
        auto const server = servers::instance().get(GetParam()).settings();
        wanted_.store.mysql = store::mysql_settings{.socket = server.socket, .host = {}, .user = server.user, .password = server.password,
                                                    .database = "node_" + std::to_string(++databases)};
        wanted_.store.allow_unsafe_mysql = true;  // a MySQL 5.6 with the redo log that these values ask for takes long to start
        start();
    }
    ~node_on() override
    {
        to_.reset();
        node_.reset();
        store::connection link;
        auto server = servers::instance().get(GetParam()).settings();
        server.database = wanted_.store.mysql->database;
        EXPECT_FALSE(link.open(server));
        EXPECT_FALSE(link.execute("DROP DATABASE " + server.database));
    }
    void start()
    {
        node_ = std::make_unique<running_node>(wanted_);
        to_ = std::make_unique<wire>(node_->at());
    }
    void restart()
    {
        to_.reset();
        node_.reset();
        start();
    }
    std::string call(std::vector<std::string_view> const& words) { return to_->call(words); }

    server::settings wanted_;
    std::unique_ptr<running_node> node_;
    std::unique_ptr<wire> to_;
};

TEST_P(node_on, keeps_keys_apart_byte_by_byte)
{
    using namespace std::string_literals;
    std::vector<std::string> const keys{"Foo", "foo", "foo ", "foo\0"s};
    for (auto const& key : keys) { ASSERT_EQ(call({"SET", key, "value of " + key}), "OK"); }
    restart();
    for (auto const& key : keys) { EXPECT_EQ(call({"GET", key}), "value of " + key); }
    EXPECT_EQ(call({"DBSIZE"}), ":4");
}

TEST_P(node_on, takes_values_of_16_mib_and_not_one_byte_more)
{
    std::string const largest(16u << 20, 'v');
    ASSERT_EQ(call({"SET", "big", largest}), "OK");
    restart();
    EXPECT_EQ(call({"GET", "big"}), largest);
    EXPECT_TRUE(call({"SET", "big", largest + "v"}).starts_with("-ERR ")) << "one byte more was taken";
    EXPECT_TRUE(call({"APPEND", "big", "v"}).starts_with("-ERR ")) << "one byte more was appended";
    EXPECT_EQ(call({"STRLEN", "big"}), ":" + std::to_string(largest.size()));
}

TEST_P(node_on, takes_keys_of_1024_bytes_and_not_one_more)
{
    std::string const longest(1024, 'k');
    ASSERT_EQ(call({"SET", longest, "v"}), "OK");
    restart();
    EXPECT_EQ(call({"GET", longest}), "v");
    EXPECT_EQ(call({"SET", longest + "k", "v"}), "-ERR the key is longer than 1024 bytes");
    EXPECT_EQ(call({"DBSIZE"}), ":1");
}

TEST_P(node_on, keeps_the_time_to_live_through_a_restart)
{
    ASSERT_EQ(call({"SET", "k", "v", "PX", "100000"}), "OK");
    ASSERT_EQ(call({"SET", "gone", "v", "PX", "1"}), "OK");
    restart();
    auto const left = std::stoll(call({"PTTL", "k"}).substr(1));
    EXPECT_GT(left, 0);
    EXPECT_LE(left, 100'000);
    EXPECT_EQ(call({"GET", "gone"}), "nil");
}

TEST_P(node_on, updates_documents_where_they_are)
{
    ASSERT_EQ(call({"JSON.SET", "k", "$", R"({"n":9007199254740993})"}), "OK");
    EXPECT_EQ(call({"KV.EVAL", "local r = ...; r.n = r.n + 1; return true, r.n", "null", "1", "k"}), "[[stored, 9007199254740994]]");
    restart();
    EXPECT_EQ(call({"JSON.GET", "k"}), R"({"n":9007199254740994})");
}

INSTANTIATE_TEST_SUITE_P(each, node_on, testing::ValuesIn(available_servers()), [](auto const& about) { return about.param; });

}  // namespace
}  // namespace mykeyv::test
