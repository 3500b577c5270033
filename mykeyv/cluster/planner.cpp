// SPDX-License-Identifier: Apache-2.0
// Why the plan is minimal: once it is fixed how many slots each node gets (its target), every node can keep the lesser
// of what it owns and its target, and no plan keeps more. So only the targets matter: a node's rounding up saves a
// move exactly if it owns more than its share rounded down, and those nodes are rounded up first.
#include "mykeyv/cluster/planner.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/slot.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <unordered_map>

namespace mykeyv::cluster {
namespace {

using position = std::size_t;  // of a node among the nodes by id; lives no longer than one plan
constexpr position nobody = std::numeric_limits<position>::max();

/// What one node has, and what it is to have.
struct share {
    node_id id;
    std::uint64_t weight = 0;
    std::size_t owned = 0;
    std::size_t target = 0;
    std::size_t room = 0;  // slots still to be given to it
};

constexpr std::uint64_t weight_sum_max = limits::nodes_max * std::uint64_t{std::numeric_limits<std::uint32_t>::max()};
static_assert(weight_sum_max < std::numeric_limits<std::uint64_t>::max() / (2 * slot::count + 1), "set_targets must not overflow");

std::vector<position> positions_of(std::span<std::optional<node_id> const> owners, std::span<share const> shares)
{
    std::unordered_map<node_id, position> known;
    for (auto const& s : shares) { known.emplace(s.id, known.size()); }
    std::vector<position> positions(owners.size(), nobody);
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (!owners[i]) { continue; }
        if (auto const found = known.find(*owners[i]); found != known.end()) { positions[i] = found->second; }
    }
    return positions;
}

/// Rounds every node's ideal share down or up, so that the sum is `slots` and the moves are the fewest.
void set_targets(std::span<share> shares, std::uint64_t slots)
{
    std::uint64_t weight_sum = 0;
    for (auto const& s : shares) { weight_sum += s.weight; }
    auto const boundary = [&](std::uint64_t weight) { return (2 * slots * weight + weight_sum) / (2 * weight_sum); };

    struct candidate {
        share* node;
        bool saves_a_move;
        bool by_rounding;  // the running sum of the ideal shares, rounded: how Redis divides a new cluster
    };
    std::vector<candidate> candidates;
    std::uint64_t weight_before = 0;
    std::size_t rest = slots;
    for (auto& s : shares) {
        s.target = slots * s.weight / weight_sum;
        rest -= s.target;
        auto const rounded = boundary(weight_before + s.weight) - boundary(weight_before);
        weight_before += s.weight;
        if (slots * s.weight % weight_sum != 0) { candidates.push_back({&s, s.owned > s.target, rounded > s.target}); }
    }
    std::stable_sort(candidates.begin(), candidates.end(), [](candidate const& a, candidate const& b) {
        return std::pair{a.saves_a_move, a.by_rounding} > std::pair{b.saves_a_move, b.by_rounding};
    });
    assert(rest <= candidates.size());
    for (std::size_t i = 0; i < rest; ++i) { ++candidates[i].node->target; }
}

/// Every node keeps what it owns up to its target, the lowest slots first; the other slots are free.
std::vector<position> kept_slots(std::vector<position> const& now, std::span<share> shares)
{
    std::vector<position> owners(now.size(), nobody);
    for (auto& s : shares) { s.room = s.target; }
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] == nobody || shares[now[i]].room == 0) { continue; }
        owners[i] = now[i];
        --shares[now[i]].room;
    }
    return owners;
}

/// Gives every free slot to a node that has room: to the one that owns the slots beside it if possible, else in the order of the ids.
void give_free_slots(std::vector<position>& owners, std::span<share> shares)
{
    auto const give = [&](std::size_t i, position to) {
        if (owners[i] != nobody || to == nobody || shares[to].room == 0) { return; }
        owners[i] = to;
        --shares[to].room;
    };
    for (std::size_t i = 1; i < owners.size(); ++i) { give(i, owners[i - 1]); }
    for (std::size_t i = owners.size(); i > 1; --i) { give(i - 2, owners[i - 1]); }
    position next = 0;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        if (owners[i] != nobody) { continue; }
        while (shares[next].room == 0) { ++next; }
        give(i, next);
    }
}

checked<std::vector<share>> shares_by_id(std::span<weighted_node const> nodes)
{
    if (nodes.empty()) { return refusal{"there are no nodes to own the slots"}; }
    if (nodes.size() > limits::nodes_max) { return refusal{"there are more than " + std::to_string(limits::nodes_max) + " nodes"}; }
    std::vector<share> shares;
    for (auto const& n : nodes) { shares.push_back({.id = n.id, .weight = n.weight}); }
    std::ranges::sort(shares, {}, &share::id);
    auto const twin = std::ranges::adjacent_find(shares, {}, &share::id);
    if (twin != shares.end()) { return refusal{"two nodes have the id " + twin->id.text()}; }
    if (std::ranges::all_of(shares, [](share const& s) { return s.weight == 0; })) { return refusal{"every node has weight 0"}; }
    return shares;
}

}  // namespace

checked<plan> plan_slots(std::span<std::optional<node_id> const> owners_now, std::span<weighted_node const> nodes)
{
    assert(owners_now.size() <= slot::count);
    auto shares = shares_by_id(nodes);
    if (!shares) { return shares.error(); }

    auto const now = positions_of(owners_now, *shares);
    for (auto const p : now) {
        if (p != nobody) { ++(*shares)[p].owned; }
    }
    set_targets(*shares, owners_now.size());
    auto owners = kept_slots(now, *shares);
    give_free_slots(owners, *shares);

    plan made;
    made.owners.reserve(owners.size());
    for (std::size_t i = 0; i < owners.size(); ++i) {
        made.owners.push_back((*shares)[owners[i]].id);
        if (owners_now[i] && owners[i] != now[i]) { ++made.moves; }
    }
    return made;
}

}  // namespace mykeyv::cluster
