// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/topology.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/cluster/planner.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace mykeyv::cluster {
namespace {

/// Hosts are printed into CLUSTER NODES and MOVED, where a blank, a comma or an @ would mean something else.
bool is_host(std::string_view text) noexcept
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
    return !text.empty() && text.size() <= limits::host_characters_max && text.find_first_not_of(allowed) == text.npos;
}

std::optional<refusal> unfit_endpoint(std::vector<node> const& nodes)
{
    std::vector<endpoint> endpoints;
    for (auto const& n : nodes) {
        if (!is_host(n.endpoint.host) || n.endpoint.port == 0) { return refusal{"node " + n.id.text() + " has no usable endpoint"}; }
        endpoints.push_back(n.endpoint);
    }
    std::ranges::sort(endpoints);
    auto const twin = std::ranges::adjacent_find(endpoints);
    if (twin == endpoints.end()) { return std::nullopt; }
    return refusal{"two nodes have the endpoint " + twin->text()};
}

}  // namespace

topology::topology(std::vector<node> nodes, std::vector<node_id> owners) : nodes_{std::move(nodes)}, owners_{std::move(owners)}
{
    std::vector<node_id> founders;
    for (auto const& n : nodes_) { founders.push_back(n.id); }
    std::ranges::sort(founders);
    cluster_ = cluster_id::of(founders);
    if (!founders.empty()) { author_ = founders.front(); }
}

checked<topology> topology::verified(topology t)
{
    if (t.nodes_.empty()) { return refusal{"there are no nodes"}; }
    if (t.nodes_.size() > limits::nodes_max) { return refusal{"there are more than " + std::to_string(limits::nodes_max) + " nodes"}; }
    std::ranges::sort(t.nodes_, {}, &node::id);
    auto const twin = std::ranges::adjacent_find(t.nodes_, {}, &node::id);
    if (twin != t.nodes_.end()) { return refusal{"two nodes have the id " + twin->id.text()}; }
    if (auto unfit = unfit_endpoint(t.nodes_)) { return std::move(*unfit); }
    // Slots in a row mostly have one owner.
    node_id const* last = nullptr;
    for (auto const& owner : t.owners_) {
        if (last != nullptr && owner == *last) { continue; }
        last = &owner;
        if (t.find(owner) == nullptr) { return refusal{"the owner " + owner.text() + " is not one of the nodes"}; }
    }
    return t;
}

checked<topology> topology::fresh(std::vector<node> nodes)
{
    std::vector<weighted_node> weighted;
    for (auto const& n : nodes) { weighted.push_back({n.id, n.weight}); }
    auto planned = plan_slots(std::vector<std::optional<node_id>>(slot::count), weighted);
    if (!planned) { return planned.error(); }

    return verified(topology{std::move(nodes), std::move(planned->owners)});
}

std::vector<slot_range> topology::ranges_of(node_id const& id) const
{
    std::vector<slot_range> ranges;
    for_each_range(owners_, [&](slot_range range, node_id const& owner) {
        if (owner == id) { ranges.push_back(range); }
    });
    return ranges;
}

node const* topology::find(node_id const& id) const noexcept
{
    auto const found = std::ranges::lower_bound(nodes_, id, {}, &node::id);
    return found != nodes_.end() && found->id == id ? &*found : nullptr;
}

node const* topology::find(mykeyv::endpoint const& where) const noexcept
{
    auto const found = std::ranges::find(nodes_, where, &node::endpoint);
    return found != nodes_.end() ? &*found : nullptr;
}

bool topology::newer_than(topology const& other) const noexcept
{
    return cluster_ == other.cluster_ && std::pair{version_, author_} > std::pair{other.version_, other.author_};
}

checked<topology> topology::next(node_id const& author) const
{
    if (version_ == version_max) { return refusal{"the topology has the highest version there is"}; }
    auto next = *this;
    ++next.version_;
    next.author_ = author;
    return next;
}

checked<topology> topology::with_endpoint(node_id const& id, mykeyv::endpoint endpoint, node_id const& author) const
{
    auto changed = next(author);
    if (!changed) { return changed; }
    auto const found = std::ranges::find(changed->nodes_, id, &node::id);
    if (found == changed->nodes_.end()) { return refusal{"no node has the id " + id.text()}; }
    found->endpoint = std::move(endpoint);
    return verified(std::move(*changed));
}

checked<topology> topology::with_node(node added, node_id const& author) const
{
    auto changed = next(author);
    if (!changed) { return changed; }
    changed->nodes_.push_back(std::move(added));
    return verified(std::move(*changed));
}

checked<topology> topology::without_node(node_id const& id, node_id const& author) const
{
    auto changed = next(author);
    if (!changed) { return changed; }
    if (find(id) == nullptr) { return refusal{"no node has the id " + id.text()}; }
    if (!ranges_of(id).empty()) { return refusal{"node " + id.text() + " is to own slots"}; }
    std::erase_if(changed->nodes_, [&](node const& n) { return n.id == id; });
    return verified(std::move(*changed));
}

checked<topology> topology::with_leaving(node_id const& id, node_id const& author) const
{
    auto changed = next(author);
    if (!changed) { return changed; }
    auto const found = std::ranges::find(changed->nodes_, id, &node::id);
    if (found == changed->nodes_.end()) { return refusal{"no node has the id " + id.text()}; }
    found->weight = 0;
    found->leaving = true;
    auto const others = std::ranges::any_of(changed->nodes_, [](node const& n) { return n.weight > 0; });
    if (!others) { return refusal{"no other node could take the slots of node " + id.text()}; }
    return changed;
}

checked<topology> topology::with_owners(std::vector<node_id> owners, node_id const& author) const
{
    auto changed = next(author);
    if (!changed) { return changed; }
    changed->owners_ = std::move(owners);
    return verified(std::move(*changed));
}

checked<topology> topology::with_moving(moving_rules rules, node_id const& author) const
{
    auto changed = next(author);
    if (changed) { changed->moving_ = rules; }
    return changed;
}

}  // namespace mykeyv::cluster
