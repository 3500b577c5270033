// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/departures.hpp"

#include "mykeyv/cluster/migration/rules.hpp"
#include "mykeyv/cluster/mutants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {
// Beginning

void departures::ask_after_restart(slot s, slot_row const& row)
{
    auto const [place, fresh] = moving_.try_emplace(s, departing{outgoing{row.peer, row.offer, limits_}, now(), ++turns_});
    place->second.out.offered();
    place->second.asking = true;
    place->second.parked_since = now();
    if (mutant(mutants::restarted_source_serves)) {
        moving_.erase(s);
        return rows_.unpark(s);
    }
    rows_.park(s);
}

void departures::want(std::vector<std::pair<slot, node_id>> wishes)
{
    wanted_.assign(wishes.begin(), wishes.end());
    begins_from_ = {};
    sends_from_ = outside_.pace(0);  // the rate may be another one
    std::map<slot, node_id> unwanted;
    for (auto const& [s, moving] : moving_) {
        if (moving.out.phase() != outgoing::phase::offered) { unwanted.emplace(s, moving.out.target()); }
    }
    for (auto const& [s, target] : wishes) {
        auto const place = unwanted.find(s);
        if (place != unwanted.end() && place->second == target) { unwanted.erase(place); }
    }
    for (auto const& [s, target] : unwanted) { give_up(s, "it is to stay, or to go elsewhere"); }
}

void departures::end()
{
    std::vector<slot> begun;
    for (auto const& [s, moving] : moving_) {
        if (moving.out.phase() != outgoing::phase::offered) { begun.push_back(s); }
    }
    for (auto const s : begun) { give_up(s, "this node is stopping"); }
    save_rows();
}

void departures::begin_wanted(time now)
{
    if (begins_from_ > now) { return; }
    std::map<node_id, std::size_t> under_way;
    for (auto const& [s, moving] : moving_) { under_way[moving.out.target()] += moving.asking ? 0 : 1; }
    std::vector<std::pair<slot, node_id>> begun;
    for (auto tries = wanted_.size(); tries > 0 && may_begin_more(); --tries) {
        auto const [s, target] = wanted_.front();
        wanted_.pop_front();
        auto const pause = not_before_.find(s);
        auto const must_wait = moving_.contains(s) || to_be_saved_.contains(s) || (pause != not_before_.end() && pause->second > now);
        if (!must_wait && under_way[target] < windows_of(target).on_the_way.size()) {
            if (!begin(s, target)) { continue; }
            ++under_way[target];
            begun.emplace_back(s, target);
            continue;
        }
        wanted_.emplace_back(s, target);
    }
    // Until they have gone, for an attempt may fail; behind the others, so that none that always fails is in their way.
    wanted_.insert(wanted_.end(), begun.begin(), begun.end());
    if (may_begin_more()) { begins_from_ = now + limits_.again_after; }
}

bool departures::begin(slot s, node_id target)
{
    auto const* const row = rows_.row(s);
    if (row == nullptr) { return true; }
    // A wish that has been fulfilled is still among the others.
    if (row->state != slot_state::owned || target == outside_.self()) { return false; }
    transfer_offer const offer{row->epoch() + 1, next_transfer_++};
    auto& moving = moving_.insert_or_assign(s, departing{outgoing{target, offer, limits_}, now(), ++turns_}).first->second;
    send(s, moving, prepare{});
    return true;
}

void departures::send(slot s, departing& moving, decltype(slot_request::what) what)
{
    moving.due = now() + limits_.patience;
    outside_.send(moving.out.target(), {s, moving.out.offer(), outside_.self(), std::move(what)});
}

// Copying; departures_copying.cpp has the reading and sending

void departures::go_on(slot s, departing& moving)
{
    using enum outgoing::next;
    for (;;) {
        switch (moving.out.next_step()) {
        case wait: return;
        case scan:
            if (now() < sends_from_ || !may_go_on(moving, load_now())) { return; }
            if (!this->scan(s, moving)) { return give_up(s, "its rows cannot be read"); }
            break;
        case resend:
            if (!may_go_on(moving, load_now())) { return; }
            if (!this->resend(s, moving)) { return give_up(s, "its rows cannot be read"); }
            break;
        case park:
            if (moving.ahead != departing::ahead::committed) { return; }  // or operations would wait for that, too
            this->park(s, moving);
            break;
        case cut_over: return may_go_on(moving, load_now()) ? this->cut_over(s, moving) : void();
        }
    }
}

void departures::park(slot s, departing& moving)
{
    moving.out.parked();
    moving.parked_since = now();
    rows_.park(s);
}

// Cutting over

void departures::cut_over(slot s, departing& moving)
{
    if (!mutant(mutants::not_parked)) { park(s, moving); }
    change wanted;
    wanted.slot = s;
    wanted.keys = moving.out.take_dirty();
    wanted.is_counted = true;
    wanted.then = [this](change& made, errc done) { offered(made, done); };
    rows_.plan(std::move(wanted));
}

void departures::offered(change& made, errc done)
{
    auto& moving = moving_.at(made.slot);
    if (done != errc::ok) { return give_up(made.slot, "its last rows cannot be read"); }
    struct cut_over last;
    last.last.rows = std::move(made.found.rows);
    last.summary = made.found.summary;
    last.last_version = lane_.last_version();
    last.last.number = moving.out.sending(last.last.rows);
    moving.out.offered();
    send(made.slot, moving, std::move(last));
    moving.due = now() + limits_.offer_patience;
}

void departures::give_up(slot s, std::string_view why)
{
    auto const place = moving_.find(s);
    lane_.surroundings().to_log.debug("slot {}: given up: {}", s.number(), why);
    auto const& out = place->second.out;
    outside_.send(out.target(), {s, out.offer(), outside_.self(), cancel{}});
    auto const was_parked = place->second.parked_since != time{};
    // It was not offered by this attempt, so it is ours still; but after a restart nobody would know.
    if (to_be_saved_.erase(s) == 0 && place->second.ahead != departing::ahead::no && !mutant(mutants::not_withdrawn)) {
        save(s, after_no({slot_state::handing_over, out.offer(), out.target()}));
    }
    moving_.erase(place);
    not_before_[s] = now() + limits_.again_after;
    if (was_parked) { rows_.unpark(s); }
}

void departures::taken(slot s)
{
    auto const place = moving_.find(s);
    auto const moving = std::move(place->second);
    moving_.erase(place);
    auto const waited = now() - moving.parked_since;
    auto& windows = windows_of(moving.out.target());
    windows.on_the_way.taken();
    waited > limits_.cut_over_wait_wanted ? windows.cut_overs.late(limits_.cut_overs_at_once_least) : windows.cut_overs.taken();
    begins_from_ = {};
    not_before_.erase(s);
    auto const gone = slot_row{slot_state::gone, moving.out.offer(), moving.out.target()};
    save(s, gone);
    outside_.owned_by(s, gone.peer, gone.epoch());
    rows_.leave(s);
    outside_.departed({moving.out.records_sent(), moving.out.bytes_sent(),
                       std::chrono::duration_cast<std::chrono::microseconds>(waited)});
}

void departures::not_taken(slot s, std::string_view why)
{
    auto const& moving = moving_.at(s);
    auto const offered = slot_row{slot_state::handing_over, moving.out.offer(), moving.out.target()};
    auto kept = after_no(offered);
    if (mutant(mutants::epoch_as_before_after_no)) { kept.offer.epoch = offered.offer.epoch - 1; }
    change wanted;
    wanted.slot = s;
    wanted.row = kept;
    wanted.then = [this, reason = std::string{why}](change& made, errc done) {
        if (done == errc::ok) { stays(made.slot, *made.row, reason); }  // else the target will be asked again, and say no again
    };
    rows_.plan(std::move(wanted));
}

void departures::stays(slot s, slot_row const& row, std::string_view why)
{
    auto const place = moving_.find(s);
    auto& log = lane_.surroundings().to_log;
    auto const text = fmt::format("slot {} was not taken by node {}: {}; it stays here for now", s.number(), row.peer.text(), why);
    // After a restart that is to be expected, of many slots.
    place->second.asking ? log.info("{}", text) : log.warning("{}", text);
    moving_.erase(place);
    not_before_[s] = now() + limits_.again_after;
    outside_.owned_by(s, outside_.self(), row.epoch());
    rows_.unpark(s);
}

// What comes in

void departures::replied(slot_reply const& reply)
{
    rows_.settle(reply.slot);
    auto const place = moving_.find(reply.slot);
    if (place == moving_.end()) { return; }
    if (place->second.out.offer() != reply.offer && !mutant(mutants::answer_not_compared)) { return; }
    auto& moving = place->second;
    using to = enum slot_reply::to;
    auto const is_offered = moving.out.phase() == outgoing::phase::offered;
    auto const any_will_do = mutant(reply.yes ? mutants::any_yes_will_do : mutants::any_no_will_do);
    if (reply.about == to::cut_over || reply.about == to::query || (is_offered && any_will_do)) {
        if (is_offered) { reply.yes ? taken(reply.slot) : not_taken(reply.slot, reply.reason); }
        return;
    }
    if (is_offered || reply.about == to::cancel) { return; }
    if (!reply.yes) { return give_up(reply.slot, reply.reason); }
    if (reply.about == to::prepare && moving.out.phase() == outgoing::phase::preparing) { moving.out.prepared(); }
    if (reply.about == to::portion) { moving.out.acknowledged(reply.number); }
    moving.due = now() + limits_.patience;
}

void departures::unanswered(slot s, transfer_offer const& offer)
{
    rows_.settle(s);
    auto const place = moving_.find(s);
    if (place == moving_.end() || place->second.out.offer() != offer) { return; }
    auto& moving = place->second;
    windows_of(moving.out.target()).on_the_way.lost();
    if (moving.out.phase() != outgoing::phase::offered) { return give_up(s, "the target does not answer"); }
    moving.asking = true;
    moving.due = now() + limits_.query_every;
}

void departures::writing(store::batch_writes const& changes)
{
    if (moving_.empty()) { return; }
    auto const written = [this](slot s, std::string_view key, std::size_t bytes) {
        auto const place = moving_.find(s);
        if (place != moving_.end()) { place->second.out.written(key, bytes); }
    };
    for (auto const& put : changes.puts) { written(put.slot, put.k, put.v.size() + 1); }
    for (auto const& erased : changes.erasures) { written(erased.slot, erased.k, 0); }
}

void departures::erasing(std::span<slot const> slots)
{
    for (auto const s : slots) {
        auto const place = moving_.find(s);
        if (place != moving_.end() && place->second.out.phase() != outgoing::phase::offered) {
            give_up(s, "all its records are being erased");
        }
    }
}

void departures::go_on_with(std::span<slot const> due, time began, time until)
{
    for (auto const s : due) {
        auto const place = moving_.find(s);
        if (place == moving_.end()) { continue; }
        place->second.turn = ++turns_;
        place->second.due <= began ? time_is_up(s, place->second) : go_on(s, place->second);
        if (now() >= until) { return; }  // the rest is due still
    }
}

departures::time departures::wake(time until, std::size_t slots)
{
    auto const began = now();
    auto const before = load_now();
    std::vector<slot> due;
    for (auto const& [s, moving] : moving_) {
        if (is_due(moving, began, before)) { due.push_back(s); }
    }
    // In turn: a slot that needs many must not wait for ever while others come and go.
    std::ranges::sort(due, {}, [this](slot s) { return moving_.at(s).turn; });
    // First those that are to be cut over, together; the target has to do with these while the others are read.
    auto const others = std::ranges::stable_partition(
        due, [this](slot s) { return moving_.at(s).out.next_step() == outgoing::next::cut_over; });
    auto const cut_over = due.size() - others.size();
    auto const left = due.size() > slots;
    due.resize(std::min(due.size(), slots));
    auto const first = std::span{due}.first(std::min(cut_over, due.size()));
    go_on_with(first, began, until);
    rows_.carry_out_planned();
    std::vector<slot> rest(due.begin() + static_cast<std::ptrdiff_t>(first.size()), due.end());
    scan_together(rest);
    go_on_with(rest, began, until);
    rows_.carry_out_planned();
    auto const enough = std::min(slots, limits_.slot_rows_per_commit);
    if (is_time_to_save(began, enough)) { save_rows(); }
    begin_wanted(began);
    auto next = to_be_saved_.empty() ? time::max() : std::max(save_by_, save_from_);
    if (!wanted_.empty() && may_begin_more()) { next = std::min(next, begins_from_); }
    auto const after = load_now();
    for (auto const& [s, moving] : moving_) { next = std::min(next, is_due(moving, began, after) ? began : moving.due); }
    return left ? began : sends_from_ > began ? std::min(next, sends_from_) : next;
}

void departures::time_is_up(slot s, departing& moving)
{
    if (moving.out.phase() != outgoing::phase::offered) {
        // It is this node that lets the target wait, for the sake of the rate: no rows say that it is alive.
        if (!moving.out.awaits_answer()) { return send_portion(s, moving, {}); }
        windows_of(moving.out.target()).on_the_way.lost();
        return give_up(s, "the target does not answer in time");
    }
    if (mutant(mutants::timeout_returns_ownership)) {
        auto const epoch = moving.out.offer().epoch - 1;
        moving_.erase(s);
        rows_.commit(s, {slot_state::owned, {epoch, 0}, {}});
        return rows_.unpark(s);
    }
    if (!mutant(mutants::no_query)) { send(s, moving, query{}); }
    moving.due = now() + limits_.query_every;
}

}  // namespace mykeyv::cluster
