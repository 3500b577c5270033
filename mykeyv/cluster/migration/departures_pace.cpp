// SPDX-License-Identifier: Apache-2.0
// The part of departures that says which slots may go on now.
#include "mykeyv/cluster/migration/departures.hpp"

#include <algorithm>

namespace mykeyv::cluster {

bool departures::is_due(departing const& moving, time now) const
{
    if (moving.due <= now) { return true; }
    // The rate does not hold back a slot whose operations wait.
    return !moving.asking && (sends_from_ <= now || moving.parked_since != time{}) && may_go_on(moving);
}

bool departures::may_go_on(departing const& moving) const
{
    using enum outgoing::next;
    switch (moving.out.next_step()) {
    case wait: return false;
    case scan: return bytes_on_the_way() < (cutting_over(moving.out.target()) > 0 ? limits_.portion_bytes : limits_.on_the_way_bytes_max);
    case resend: return moving.parked_since != time{} || bytes_on_the_way() < limits_.on_the_way_bytes_max;
    case cut_over:
        return moving.parked_since != time{} ||
               cutting_over(moving.out.target()) < windows_.at(moving.out.target()).cut_overs.size();
    default: return true;
    }
}

/// Slots whose operations wait for this node. Meanwhile it is given little else to do: what it has begun is done first.
std::size_t departures::cutting_over(node_id target) const
{
    return static_cast<std::size_t>(std::ranges::count_if(moving_, [target](auto const& each) {
        return each.second.is_waited_for() && each.second.out.target() == target;
    }));
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
    return std::ranges::any_of(moving_, [target](auto const& each) { return each.second.out.target() == target; });
}

bool departures::is_outpaced() const
{
    return std::ranges::any_of(moving_, [](auto const& each) { return each.second.out.is_outpaced(); });
}

std::size_t departures::bytes_on_the_way() const
{
    std::size_t sum = 0;
    for (auto const& [s, moving] : moving_) { sum += moving.out.bytes_on_the_way(); }
    return sum;
}

}  // namespace mykeyv::cluster
