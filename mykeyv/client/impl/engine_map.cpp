// SPDX-License-Identifier: Apache-2.0
// The engine's timers, and how it comes by the map of the cluster: one node after the other is asked until one answers.
#include "mykeyv/client/impl/engine.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mykeyv::detail {

void engine::set_timer(timer& which, clock::time_point at)
{
    which.unlink();
    which.at = at;
    timers_.insert(timers_.end(), which);  // mostly the last
    arm();
}

// One Asio timer serves all. It rests while there is nothing to wait for, so that it does not keep the context at work.
void engine::arm()
{
    if (timers_.empty()) {
        if (std::exchange(armed_for_, {})) { timer_.cancel(); }
        return;
    }
    auto const first = timers_.begin()->at;
    if (armed_for_ && *armed_for_ <= first) { return; }
    armed_for_ = first;
    timer_.expires_at(first);
    timer_.async_wait([weak = weak_from_this()](error_code const& ec) {
        auto const self = weak.lock();
        if (self && !ec) { self->on_timer(); }
    });
}

void engine::on_timer()
{
    armed_for_.reset();
    auto const now = clock::now();
    while (!timers_.empty() && timers_.begin()->at <= now) {
        auto& due = *timers_.begin();
        auto& concerned = due.whose;
        due.unlink();
        if (&due == &concerned.deadline) {
            if (concerned.stands == standing::held) { concerned.machine.on_held_up(order_.hindrance(std::get<slot>(concerned.what.to))); }
            if (map_.empty()) { concerned.machine.on_held_up(errc::not_connected); }  // no node has told us anything yet
            interrupt(concerned, [](request_machine& machine) { return machine.on_deadline(); });
        } else {
            act(concerned, concerned.machine.on_waited());
        }
    }
    arm();
}

void engine::await_map(operation& concerned)
{
    waiting_for_map_.push_back(concerned.who);
    refresh();
}

void engine::refresh()
{
    if (refreshing_ || stopped_) { return; }
    refreshing_ = true;
    map_hindrance_ = errc::not_connected;
    candidates_ = map_candidates();
    ask_next_candidate();
}

// The nodes of the map, then the seeds; those first with whom we are in contact, and before them the one that was named as an owner
// last: it knows of itself what others hear later. In reverse, to be taken from the back.
std::vector<endpoint> engine::map_candidates() const
{
    auto candidates = map_.nodes();
    for (auto const& seed : seeds_) {
        if (std::find(candidates.begin(), candidates.end(), seed) == candidates.end()) { candidates.push_back(seed); }
    }
    std::stable_partition(candidates.begin(), candidates.end(), [this](endpoint const& node) {
        auto const found = connections_.find(node);
        return found != connections_.end() && found->second.front()->ready();
    });
    std::stable_partition(candidates.begin(), candidates.end(), [this](endpoint const& node) { return node == newest_owner_; });
    std::reverse(candidates.begin(), candidates.end());
    return candidates;
}

void engine::ask_next_candidate()
{
    if (!candidates_.empty()) {
        auto node = std::move(candidates_.back());
        candidates_.pop_back();
        auto question = slots_request(node);
        return perform({}, std::move(question), clock::now() + options_.connect_timeout,
                       [this, node = std::move(node)](error_code ec, resp::value const& reply) { on_map(ec, reply, node); });
    }
    refreshing_ = false;
    bool const hopeless = remedy_of(map_hindrance_) == remedy::fix;
    for (auto const who : take_waiters()) {
        if (auto* const waiter = find(who)) {
            auto& machine = waiter->machine;
            act(*waiter, hopeless ? machine.on_refused(map_hindrance_) : machine.on_no_owner(map_hindrance_));
        }
    }
}

void engine::on_map(error_code ec, resp::value const& reply, endpoint const& asked)
{
    auto map = ec ? result<slot_map>{ec} : read_slots(reply, asked);
    if (!map.has_error() && !map->empty()) {
        map_ = std::move(map).value();
        refreshing_ = false;
        for (auto const who : take_waiters()) {
            if (auto* const waiter = find(who)) { resume(*waiter); }
        }
        return;
    }
    auto const problem = map.has_error() ? static_cast<errc>(map.error().value()) : errc::cluster_down;
    // A node that answers, even badly, says more than one that is not there. Waiting for one that cannot be reached may be over before
    // its connection is given up: that is no answer, either.
    constexpr std::array no_answer{errc::not_connected, errc::timed_out_unsent, errc::outcome_unknown};
    if (std::find(no_answer.begin(), no_answer.end(), problem) == no_answer.end()) { map_hindrance_ = problem; }
    ask_next_candidate();
}

std::vector<ticket> engine::take_waiters() { return std::exchange(waiting_for_map_, {}); }

void engine::resume(operation& concerned)
{
    if (std::holds_alternative<the_map>(concerned.what.to)) { return act(concerned, concerned.machine.on_reply({})); }
    send(concerned);
}

}  // namespace mykeyv::detail
