// SPDX-License-Identifier: Apache-2.0
// What clients are told about the cluster, and what a node starts with.
#include "mykeyv/server/cluster_view.hpp"
#include "mykeyv/server/first_start.hpp"
#include "mykeyv/cluster/ownership.hpp"

#include <gtest/gtest.h>

namespace mykeyv::server {
namespace {

cluster::node make_node(char digit, std::uint16_t port)
{
    return {*node_id::parse(std::string(40, digit)), {"127.0.0.1", port}, 1};
}

std::string const a_id(40, 'a');
std::string const b_id(40, 'b');

struct two_nodes : testing::Test {
    cluster::node const a = make_node('a', 7001);
    cluster::node const b = make_node('b', 7002);
    cluster::topology const both = cluster::topology::fresh({a, b}).value();
};

struct cluster_view_test : two_nodes {
    cluster_view const view{std::make_shared<cluster::slot_map const>(a.id, both)};
};

TEST_F(cluster_view_test, nodes_have_a_line_each_that_ends_with_a_line_feed)
{
    EXPECT_EQ(view.nodes(), a_id + " 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-8191\n" + b_id +
                                " 127.0.0.1:7002@17002 master - 0 0 1 connected 8192-16383\n");
}

TEST_F(cluster_view_test, slots_have_two_numbers_and_a_node_of_four_elements)
{
    auto const range = [](int first, int last, int port, std::string const& id) {
        return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*4\r\n$9\r\n127.0.0.1\r\n:" +
               std::to_string(port) + "\r\n$40\r\n" + id + "\r\n*0\r\n";
    };
    EXPECT_EQ(view.slots(resp::protocol::resp2), "*2\r\n" + range(0, 8191, 7001, a_id) + range(8192, 16383, 7002, b_id));
    EXPECT_NE(view.slots(resp::protocol::resp3).find("%0\r\n"), std::string::npos);
}

TEST_F(cluster_view_test, shards_name_slots_before_nodes)
{
    auto const& text = view.shards(resp::protocol::resp2);
    EXPECT_TRUE(text.starts_with("*2\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:8191\r\n$5\r\nnodes\r\n*1\r\n*14\r\n$2\r\nid\r\n")) << text;
}

TEST_F(cluster_view_test, info_says_ok_when_every_slot_is_served)
{
    EXPECT_NE(view.info().find("cluster_state:ok\r\n"), std::string::npos);
    EXPECT_NE(view.info().find("cluster_slots_assigned:16384\r\n"), std::string::npos);
    EXPECT_NE(view.info().find("cluster_known_nodes:2\r\n"), std::string::npos);
}

struct what_a_node_knows : two_nodes {
    what_a_node_knows() { known.adopt(std::make_shared<cluster::topology const>(both)); }
    cluster::ownership known{a.id};
    cluster_views views{known};
    cluster::slot_map const& map() { return (seen = views.newest(seen))->map(); }
    std::shared_ptr<cluster_view const> seen;
};

TEST_F(what_a_node_knows, slots_of_the_topology_that_it_does_not_own_are_nobodys)
{
    known.learn(slot{5}, a.id, 1);
    EXPECT_EQ(map().owner_of(slot{5})->id, a.id);
    EXPECT_EQ(map().owner_of(slot{6}), nullptr);
    EXPECT_EQ(map().owner_of(slot{9000})->id, b.id);
    EXPECT_EQ(known.elsewhere(slot{9000}), b.endpoint);
    EXPECT_EQ(known.elsewhere(slot{6}), std::nullopt);
}

TEST_F(what_a_node_knows, a_slot_that_it_owns_is_its_own_whatever_the_topology_wants)
{
    known.learn(slot{16000}, a.id, 3);
    EXPECT_EQ(map().owner_of(slot{16000})->id, a.id);
}

TEST_F(what_a_node_knows, the_highest_epoch_wins)
{
    EXPECT_TRUE(known.learn(slot{7}, b.id, 4));
    EXPECT_FALSE(known.learn(slot{7}, a.id, 4));
    EXPECT_FALSE(known.learn(slot{7}, a.id, 3));
    EXPECT_EQ(map().owner_of(slot{7})->id, b.id);
    EXPECT_TRUE(known.learn(slot{7}, a.id, 5));
    EXPECT_EQ(map().owner_of(slot{7})->id, a.id);
}

TEST_F(what_a_node_knows, others_are_told_its_own_slots_with_their_epochs_in_ranges)
{
    for (unsigned n : {1u, 2u, 3u}) { known.learn(slot{n}, a.id, 1); }
    known.learn(slot{4}, a.id, 5);
    known.learn(slot{2}, b.id, 2);
    auto const ranges = known.own_ranges();
    ASSERT_EQ(ranges.size(), 3u);
    EXPECT_EQ(ranges[0].slots.last, slot{1});
    EXPECT_EQ(ranges[1].slots.first, slot{3});
    EXPECT_EQ(ranges[2].epoch, 5u);
}

TEST_F(two_nodes, without_any_topology_a_node_is_a_cluster_of_one)
{
    auto const chosen = choose_topology(std::nullopt, std::nullopt, a);
    ASSERT_TRUE(chosen);
    EXPECT_TRUE(chosen->is_new);
    EXPECT_EQ(slots_to_claim(*chosen, a.id).size(), slot::count);
}

TEST_F(two_nodes, a_node_that_is_still_alone_claims_what_it_gave_up_to_join_another_cluster)
{
    auto const alone = cluster::topology::single(a).value().json();
    auto const chosen = choose_topology(alone, std::nullopt, a);
    ASSERT_TRUE(chosen);
    EXPECT_FALSE(chosen->is_new);
    EXPECT_EQ(slots_to_claim(*chosen, a.id).size(), slot::count);
}

TEST_F(two_nodes, at_the_birth_of_a_cluster_a_node_claims_its_share)
{
    auto const chosen = choose_topology(std::nullopt, both.json(), b);
    ASSERT_TRUE(chosen);
    EXPECT_TRUE(chosen->is_new);
    auto const slots = slots_to_claim(*chosen, b.id);
    EXPECT_EQ(slots.size(), 8192u);
    EXPECT_EQ(slots.front(), slot{8192});
}

TEST_F(two_nodes, a_node_that_joins_later_claims_nothing)
{
    auto const grown = both.with_endpoint(a.id, {"127.0.0.1", 7009}, a.id).value();
    auto const chosen = choose_topology(std::nullopt, grown.json(), b);
    ASSERT_TRUE(chosen);
    EXPECT_TRUE(slots_to_claim(*chosen, b.id).empty());
}

TEST_F(two_nodes, a_stored_topology_is_kept_unless_the_given_one_is_newer)
{
    auto const newer = both.with_endpoint(a.id, {"127.0.0.1", 7009}, a.id).value();
    auto const kept = choose_topology(newer.json(), both.json(), b);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->topology, newer);
    EXPECT_FALSE(kept->is_new);
    auto const replaced = choose_topology(both.json(), newer.json(), b);
    ASSERT_TRUE(replaced);
    EXPECT_EQ(replaced->topology, newer);
    EXPECT_TRUE(replaced->is_new);
    EXPECT_TRUE(slots_to_claim(*replaced, b.id).empty());
}

TEST_F(two_nodes, a_node_that_moved_makes_the_next_version)
{
    auto moved = b;
    moved.endpoint.port = 7005;
    auto const chosen = choose_topology(both.json(), std::nullopt, moved);
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->topology.version(), 2u);
    EXPECT_EQ(chosen->topology.find(b.id)->endpoint.port, 7005);
    EXPECT_TRUE(chosen->is_new);
}

TEST_F(two_nodes, a_topology_that_cannot_be_used_is_refused_with_a_sentence)
{
    EXPECT_EQ(choose_topology(std::nullopt, both.json(), make_node('c', 1)).error().reason,
              "the topology does not name this node, " + std::string(40, 'c'));
    EXPECT_TRUE(choose_topology(std::nullopt, "{", a).error().reason.starts_with("the given topology is not usable: "));
    auto const other = cluster::topology::single(a).value();
    EXPECT_NE(choose_topology(both.json(), other.json(), a).error().reason.find("belongs to"), std::string::npos);
}

}  // namespace
}  // namespace mykeyv::server
