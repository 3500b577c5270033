// SPDX-License-Identifier: Apache-2.0
// The topology as a value: how it begins, what it answers, how it changes.
#include "tests/unit/cluster/few_nodes.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

topology three() { return topology::fresh(nodes_to(3)).value(); }

slot_range range(unsigned first, unsigned last) { return {slot{first}, slot{last}}; }

TEST(topology, of_three_fresh_nodes_has_three_blocks)
{
    EXPECT_THAT(three().ranges_of(id(1)), ElementsAre(range(0, 5460)));
    EXPECT_THAT(three().ranges_of(id(2)), ElementsAre(range(5461, 10922)));
    EXPECT_THAT(three().ranges_of(id(3)), ElementsAre(range(10923, 16383)));
}

TEST(topology, of_one_node_gives_it_everything)
{
    auto const alone = topology::single(node_number(1)).value();
    EXPECT_THAT(alone.ranges_of(id(1)), ElementsAre(range(0, 16383)));
}

TEST(topology, begins_with_version_1_by_the_least_id)
{
    EXPECT_EQ(three().version(), 1u);
    EXPECT_EQ(three().author(), id(1));
}

TEST(topology, is_the_same_whatever_order_the_nodes_were_named_in)
{
    EXPECT_EQ(topology::fresh({node_number(2), node_number(3), node_number(1)}).value(), three());
}

TEST(topology, of_other_founders_is_another_cluster)
{
    EXPECT_NE(topology::fresh(nodes_to(2)).value().cluster(), three().cluster());
}

TEST(topology, knows_the_owner_of_a_slot)
{
    EXPECT_EQ(three().owner_of(slot{5460}), id(1));
    EXPECT_EQ(three().owner_of(slot{5461}), id(2));
}

TEST(topology, has_no_ranges_for_a_stranger) { EXPECT_THAT(three().ranges_of(id(9)), IsEmpty()); }

TEST(topology, finds_a_node_by_id_and_by_endpoint)
{
    auto const t = three();
    ASSERT_NE(t.find(id(2)), nullptr);
    EXPECT_EQ(*t.find(id(2)), node_number(2));
    EXPECT_EQ(t.find(endpoint{"10.0.0.2", 6958}), t.find(id(2)));
    EXPECT_EQ(t.find(id(4)), nullptr);
    EXPECT_EQ(t.find(endpoint{"10.0.0.2", 6959}), nullptr);
}

TEST(topology, refuses_to_be_empty) { EXPECT_EQ(reason(topology::fresh({})), "there are no nodes to own the slots"); }

TEST(topology, refuses_one_id_or_one_endpoint_twice)
{
    auto twin = node_number(2);
    twin.id = id(1);
    EXPECT_EQ(reason(topology::fresh({node_number(1), twin})), "two nodes have the id " + id(1).text());
    twin = node_number(2);
    twin.endpoint = node_number(1).endpoint;
    EXPECT_EQ(reason(topology::fresh({node_number(1), twin})), "two nodes have the endpoint 10.0.0.1:6958");
}

TEST(topology, refuses_a_host_that_would_break_a_line_of_cluster_nodes)
{
    for (auto const* host : {"", "a b", "a\nb", "a,b", "a@b", "\xc3\xa4"}) {
        EXPECT_THAT(reason(topology::single({id(1), {host, 6958}})), HasSubstr("no usable endpoint")) << host;
    }
    EXPECT_THAT(reason(topology::single({id(1), {std::string(254, 'a'), 6958}})), HasSubstr("no usable endpoint"));
    EXPECT_EQ(reason(topology::single({id(1), {"::1", 6958}})), "");
}

TEST(topology, refuses_port_0) { EXPECT_THAT(reason(topology::single({id(1), {"a", 0}})), HasSubstr("no usable endpoint")); }

TEST(topology, with_another_endpoint_is_the_next_version)
{
    auto const moved = three().with_endpoint(id(2), {"b.example", 7000}, id(3)).value();
    EXPECT_EQ(moved.version(), 2u);
    EXPECT_EQ(moved.author(), id(3));
    EXPECT_EQ(moved.find(id(2))->endpoint.text(), "b.example:7000");
    EXPECT_EQ(moved.owners(), three().owners());
    EXPECT_EQ(moved.cluster(), three().cluster());
}

TEST(topology, refuses_the_endpoint_of_another_node_and_a_strangers)
{
    EXPECT_EQ(reason(three().with_endpoint(id(2), node_number(1).endpoint, id(2))), "two nodes have the endpoint 10.0.0.1:6958");
    EXPECT_EQ(reason(three().with_endpoint(id(9), {"b", 1}, id(2))), "no node has the id " + id(9).text());
}

TEST(topology, is_newer_with_a_higher_version)
{
    auto const second = three().with_endpoint(id(2), {"b", 1}, id(1)).value();
    EXPECT_TRUE(second.newer_than(three()));
    EXPECT_FALSE(three().newer_than(second));
    EXPECT_FALSE(second.newer_than(second));
}

TEST(topology, of_the_same_version_is_newer_by_the_higher_author)
{
    auto const by_2 = three().with_endpoint(id(2), {"b", 1}, id(2)).value();
    auto const by_3 = three().with_endpoint(id(3), {"c", 1}, id(3)).value();
    EXPECT_TRUE(by_3.newer_than(by_2));
    EXPECT_FALSE(by_2.newer_than(by_3));
}

TEST(topology, of_another_cluster_is_never_newer)
{
    auto const other = topology::fresh(nodes_to(2)).value().with_endpoint(id(2), {"b", 1}, id(2)).value();
    EXPECT_FALSE(other.newer_than(three()));
}

// How it changes

TEST(topology, with_a_node_more_gives_it_nothing_yet)
{
    auto const four = three().with_node(node_number(4, 7), id(2)).value();
    EXPECT_EQ(four.version(), 2u);
    EXPECT_EQ(four.author(), id(2));
    ASSERT_NE(four.find(id(4)), nullptr);
    EXPECT_EQ(four.find(id(4))->weight, 7u);
    EXPECT_THAT(four.ranges_of(id(4)), IsEmpty());
    EXPECT_EQ(four.owners(), three().owners());
    EXPECT_EQ(four.cluster(), three().cluster());
}

TEST(topology, keeps_its_nodes_in_order_whichever_comes_last)
{
    auto const t = topology::fresh({node_number(2), node_number(4)}).value().with_node(node_number(3), id(2)).value();
    EXPECT_THAT(t.nodes(), ElementsAre(node_number(2), node_number(3), node_number(4)));
}

TEST(topology, refuses_a_node_more_with_an_id_or_an_endpoint_that_is_there)
{
    EXPECT_EQ(reason(three().with_node(node_number(2), id(1))), "two nodes have the id " + id(2).text());
    auto twin = node_number(4);
    twin.endpoint = node_number(1).endpoint;
    EXPECT_EQ(reason(three().with_node(twin, id(1))), "two nodes have the endpoint 10.0.0.1:6958");
}

TEST(topology, refuses_more_nodes_than_there_may_be)
{
    auto const full = topology::fresh(nodes_to(1024)).value();
    EXPECT_NE(reason(full.with_node(node_number(2000), id(1))), "");
}

TEST(topology, with_a_leaving_node_gives_it_no_weight_and_leaves_its_slots_for_the_planner)
{
    auto const t = three().with_leaving(id(2), id(1)).value();
    EXPECT_TRUE(t.find(id(2))->leaving);
    EXPECT_EQ(t.find(id(2))->weight, 0u);
    EXPECT_EQ(t.owners(), three().owners());
    EXPECT_EQ(t.version(), 2u);
    EXPECT_FALSE(t.find(id(1))->leaving);
}

TEST(topology, refuses_that_a_stranger_leaves_or_that_nobody_stays)
{
    EXPECT_EQ(reason(three().with_leaving(id(9), id(1))), "no node has the id " + id(9).text());
    EXPECT_THAT(reason(topology::single(node_number(1)).value().with_leaving(id(1), id(1))), HasSubstr("no other node"));
    auto const one_left = three().with_leaving(id(1), id(1)).value().with_leaving(id(2), id(1)).value();
    EXPECT_THAT(reason(one_left.with_leaving(id(3), id(1))), HasSubstr("no other node"));
}

TEST(topology, without_a_node_that_owns_nothing_is_smaller)
{
    auto const four = three().with_node(node_number(4), id(1)).value();
    auto const again = four.without_node(id(4), id(4)).value();
    EXPECT_EQ(again.nodes(), three().nodes());
    EXPECT_EQ(again.version(), 3u);
    EXPECT_EQ(again.author(), id(4));
}

TEST(topology, refuses_to_be_without_a_node_that_is_to_own_slots_or_a_stranger)
{
    EXPECT_EQ(reason(three().without_node(id(1), id(1))), "node " + id(1).text() + " is to own slots");
    EXPECT_EQ(reason(three().without_node(id(9), id(1))), "no node has the id " + id(9).text());
}

TEST(topology, with_other_owners_wants_them)
{
    auto owners = three().owners();
    owners[0] = id(3);
    auto const t = three().with_owners(owners, id(2)).value();
    EXPECT_EQ(t.owner_of(slot{0}), id(3));
    EXPECT_EQ(t.owner_of(slot{1}), id(1));
    EXPECT_EQ(t.version(), 2u);
}

TEST(topology, refuses_owners_that_are_no_nodes)
{
    auto owners = three().owners();
    owners[7] = id(9);
    EXPECT_NE(reason(three().with_owners(owners, id(1))), "");
}

TEST(topology, with_other_rules_of_moving_is_the_next_version)
{
    auto const t = three().with_moving({true, 1000}, id(3)).value();
    EXPECT_TRUE(t.moving().paused);
    EXPECT_EQ(t.moving().bytes_per_second, 1000u);
    EXPECT_EQ(t.version(), 2u);
    EXPECT_EQ(t.with_leaving(id(1), id(1)).value().moving(), t.moving());
}

}  // namespace
}  // namespace mykeyv::cluster
