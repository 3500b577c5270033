// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/operators.hpp"

#include <algorithm>

namespace mykeyv::simulation {

namespace real = mykeyv::cluster;
using real::topology;

void operators::work()
{
    if (!are_working_) { return; }
    if (auto* const asked = somebody()) { want_something(*asked); }
    world_.after(world_.between(5'000, world_.one_in(5) ? 10'000 : 120'000), [this] { work(); });
}

/// A member that is up, or nobody, for once.
member* operators::somebody()
{
    auto* const one = cluster_.nodes[world_.below(static_cast<unsigned>(cluster_.nodes.size()))]->member();
    return one != nullptr && one->is_member() ? one : nullptr;
}

real::membership::done operators::noted(char const* what)
{
    return [this, what](real::change_result const& done) {
        world_.note("{}: {}", what, done ? "done" : *done.why_not);
        ++world_.seen[std::string{what} + (done ? ": done" : ": not done")];
    };
}

void operators::want_something(member& asked)
{
    auto const& nodes = asked.core.newest().nodes();
    switch (world_.below(10)) {
    case 0:
    case 1: return asked.core.remove(nodes[world_.below(static_cast<unsigned>(nodes.size()))].id.text(), noted("remove"));
    case 2: return invite_somebody(asked);
    case 3: return asked.core.rehash(noted("rehash"));
    case 4: {
        auto const paused = world_.one_in(2);
        return asked.core.set_moving([paused](real::moving_rules& rules) { rules.paused = paused; }, noted("pause or resume"));
    }
    default: return want_slots_elsewhere(asked);
    }
}

void operators::invite_somebody(member& asked)
{
    auto const index = world_.below(static_cast<unsigned>(cluster_.nodes.size()));
    asked.core.add(cluster_.endpoint_of(index), 1, noted("add"));
}

void operators::want_slots_elsewhere(member& asked)
{
    std::vector<node_id> staying;
    for (auto const& n : asked.core.newest().nodes()) {
        if (!n.leaving) { staying.push_back(n.id); }
    }
    if (staying.empty()) { return; }
    std::vector<std::pair<slot, node_id>> wanted;
    for (auto const s : cluster_.slots) {
        if (world_.one_in(2)) { wanted.emplace_back(s, staying[world_.below(static_cast<unsigned>(staying.size()))]); }
    }
    auto const changed = [wanted, self = cluster_.id_of(asked.index())](topology const& now) {
        auto owners = now.owners();
        for (auto const& [s, to] : wanted) {
            auto const* const known = now.find(to);
            if (known != nullptr && !known->leaving) { owners[s.number()] = to; }
        }
        return now.with_owners(std::move(owners), self);
    };
    asked.core.make_change(changed, [](auto const&) { return std::string{}; }, noted("other owners"));
}

topology const* operators::newest() const
{
    topology const* found = nullptr;
    for (auto const& each : cluster_.nodes) {
        auto* const one = each->member();
        if (one == nullptr || !one->has_started() || one->core.newest().cluster() != cluster_.founded) { continue; }
        if (found == nullptr || one->core.newest().newer_than(*found)) { found = &one->core.newest(); }
    }
    return found;
}

unsigned operators::owner_of(slot s) const
{
    auto const* const known = newest();
    return known != nullptr ? cluster_.index_of(known->owner_of(s)) : 0;
}

void operators::add_again(endpoint const& where)
{
    auto* const asked = somebody();
    if (asked != nullptr) { asked->core.add(where, 1, noted("add again")); }
}

bool operators::are_done()
{
    auto const* const known = newest();
    if (known == nullptr) { return false; }
    auto const have_heard = std::ranges::all_of(known->nodes(), [&](auto const& n) {
        // One whose answer was lost when it was made a member is added again, as docs/cluster.md says.
        auto const index = cluster_.index_of(n.id);
        if (!cluster_.is_of_it(index) && cluster_.waits_to_be_invited(index)) { add_again(n.endpoint); }
        auto* const one = cluster_.nodes[cluster_.index_of(n.id)]->member();
        return one != nullptr && one->has_started() && one->core.newest() == *known;
    });
    // Whoever has asked to join is in, or was.
    auto are_in = true;
    for (unsigned i = 0; i < cluster_.nodes.size(); ++i) { are_in = are_in && (cluster_.waits_to_be_invited(i) || cluster_.is_of_it(i)); }
    if (!have_heard || !are_in) { return false; }
    auto& first = cluster_.nodes[cluster_.index_of(known->nodes().front().id)]->member()->core;
    if (known->moving().paused) {
        first.set_moving([](real::moving_rules& rules) { rules.paused = false; }, noted("resume"));
        return false;
    }
    return std::ranges::none_of(known->nodes(), &real::node::leaving);
}

}  // namespace mykeyv::simulation
