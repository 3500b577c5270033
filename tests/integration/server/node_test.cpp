// SPDX-License-Identifier: Apache-2.0
// Starting, stopping, and the slots of others.
#include "mykeyv/base/hex.hpp"
#include "mykeyv/cluster/topology.hpp"
#include "tests/integration/server/node_fixture.hpp"

#include <thread>

namespace mykeyv::test {
namespace {

node_id const here = *node_id::parse(std::string(40, '1'));
node_id const there = *node_id::parse(std::string(40, '2'));

/// A node that shares a cluster with another one, which is not running; its slots are the upper half.
struct two_nodes : testing::Test {
    static server::settings settings()
    {
        server::settings s = shared_node::settings();
        auto const both = cluster::topology::fresh({{here, {"127.0.0.1", 1001}, 1}, {there, {"127.0.0.1", 1002}, 1}}).value();
        s.topology = both.json();
        s.store.first_id = here;
        s.announce = endpoint{"127.0.0.1", 1001};
        return s;
    }
    static std::unique_ptr<running_node>& the_node()
    {
        static std::unique_ptr<running_node> node;
        return node;
    }
    static void SetUpTestSuite() { the_node() = std::make_unique<running_node>(settings()); }
    static void TearDownTestSuite() { the_node().reset(); }
    wire c{the_node()->at()};
};

// Slots: a 15495, b 3300, c 7365.

TEST_F(two_nodes, a_key_of_the_other_node_is_moved)
{
    EXPECT_EQ(c("SET a 1"), "-MOVED 15495 127.0.0.1:1002");
    EXPECT_EQ(c("SET b 1"), "OK");
    EXPECT_EQ(c("MGET {a}1 {a}2"), "-MOVED 15495 127.0.0.1:1002");
    EXPECT_EQ(c("MGET a b"), "-CROSSSLOT Keys in request don't hash to the same slot");
}

TEST_F(two_nodes, an_update_says_moved_for_the_keys_of_the_other_node)
{
    EXPECT_EQ(c.call({"KV.EVAL", "return kv.put('x')", "", "3", "a", "b", "c"}),
              "[[moved, 15495 127.0.0.1:1002], [stored, nil], [stored, nil]]");
    EXPECT_EQ(c.call({"KV.EVAL", "return kv.put('x')", "", "1", "a"}), "-MOVED 15495 127.0.0.1:1002");
}

TEST_F(two_nodes, the_map_names_both)
{
    EXPECT_EQ(c("CLUSTER SLOTS"), "[[:0, :8191, [127.0.0.1, :1001, " + here.text() + ", []]], [:8192, :16383, [127.0.0.1, :1002, " +
                                      there.text() + ", []]]]");
    EXPECT_EQ(c("CLUSTER MYID"), here.text());
}

TEST(node, finds_its_records_code_and_name_again)
{
    constexpr std::string_view code = "return kv.put('again')";
    std::shared_ptr<temporary_directory> directory;
    node_id first;
    {
        running_node node{shared_node::settings()};
        directory = node.directory();
        first = node->id();
        wire c{node.at()};
        EXPECT_EQ(c("SET k v"), "OK");
        EXPECT_EQ(c.call({"KV.LOAD", code}), script_id::of(code).text());
    }
    running_node node{shared_node::settings(), directory};
    wire c{node.at()};
    EXPECT_EQ(node->id(), first);
    EXPECT_EQ(c("GET k"), "v");
    EXPECT_EQ(c.call({"KV.UPDATE", script_id::of(code).text(), "", "1", "k"}), "[[stored, nil]]");
}

TEST(node, that_stops_answers_what_it_took)
{
    running_node node{shared_node::settings()};
    wire c{node.at()};
    constexpr int writes = 2000;
    std::string requests;
    for (int i = 0; i < writes; ++i) { requests += "INCR k\r\n"; }
    c.send_bytes(requests);
    EXPECT_EQ(c.receive(), ":1");
    std::thread stopping{[&] { node->stop(); }};
    int answered = 1;
    for (auto said = c.receive(); said != "end"; said = c.receive()) { ASSERT_EQ(said, ":" + std::to_string(++answered)); }
    stopping.join();
    EXPECT_LE(answered, writes);
}

TEST(node, refuses_a_topology_without_itself)
{
    auto settings = two_nodes::settings();
    settings.store.first_id = *node_id::parse(std::string(40, '3'));
    try {
        running_node node{settings};
        FAIL() << "started";
    } catch (server::start_up_error const& failed) {
        EXPECT_EQ(std::string{failed.what()}, "the topology does not name this node, " + std::string(40, '3'));
    }
}

}  // namespace
}  // namespace mykeyv::test
