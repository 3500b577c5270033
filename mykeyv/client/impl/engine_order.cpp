// SPDX-License-Identifier: Apache-2.0
// How the engine keeps the requests of a slot in order: it asks slot_order before each goes, and tells it what became of it.
#include "mykeyv/client/impl/engine.hpp"

#include <utility>

namespace mykeyv::detail {

bool engine::goes_straight(slot place)
{
    auto const* owner = map_.owner(place);
    return owner != nullptr && order_.goes_straight(place, connection_to(*owner, *owner).get());
}

// False: the order holds it now, or it ended because too much is held already.
bool engine::may_go(operation& concerned, connection const& on)
{
    if (concerned.stands == standing::fresh) {
        for (auto const each : concerned.what.places) { order_.join(each, &on); }
        if (!concerned.what.places.empty()) { stand(concerned, standing::out); }
    }
    auto const* place = std::get_if<slot>(&concerned.what.to);
    if (place == nullptr) { return true; }
    turn const its{concerned.id, concerned.who};
    bool const fresh = concerned.stands == standing::fresh;
    bool const goes = fresh ? order_.enter(*place, its, &on) : order_.go_on(*place, its, &on);
    stand(concerned, goes ? standing::out : standing::held);
    if (goes) { return true; }
    if (fresh && held_bytes_ > options_.queue_bytes_max) {
        act(concerned, concerned.machine.on_refused(errc::overloaded));
    } else {
        let_go(*place);
    }
    return false;
}

// It was certainly not executed, or cannot be sent yet. What was called after it must not overtake it.
void engine::step_back(operation& concerned)
{
    auto const* place = std::get_if<slot>(&concerned.what.to);
    if (place == nullptr || concerned.stands == standing::held) { return; }
    turn const its{concerned.id, concerned.who};
    if (concerned.stands == standing::out) {
        order_.turn_back(*place, its);
    } else {
        order_.enter_held(*place, its);
    }
    stand(concerned, standing::held);
    note_hindrance(concerned);
    let_go(*place);
}

// For those that are held behind it.
void engine::note_hindrance(operation const& concerned)
{
    if (auto const* place = std::get_if<slot>(&concerned.what.to)) { order_.hindered(*place, concerned.machine.hindrance()); }
}

void engine::stand(operation& concerned, standing now)
{
    auto const bytes = concerned.what.wire.size();
    if (concerned.stands == standing::held) { held_bytes_ -= bytes; }
    if (now == standing::held) { held_bytes_ += bytes; }
    concerned.stands = now;
}

void engine::leave_order(operation const& ended, bool answered)
{
    if (ended.stands == standing::fresh) { return; }
    for (auto const each : ended.what.places) {
        order_.leave(each, false);  // its answer has many parts, and says nothing about one slot
        let_go(each);
    }
    auto const* place = std::get_if<slot>(&ended.what.to);
    if (place == nullptr) { return; }
    if (ended.stands == standing::held) {
        held_bytes_ -= ended.what.wire.size();
        order_.give_up(*place, {ended.id, ended.who});
    } else {
        order_.leave(*place, answered);
    }
    let_go(*place);
}

// What one that goes causes may come back here, so this takes its turn after it instead of within it.
void engine::let_go(slot changed)
{
    if (order_.settled(changed) || stopped_) { return; }
    to_let_go_.push_back(changed);
    if (to_let_go_.size() > 1) { return; }
    for (std::size_t i = 0; i < to_let_go_.size(); ++i) {
        while (auto const who = order_.next(to_let_go_[i])) { let_go(*who); }
    }
    to_let_go_.clear();
}

void engine::let_go(ticket who)
{
    auto& concerned = *find(who);
    stand(concerned, standing::out);
    concerned.pause.unlink();
    if (auto const next = concerned.machine.on_waited(); next.what == action::kind::send) {
        concerned.first = next.first;
        concerned.told = next.node;
    }
    send(concerned);
}

}  // namespace mykeyv::detail
