// SPDX-License-Identifier: Apache-2.0
// The planner against what must hold for every input. The fewest possible moves are found here in other ways than the
// planner's: over all legal roundings by dynamic programming, and for a handful of slots by trying every division there is.
#include "tests/unit/cluster/few_nodes.hpp"

#include "mykeyv/base/slot.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <unordered_map>

namespace mykeyv::cluster {
namespace {

using nodes_list = std::vector<weighted_node>;
constexpr std::size_t impossible = 1u << 20;

std::uint64_t weight_sum(nodes_list const& nodes)
{
    return std::accumulate(nodes.begin(), nodes.end(), std::uint64_t{0}, [](auto sum, auto const& n) { return sum + n.weight; });
}

/// Whether `owned` is slots * weight / sum, rounded down or up.
bool is_fair(std::size_t owned, std::size_t slots, std::uint64_t weight, std::uint64_t sum)
{
    auto const ideal = slots * weight;  // of `sum` parts
    return owned * sum < ideal + sum && ideal < owned * sum + sum;
}

/// How many slots each owner has.
template <class Owner>
std::unordered_map<node_id, std::size_t> owned_by_each(std::vector<Owner> const& owners)
{
    std::unordered_map<node_id, std::size_t> owned;
    for (std::optional<node_id> const owner : owners) {
        if (owner) { ++owned[*owner]; }
    }
    return owned;
}

bool is_balanced(std::vector<node_id> const& owners, nodes_list const& nodes)
{
    auto const sum = weight_sum(nodes);
    auto owned_by = owned_by_each(owners);
    std::size_t given = 0;
    for (auto const& n : nodes) {
        auto const owned = owned_by[n.id];
        if (!is_fair(owned, owners.size(), n.weight, sum)) { return false; }
        given += owned;
    }
    return given == owners.size();
}

std::size_t moves_between(owners_now const& now, std::vector<node_id> const& then)
{
    std::size_t moves = 0;
    for (std::size_t i = 0; i < now.size(); ++i) { moves += now[i] && *now[i] != then[i] ? 1 : 0; }
    return moves;
}

/// Tries every legal target of every node: best[t] is the fewest slots that the nodes so far can lose while t of them are
/// rounded up.
std::size_t fewest_moves(owners_now const& now, nodes_list const& nodes)
{
    auto const sum = weight_sum(nodes);
    auto const slots = now.size();
    auto owned_by = owned_by_each(now);
    std::size_t floors = 0;
    std::vector<std::size_t> best{0};
    for (auto const& n : nodes) {
        auto const owned = owned_by[n.id];
        auto const floor = slots * n.weight / sum;
        std::vector<std::size_t> next(best.size() + 1, impossible);
        for (std::size_t up = 0; up <= 1; ++up) {
            if (!is_fair(floor + up, slots, n.weight, sum)) { continue; }
            auto const lost = owned - std::min<std::size_t>(owned, floor + up);
            for (std::size_t t = 0; t < best.size(); ++t) { next[t + up] = std::min(next[t + up], best[t] + lost); }
        }
        best = next;
        floors += floor;
        owned_by.erase(n.id);
    }
    auto moves = best.at(slots - floors);
    for (auto const& [left, owned] : owned_by) { moves += owned; }
    return moves;
}

void expect_all_properties(owners_now const& now, nodes_list nodes, std::mt19937& random)
{
    auto const made = plan_slots(now, nodes).value();
    ASSERT_EQ(made.owners.size(), now.size());
    EXPECT_TRUE(is_balanced(made.owners, nodes));
    EXPECT_EQ(made.moves, moves_between(now, made.owners));
    EXPECT_EQ(made.moves, fewest_moves(now, nodes));

    auto const again = plan_slots(as_owners(made), nodes).value();
    EXPECT_EQ(again.moves, 0u);
    EXPECT_EQ(again.owners, made.owners);

    std::ranges::shuffle(nodes, random);
    EXPECT_EQ(plan_slots(now, nodes).value().owners, made.owners);
}

unsigned up_to(std::mt19937& random, unsigned most) { return std::uniform_int_distribution<unsigned>{0, most}(random); }

/// A cluster that grows, shrinks, changes weights and loses owners, a few steps long.
void expect_all_properties_of_a_life(unsigned seed, std::size_t slots, unsigned nodes_most)
{
    SCOPED_TRACE("seed " + std::to_string(seed) + ", slots " + std::to_string(slots));
    std::mt19937 random{seed};
    owners_now now(slots);
    nodes_list nodes;
    unsigned const weight_most = up_to(random, 1) == 0 ? 1 : 1000;
    for (unsigned step = 0; step < 4 && !testing::Test::HasFailure(); ++step) {
        std::erase_if(nodes, [&](auto const&) { return up_to(random, 3) == 0; });
        auto const first_new = 1 + step * nodes_most;
        auto const joining = 1 + up_to(random, nodes_most - 1);
        for (unsigned n = 0; n < joining; ++n) { nodes.push_back({id(first_new + n), 1 + up_to(random, weight_most - 1)}); }
        if (nodes.size() > 1 && up_to(random, 2) == 0) { nodes.front().weight = 0; }
        if (up_to(random, 3) == 0) {
            for (auto& owner : now) { owner = up_to(random, 9) == 0 ? std::nullopt : owner; }
        }
        expect_all_properties(now, nodes, random);
        now = as_owners(plan_slots(now, nodes).value());
    }
}

TEST(planner_property, every_plan_in_the_life_of_a_cluster_is_minimal_balanced_and_stable)
{
    for (unsigned seed = 1; seed <= 40; ++seed) { expect_all_properties_of_a_life(seed, slot::count, 100); }
}

TEST(planner_property, so_it_is_with_few_slots_and_with_more_nodes_than_slots)
{
    for (unsigned seed = 1; seed <= 400; ++seed) { expect_all_properties_of_a_life(seed, 1 + seed % 97, 1 + seed % 40); }
}

TEST(planner_property, any_owners_at_all_are_planned_for_with_the_fewest_moves)
{
    for (unsigned seed = 1; seed <= 400 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random{seed};
        owners_now now(1 + up_to(random, 200));
        for (auto& owner : now) { owner = up_to(random, 5) == 0 ? std::nullopt : std::optional{id(up_to(random, 12))}; }
        nodes_list nodes;
        for (unsigned n = 0; n <= 8; ++n) { nodes.push_back({id(n), 1 + up_to(random, 20)}); }
        expect_all_properties(now, nodes, random);
    }
}

TEST(planner_property, equal_nodes_that_join_get_exactly_their_share_and_nothing_else_moves)
{
    std::mt19937 random{1};
    for (unsigned round = 0; round < 200 && !HasFailure(); ++round) {
        auto const n = 1 + up_to(random, 99);
        auto const m = 1 + up_to(random, 99);
        SCOPED_TRACE(std::to_string(n) + " nodes and " + std::to_string(m) + " more");
        auto const before = as_owners(plan_slots(owners_now(slot::count), equal_nodes(n)).value());
        auto const after = plan_slots(before, equal_nodes(n + m)).value();
        auto const to_new_nodes = std::ranges::count_if(after.owners, [&](node_id const& owner) { return owner > id(n); });
        EXPECT_EQ(after.moves, static_cast<std::size_t>(to_new_nodes));
        EXPECT_EQ(after.moves, fewest_moves(before, equal_nodes(n + m)));
        EXPECT_TRUE(is_balanced(after.owners, equal_nodes(n + m)));
    }
}

/// Calls `visit` with every word of `length` letters from 0 to `letters` - 1.
template <class Visit>
void for_each_word(std::size_t length, unsigned letters, Visit visit)
{
    std::vector<unsigned> word(length, 0);
    for (;;) {
        visit(word);
        std::size_t i = 0;
        while (i < length && ++word[i] == letters) { word[i++] = 0; }
        if (i == length) { return; }
    }
}

TEST(planner_property, no_division_of_five_slots_among_three_nodes_has_fewer_moves)
{
    constexpr std::size_t slots = 5;
    for (auto const& weights : {std::array{1u, 1u, 1u}, std::array{1u, 2u, 4u}, std::array{3u, 0u, 1u}}) {
        nodes_list const nodes{{id(1), weights[0]}, {id(2), weights[1]}, {id(3), weights[2]}};
        std::vector<std::vector<node_id>> legal;
        for_each_word(slots, 3, [&](auto const& word) {
            std::vector<node_id> owners;
            for (auto const letter : word) { owners.push_back(id(1 + letter)); }
            if (is_balanced(owners, nodes)) { legal.push_back(owners); }
        });
        for_each_word(slots, 5, [&](auto const& word) {  // 0: nobody, 4: a node that has left
            owners_now now;
            for (auto const letter : word) { now.push_back(letter == 0 ? std::nullopt : std::optional{id(letter)}); }
            auto fewest = impossible;
            for (auto const& owners : legal) { fewest = std::min(fewest, moves_between(now, owners)); }
            ASSERT_EQ(plan_slots(now, nodes).value().moves, fewest);
        });
    }
}

}  // namespace
}  // namespace mykeyv::cluster
