// SPDX-License-Identifier: Apache-2.0
// The part of departures that says which slots may go on now.
#include "mykeyv/cluster/migration/departures.hpp"

#include "mykeyv/cluster/mutants.hpp"

#include <algorithm>

namespace mykeyv::cluster {

departures::load departures::load_now() const
{
    load sum;
    for (auto const& [s, moving] : moving_) {
        sum.bytes_on_the_way += moving.out.bytes_on_the_way();
        if (moving.is_waited_for()) { ++sum.cut_overs[moving.out.target()]; }
    }
    return sum;
}

bool departures::is_due(departing const& moving, time now, load const& all) const
{
    if (moving.due <= now) { return true; }
    // The rate does not hold back a slot whose operations wait.
    return !moving.asking && (sends_from_ <= now || moving.parked_since != time{}) && may_go_on(moving, all);
}

bool departures::may_go_on(departing const& moving, load const& all) const
{
    using enum outgoing::next;
    auto const target = moving.out.target();
    auto const waiting = all.cut_overs.find(target);
    switch (moving.out.next_step()) {
    case wait: return false;
    case scan:
        // A node that operations wait for is given little else to do: what it has begun is done first.
        return all.bytes_on_the_way <
               (waiting != all.cut_overs.end() ? limits_.on_the_way_bytes_when_waited_for : limits_.on_the_way_bytes_max);
    case resend: return moving.parked_since != time{} || all.bytes_on_the_way < limits_.on_the_way_bytes_max;
    case cut_over:
        if (moving.ahead != departing::ahead::committed && !mutant(mutants::not_written_ahead)) { return false; }
        return moving.parked_since != time{} || waiting == all.cut_overs.end() || waiting->second < windows_.at(target).cut_overs.size();
    default: return true;
    }
}

bool departures::are_waited_for() const
{
    return std::ranges::any_of(moving_, [](auto const& each) { return each.second.is_waited_for(); });
}

departures::target_windows& departures::windows_of(node_id target)
{
    target_windows const fresh{window{limits_.outgoing_per_lane_max}, window{limits_.cut_overs_at_once}};
    return windows_.try_emplace(target, fresh).first->second;
}

bool departures::is_bringing_to(node_id target) const
{
    // Also what a restart would have to ask it about.
    return std::ranges::any_of(moving_, [target](auto const& each) { return each.second.out.target() == target; }) ||
           std::ranges::any_of(to_be_saved_, [target](auto const& each) { return each.second.peer == target; });
}

bool departures::may_begin_more() const
{
    // Who is asked about waits for its target, and that may be away.
    auto const all = static_cast<std::size_t>(std::ranges::count_if(moving_, [](auto const& each) { return !each.second.asking; }));
    return all < limits_.outgoing_per_lane_max;
}

bool departures::is_outpaced() const
{
    return std::ranges::any_of(moving_, [](auto const& each) { return each.second.out.is_outpaced(); });
}

}  // namespace mykeyv::cluster
