// SPDX-License-Identifier: Apache-2.0
// The slot map: what every request asks it, and what the CLUSTER commands print from it.
#include "mykeyv/cluster/slot_map.hpp"

#include "tests/unit/cluster/few_nodes.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

slot_range range(unsigned first, unsigned last) { return {slot{first}, slot{last}}; }

struct slot_map_of_three : testing::Test {
    topology const t = topology::fresh(nodes_to(3)).value();
    slot_map const map{id(2), t};
};

TEST_F(slot_map_of_three, knows_who_serves_each_slot)
{
    for (unsigned s = 0; s < slot::count; ++s) { ASSERT_EQ(map.owner_of(slot{s})->id, t.owner_of(slot{s})); }
}

TEST_F(slot_map_of_three, knows_its_own_slots)
{
    EXPECT_FALSE(map.is_mine(slot{5460}));
    EXPECT_TRUE(map.is_mine(slot{5461}));
    EXPECT_TRUE(map.is_mine(slot{10922}));
    EXPECT_FALSE(map.is_mine(slot{10923}));
}

TEST_F(slot_map_of_three, lists_the_ranges_by_slot)
{
    ASSERT_EQ(map.ranges().size(), 3u);
    EXPECT_EQ(map.ranges()[1].slots, range(5461, 10922));
    EXPECT_EQ(*map.ranges()[1].owner, node_number(2));
}

TEST_F(slot_map_of_three, lists_the_ranges_of_a_node) { EXPECT_THAT(map.ranges_of(map.nodes()[2]), ElementsAre(range(10923, 16383))); }

TEST_F(slot_map_of_three, tells_the_figures_of_cluster_info)
{
    EXPECT_EQ(map.version(), 1u);
    EXPECT_EQ(map.slots_served(), 16384u);
    EXPECT_EQ(map.nodes_serving(), 3u);
}

TEST(slot_map, has_nobody_for_a_slot_without_owner_or_with_an_unknown_one)
{
    owners_now owners(slot::count, id(1));
    owners[7] = std::nullopt;
    owners[8] = id(99);
    slot_map const map{id(1), 1, nodes_to(2), owners};
    EXPECT_EQ(map.owner_of(slot{7}), nullptr);
    EXPECT_EQ(map.owner_of(slot{8}), nullptr);
    EXPECT_FALSE(map.is_mine(slot{7}));
    EXPECT_EQ(map.slots_served(), 16382u);
    EXPECT_THAT(map.ranges_of(map.nodes()[0]), ElementsAre(range(0, 6), range(9, 16383)));
}

TEST(slot_map, counts_only_nodes_that_serve_something)
{
    slot_map const map{id(1), 1, nodes_to(2), owners_now(slot::count, id(1))};
    EXPECT_EQ(map.nodes_serving(), 1u);
    EXPECT_THAT(map.ranges_of(map.nodes()[1]), IsEmpty());
}

TEST(slot_map, of_a_node_that_is_not_in_it_owns_nothing)
{
    slot_map const map{id(9), 1, nodes_to(2), owners_now(slot::count)};
    EXPECT_FALSE(map.is_mine(slot{0}));
    EXPECT_EQ(map.self(), id(9));
}

TEST(slot_map, does_not_mind_the_order_of_the_nodes)
{
    slot_map const map{id(1), 1, {node_number(2), node_number(1)}, owners_now(slot::count, id(2))};
    EXPECT_EQ(map.owner_of(slot{0})->id, id(2));
    EXPECT_EQ(map.nodes()[0].id, id(1));
}

}  // namespace
}  // namespace mykeyv::cluster
