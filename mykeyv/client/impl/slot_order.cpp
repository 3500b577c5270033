// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/slot_order.hpp"

namespace mykeyv::detail {

bool slot_order::enter(slot place, turn who, way where)
{
    auto& line = at(place);
    if (line.unsettled) {
        hold(place, who, true);
        return false;
    }
    ++line.out;
    return go_on(place, who, where);
}

void slot_order::enter_held(slot place, turn who) { hold(place, who, false); }

void slot_order::join(slot place, way where)
{
    ++at(place).out;
    at(place).where = where;
}

bool slot_order::goes_straight(slot place, way where) const noexcept
{
    auto const& line = slots_[place.number()];
    return !line.unsettled && (line.out == 0 || line.where == where);
}

bool slot_order::go_on(slot place, turn who, way where)
{
    auto& line = at(place);
    if (line.out > 1 && line.where != where) {
        --line.out;
        hold(place, who, true).open = false;
        return false;
    }
    line.where = where;
    return true;
}

void slot_order::turn_back(slot place, turn who)
{
    --at(place).out;
    hold(place, who, false).open = false;
}

void slot_order::wake(slot place, turn who) { held_.at(place).ready.at(who) = true; }

void slot_order::leave(slot place, bool answered)
{
    auto& line = at(place);
    --line.out;
    if (!line.unsettled || line.out > 0) { return; }
    if (answered) { held_.at(place).open = true; }
    settle_if_over(place);
}

void slot_order::give_up(slot place, turn who)
{
    held_.at(place).ready.erase(who);
    settle_if_over(place);
}

std::optional<ticket> slot_order::next(slot place)
{
    auto& line = at(place);
    if (!line.unsettled) { return std::nullopt; }
    auto& held = held_.at(place);
    if (held.ready.empty()) { return std::nullopt; }
    auto const first = held.ready.begin();
    if (!held.open && (line.out > 0 || !first->second)) { return std::nullopt; }
    auto const who = first->first.who;
    held.ready.erase(first);
    ++line.out;
    if (held.open && held.ready.empty()) {
        held_.erase(place);
        line.unsettled = false;
    }
    return who;
}

void slot_order::hindered(slot place, errc why)
{
    if (auto const found = held_.find(place); found != held_.end()) { found->second.hindrance = why; }
}

errc slot_order::hindrance(slot place) const noexcept
{
    auto const found = held_.find(place);
    return found == held_.end() ? errc::timed_out_unsent : found->second.hindrance;
}

slot_order::held_requests& slot_order::hold(slot place, turn who, bool ready)
{
    at(place).unsettled = true;
    auto& held = held_[place];
    held.ready.emplace(who, ready);
    return held;
}

// A request that went alone and got lost says nothing about the slot; but when nothing is held behind it, there is no order to keep.
void slot_order::settle_if_over(slot place)
{
    auto& line = at(place);
    if (!line.unsettled || line.out > 0 || !held_.at(place).ready.empty()) { return; }
    held_.erase(place);
    line.unsettled = false;
}

}  // namespace mykeyv::detail
