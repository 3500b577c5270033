// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/mover.hpp"

#include <limits>
#include <utility>

namespace mykeyv::cluster {

mover::mover(store::lane_core& lane, mover_outside& outside, std::span<std::pair<slot, slot_row> const> rows, std::uint64_t first_transfer,
             move_limits const& limits)
    : lane_{lane},
      outside_{outside},
      limits_{limits},
      rows_{lane, outside, limits_},
      in_{lane, rows_, limits_},
      out_{lane, outside, rows_, limits_, first_transfer}
{
    auto& gates = lane.surroundings().gates;
    for (auto const& [s, row] : rows) {
        rows_.remember(s, row);
        gates.set(s, row.state == slot_state::owned ? store::gate::open : store::gate::closed);
        if (row.state == slot_state::handing_over) { out_.ask_after_restart(s, row); }
        if (row.state == slot_state::importing) { cut_off_.emplace_back(s, row); }
        if (row.state == slot_state::gone || row.state == slot_state::refused) { rows_.is_rubbish(s); }
    }
    lane.employ(this);
}

std::string mover::refuse_arrivals()
{
    rows_.commit_planned();  // what has arrived is to be known, so that it can be given up
    // The others may know already that one has been taken, and operations wait here to hear it.
    if (out_.on_the_way() > 0) { return "a slot is on its way from here"; }
    std::erase_if(asked_, [](question& each) {
        auto const is_first = std::holds_alternative<prepare>(each.asked.what);
        if (is_first) { each.then(std::nullopt); }
        return is_first;
    });
    in_.refuse_all();
    return rows_.are_known() ? std::string{} : "what became of a slot that came here is not known yet";
}

std::string mover::close_all()
{
    if (out_.on_the_way() > 0) { return "slots of this node are on their way"; }
    given_up_ = rows_.owned();
    for (auto const& [s, row] : given_up_) { rows_.close(s); }
    std::vector<slot> filled;
    auto const done = lane_.read([&](store::lane_session& session) { return session.slots_with_records(filled); });
    if (done != errc::ok) { return std::string{message(done)}; }
    return filled.empty() ? std::string{} : "this node has records; only one without any can become a member of another cluster";
}

std::string mover::give_all_up()
{
    auto const done = save_all([](slot_row const&) { return slot_row{}; });
    are_forgotten_ = done == errc::ok || done == errc::outcome_unknown;
    return done == errc::ok ? std::string{} : std::string{message(done)};
}

std::string mover::take_all_back()
{
    auto const done = are_forgotten_ ? save_all([](slot_row const& row) { return row; }) : errc::ok;
    if (done != errc::ok) { return std::string{message(done)}; }
    are_forgotten_ = false;
    for (auto const& [s, row] : std::exchange(given_up_, {})) { rows_.serve(s); }
    return {};
}

errc mover::save_all(std::function<slot_row(slot_row const&)> const& as)
{
    auto const done = lane_.step([&](store::lane_session& session) -> store::failure {
        std::vector<std::pair<slot, slot_row>> wanted;
        for (auto const& [s, row] : given_up_) { wanted.emplace_back(s, as(row)); }
        auto failed = session.save_slots(wanted);
        return failed ? failed : session.commit();
    });
    if (done == errc::ok) {
        for (auto const& [s, row] : given_up_) { rows_.remember(s, as(row)); }
    }
    return done;
}

/// What became of our requests. Costs MySQL nothing, mostly.
void mover::hear()
{
    for (auto const& each : std::exchange(heard_, {})) {
        if (auto const* const reply = std::get_if<slot_reply>(&each)) {
            out_.replied(*reply);
        } else {
            auto const& [s, offer] = std::get<1>(each);
            out_.unanswered(s, offer);
        }
    }
    rows_.carry_out_planned();
}

void mover::asked(slot_request r, arrivals::answer then)
{
    if (std::holds_alternative<prepare>(r.what)) {
        // One of the two has an older topology. Taken all the same, the slot would only be sent back.
        if (!outside_.is_wanted(r.slot)) {
            auto no = reply_to(r);
            no.reason = "the topology that is known here does not want the slot here";
            return then(std::move(no));
        }
        drop_older(r);
    }
    (is_urgent(r) ? urgent_ : asked_).push_back({std::move(r), std::move(then)});
}

/// What waits here of earlier attempts: their source waits for it no more, and whatever were done would be undone.
void mover::drop_older(slot_request const& fresh)
{
    std::erase_if(asked_, [&](question& each) {
        auto const is_older = each.asked.slot == fresh.slot && each.asked.offer < fresh.offer;
        if (is_older) { each.then(std::nullopt); }
        return is_older;
    });
}

void mover::answer(std::deque<question>& from, time until, std::size_t& count)
{
    for (auto in_time = true; in_time && !from.empty() && count > 0;) {
        auto first = std::move(from.front());
        from.pop_front();
        count -= std::holds_alternative<prepare>(first.asked.what) ? 0 : 1;  // no rows
        in_.asked(std::move(first.asked), std::move(first.then));
        in_time = lane_.surroundings().time.steady() < until;
    }
    in_.end_of_asking();
    rows_.carry_out_planned();
}

/// Rubbish is in nobody's way, so what moves comes first; who waits for a slot that is cut over is not to wait for this, too.
mover::time mover::purge(time now)
{
    if (out_.are_waited_for()) { return rows_.has_rubbish() ? now + limits_.purge_pause : time::max(); }
    if (out_.on_the_way() > 0 && now < purge_from_) { return rows_.has_rubbish() ? purge_from_ : time::max(); }
    purge_from_ = now + limits_.purge_pause;
    if (rows_.purge()) { return now; }
    return rows_.has_rubbish() ? purge_from_ : time::max();
}

mover::time mover::wake()
{
    auto const now = lane_.surroundings().time.steady();
    if (std::exchange(has_written_, false)) { busy_until_ = now + limits_.busy_after_write; }
    auto const is_busy = now < busy_until_;
    auto const until = now + limits_.moving_at_a_time;
    rows_.may_leave_open(!is_busy);
    for (auto const& [s, row] : std::exchange(cut_off_, {})) { in_.forbid_after_restart(s, row); }
    auto const steps = is_busy ? limits_.slots_per_commit : std::numeric_limits<std::size_t>::max();
    hear();
    if (urgent_.empty() && asked_.empty()) { rows_.commit_planned(); }  // there is nothing that it could be committed with
    auto to_answer = steps;
    answer(urgent_, until, to_answer);
    if (!urgent_.empty()) { return now; }
    // Each of these has a commit of its own, and clients wait for it: between two of their batches there is to be one.
    if (is_busy && to_answer < steps) { return now; }
    if (is_busy && now < rests_until_) { return rests_until_; }
    auto const only_answers = is_busy && !asked_.empty() && !std::exchange(only_answered_, true);
    if (!only_answers) { only_answered_ = false; }
    auto next = now;
    if (only_answers || !is_busy) { answer(asked_, until, to_answer); }
    if (!only_answers) { next = std::min(in_.wake(), out_.wake(until, steps)); }
    auto const end = lane_.surroundings().time.steady();
    rests_until_ = out_.is_outpaced() ? end : end + std::min<time::duration>((end - now) * limits_.rest_when_busy, limits_.rest_max);
    if (!asked_.empty() || only_answers || rows_.has_open_transaction()) { return now; }
    return is_busy && next <= now ? next : std::min(next, purge(now));
}

}  // namespace mykeyv::cluster
