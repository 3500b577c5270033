// SPDX-License-Identifier: Apache-2.0
// What the planner decides in cases that a person can follow.
#include "tests/unit/cluster/few_nodes.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/slot.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using testing::Each;
using testing::ElementsAre;

owners_now const unowned(slot::count);

/// "1:0-5460 2:5461-10922 ...", by slot.
std::string blocks(plan const& p)
{
    std::string text;
    for_each_range(p.owners, [&](slot_range range, node_id const& owner) {
        auto const number = std::to_string(owner.bytes()[1]);
        text += number + ':' + std::to_string(range.first.number()) + '-' + std::to_string(range.last.number()) + ' ';
    });
    return text;
}

plan planned(owners_now const& now, std::vector<weighted_node> const& nodes) { return plan_slots(now, nodes).value(); }

plan fresh(std::vector<weighted_node> const& nodes) { return planned(unowned, nodes); }

TEST(planner, gives_a_new_cluster_the_blocks_that_redis_gives)
{
    EXPECT_EQ(blocks(fresh(equal_nodes(3))), "1:0-5460 2:5461-10922 3:10923-16383 ");
    EXPECT_EQ(blocks(fresh(equal_nodes(6))), "1:0-2730 2:2731-5460 3:5461-8191 4:8192-10922 5:10923-13652 6:13653-16383 ");
}

TEST(planner, gives_one_node_everything) { EXPECT_EQ(blocks(fresh(equal_nodes(1))), "1:0-16383 "); }

TEST(planner, does_not_count_the_first_owner_of_a_slot_as_a_move) { EXPECT_EQ(fresh(equal_nodes(3)).moves, 0u); }

TEST(planner, moves_exactly_4096_slots_from_3_nodes_to_4)
{
    auto const four = planned(as_owners(fresh(equal_nodes(3))), equal_nodes(4));
    EXPECT_EQ(four.moves, 4096u);
    EXPECT_THAT(counts(four, equal_nodes(4)), Each(4096u));
}

TEST(planner, takes_the_end_of_each_block_for_a_new_node)
{
    auto const four = planned(as_owners(fresh(equal_nodes(3))), equal_nodes(4));
    EXPECT_EQ(blocks(four), "1:0-4095 4:4096-5460 2:5461-9556 4:9557-10922 3:10923-15018 4:15019-16383 ");
}

TEST(planner, gives_back_to_the_neighbours_when_that_node_leaves)
{
    auto const three = fresh(equal_nodes(3));
    auto const four = planned(as_owners(three), equal_nodes(4));
    EXPECT_EQ(blocks(planned(as_owners(four), equal_nodes(3))), blocks(three));
}

TEST(planner, moves_all_slots_of_a_node_that_left_and_no_others)
{
    auto const without_the_first = planned(as_owners(fresh(equal_nodes(4))), equal_nodes(3, 2));
    EXPECT_EQ(without_the_first.moves, 4096u);
    EXPECT_EQ(std::ranges::count(without_the_first.owners, id(1)), 0);
}

TEST(planner, drains_a_node_of_weight_0)
{
    std::vector<weighted_node> const nodes{{id(1), 1}, {id(2), 0}, {id(3), 1}};
    auto const drained = planned(as_owners(fresh(equal_nodes(3))), nodes);
    EXPECT_THAT(counts(drained, nodes), ElementsAre(8192u, 0u, 8192u));
    EXPECT_EQ(drained.moves, 5462u);
}

TEST(planner, divides_by_weight)
{
    std::vector<weighted_node> const nodes{{id(1), 1}, {id(2), 2}, {id(3), 5}};
    EXPECT_THAT(counts(fresh(nodes), nodes), ElementsAre(2048u, 4096u, 10240u));
}

TEST(planner, holds_the_largest_weights)
{
    std::vector<weighted_node> nodes;
    for (unsigned n = 0; n < limits::nodes_max; ++n) { nodes.push_back({id(n), 0xffffffff}); }
    EXPECT_THAT(counts(fresh(nodes), nodes), Each(16u));
}

TEST(planner, rounds_up_the_node_that_already_has_one_slot_more)
{
    owners_now const now{id(1), id(2), id(3), id(3)};
    EXPECT_EQ(planned(now, equal_nodes(3)).moves, 0u);
}

TEST(planner, gives_free_slots_to_the_node_on_their_left)
{
    owners_now const now{id(2), id(2), std::nullopt, std::nullopt, id(1), id(1)};
    EXPECT_EQ(blocks(planned(now, equal_nodes(2))), "2:0-2 1:3-5 ");
}

TEST(planner, gives_free_slots_to_the_node_on_their_right)
{
    owners_now const now{std::nullopt, std::nullopt, id(1), id(2)};
    EXPECT_EQ(blocks(planned(now, equal_nodes(2))), "2:0-0 1:1-2 2:3-3 ");
}

TEST(planner, refuses_what_nobody_could_own)
{
    EXPECT_EQ(reason(plan_slots(unowned, {})), "there are no nodes to own the slots");
    EXPECT_EQ(reason(plan_slots(unowned, std::vector<weighted_node>{{id(1), 0}, {id(2), 0}})), "every node has weight 0");
}

TEST(planner, refuses_one_id_twice)
{
    EXPECT_EQ(reason(plan_slots(unowned, std::vector<weighted_node>{{id(1), 1}, {id(1), 2}})), "two nodes have the id " + id(1).text());
}

TEST(planner, refuses_more_nodes_than_a_cluster_may_have)
{
    EXPECT_EQ(reason(plan_slots(unowned, equal_nodes(1025))), "there are more than 1024 nodes");
}

}  // namespace
}  // namespace mykeyv::cluster
