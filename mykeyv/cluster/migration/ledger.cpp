// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/ledger.hpp"

#include "mykeyv/cluster/migration/warmth.hpp"
#include "mykeyv/cluster/mutants.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace mykeyv::cluster {

std::vector<std::pair<slot, slot_row>> ledger::owned() const
{
    std::vector<std::pair<slot, slot_row>> all;
    for (auto const& [s, row] : rows_) {
        if (row.state == slot_state::owned) { all.emplace_back(s, row); }
    }
    return all;
}

slot_row const* ledger::row(slot s)
{
    settle(s);
    auto& known = rows_[s];
    if (!unsure_.contains(s)) { return &known; }
    slot_row found;
    auto const outcome = lane_.read([&](store::lane_session& session) { return session.load_slot(s, found); });
    if (outcome != errc::ok) { return nullptr; }
    unsure_.erase(s);
    known = found;
    if (known.state == slot_state::refused) { is_rubbish(s); }  // nobody knew that it was so
    if (known.state == slot_state::owned && gates().of(s) == store::gate::closed) { serve(s); }
    return &known;
}

bool ledger::are_known()
{
    auto const all = unsure_;
    return std::ranges::all_of(all, [this](slot s) { return row(s) != nullptr; });
}

errc ledger::commit(slot s, slot_row const& wanted)
{
    group alone;
    auto& only = alone.changes.emplace_back();
    only.slot = s;
    only.row = wanted;
    return commit(alone);
}

errc ledger::commit(group& all)
{
    auto const writes = [](change const& each) { return each.row || !each.rows.empty(); };
    if (std::ranges::none_of(all.changes, writes)) {
        return lane_.read([&](store::lane_session& session) { return carry_out_rest(all, session); });
    }
    auto const outcome = lane_.step([&](store::lane_session& session) -> store::failure {
        if (auto failed = carry_out_rest(all, session)) { return failed; }
        auto const is_owned = [](change const& each) { return each.row && each.row->state == slot_state::owned; };
        if (mutant(mutants::yes_before_commit) && std::ranges::any_of(all.changes, is_owned)) { return session.rollback(); }
        std::vector<std::pair<slot, slot_row>> rows;
        for (auto const& each : all.changes) {
            if (each.row) { rows.emplace_back(each.slot, *each.row); }
        }
        return session.save_slots_and_commit(rows, [&] {
            for (auto const& each : all.changes) { put_aside(each); }
        });
    });
    for (auto const& each : all.changes) {
        if (!each.row) { continue; }
        if (outcome == errc::ok) { rows_[each.slot] = *each.row; }
        if (outcome == errc::outcome_unknown) { unsure_.insert(each.slot); }
    }
    return outcome;
}

store::failure ledger::carry_out_rest(group& all, store::lane_session& session)
{
    if (all.carried_out > 0 && all.session != session.tag() && !mutant(mutants::carried_out_for_good)) {
        // Rolled back, or about to be: what it wrote is locked until then.
        if (auto failed = session.end(all.session)) { return failed; }
        all.carried_out = 0;
    }
    auto failed = carry_out(std::span{all.changes}.subspan(all.carried_out), session);
    all.carried_out = failed ? 0 : all.changes.size();
    all.session = session.tag();
    return failed;
}

void ledger::plan(change wanted)
{
    settle(wanted.slot);
    auto& p = planned_;
    p.bytes += wanted.bytes();
    p.fresh_bytes += wanted.bytes();
    p.fresh_work += wanted.is_counted || !wanted.rows.empty() ? 1 : 0;
    p.changes.push_back(std::move(wanted));
    if (p.fresh_work >= limits_.slots_per_commit || p.fresh_bytes >= limits_.write_bytes) { carry_out_planned(); }
}

void ledger::settle(slot s)
{
    if (std::ranges::any_of(planned_.changes, [s](change const& each) { return each.slot == s; })) { commit_planned(); }
}

void ledger::carry_out_planned()
{
    auto const fresh = std::span{planned_.changes}.subspan(planned_.carried_out);
    if (fresh.empty() && may_leave_open_) { return; }
    auto const all_can_wait = may_leave_open_ && planned_.bytes < limits_.open_bytes_max && std::ranges::all_of(fresh, &change::can_wait);
    if (!all_can_wait || !leave_open()) { commit_planned(); }
}

/// False: nothing of what is planned is done, for now.
bool ledger::leave_open()
{
    auto all = std::exchange(planned_, {});
    auto const done = lane_.step([&](store::lane_session& session) { return carry_out_rest(all, session); });
    all.fresh_bytes = all.fresh_work = 0;
    planned_ = std::move(all);
    return done == errc::ok;
}

void ledger::commit_planned()
{
    while (!planned_.changes.empty()) { commit_and_tell(std::exchange(planned_, {})); }  // who hears of one may plan another one
}

void ledger::commit_and_tell(group all)
{
    auto const outcome = commit(all);
    if (outcome != errc::storage_failed || all.changes.size() == 1) {
        for (auto& each : all.changes) { each.then(each, outcome); }
        return;
    }
    // Refused for the sake of one of them, perhaps; nothing of any was done. What operations wait for does not wait for the others again.
    group others;
    auto const can_wait = std::ranges::stable_partition(all.changes, std::logical_not{}, &change::can_wait);
    if (can_wait.size() < all.changes.size()) {
        others.changes.assign(std::make_move_iterator(can_wait.begin()), std::make_move_iterator(can_wait.end()));
        all.changes.erase(can_wait.begin(), can_wait.end());
    }
    for (auto& each : all.changes) {
        group alone;
        auto& only = alone.changes.emplace_back(std::move(each));
        only.then(only, commit(alone));
    }
    if (!others.changes.empty()) { commit_and_tell(std::move(others)); }
}

void ledger::change_cache(slot s, void (store::cache::*how)(slot))
{
    if (mutant(mutants::cache_kept)) { return; }
    store::stamped_slots changing{lane_.surroundings().stamps};
    if (!mutant(mutants::late_read_fills_the_cache)) { changing.mark({s}); }
    (lane_.surroundings().known.*how)(s);
}

void ledger::drop_cache(slot s) { change_cache(s, &store::cache::drop_slot); }

void ledger::expect(slot s)
{
    if (!mutant(mutants::aside_kept)) { drop_cache(s); }
}

void ledger::put_aside(change const& arriving)
{
    if (mutant(mutants::cache_kept) || (mutant(mutants::last_rows_not_put_aside) && arriving.row)) { return; }
    cluster::put_aside(arriving.slot, arriving.rows, lane_.surroundings().known);
}

void ledger::serve(slot s)
{
    drop_cache(s);
    open(s);
}

void ledger::serve_warm(slot s)
{
    change_cache(s, &store::cache::take_up);
    open(s);
}

void ledger::open(slot s)
{
    rubbish_.erase(s);
    outside_.owned_by(s, outside_.self(), rows_[s].epoch());
    gates().set(s, store::gate::open);
}

void ledger::unpark(slot s)
{
    gates().set(s, store::gate::open);
    lane_.release(s);
}

void ledger::leave(slot s)
{
    gates().set(s, store::gate::closed);
    drop_cache(s);
    lane_.release(s);
    is_rubbish(s);
}

bool ledger::purge()
{
    std::vector<slot> some;
    while (!rubbish_.empty() && some.size() < limits_.purge_slots) {
        auto const s = *rubbish_.begin();
        auto const state = rows_[s].state;
        auto const is_rubbish_still = state == slot_state::gone || state == slot_state::refused || state == slot_state::handing_over;
        if (is_rubbish_still && gates().of(s) == store::gate::closed) { some.push_back(s); }
        rubbish_.erase(rubbish_.begin());
    }
    auto const erased = erase_some(some);
    if (!erased || *erased >= limits_.purge_rows) { rubbish_.insert(some.begin(), some.end()); }
    return erased && !rubbish_.empty();
}

bool ledger::is_clean(slot s) const
{
    auto const place = rows_.find(s);
    return !rubbish_.contains(s) && (place == rows_.end() || place->second.state != slot_state::importing);
}

bool ledger::clear(std::span<slot const> slots)
{
    auto const erased = erase_some(slots);
    if (!erased || *erased >= limits_.purge_rows) { return false; }
    for (auto const s : slots) { rubbish_.erase(s); }
    return true;
}

/// How many rows were erased, and with `purge_rows` there may be more; nothing: MySQL did not do it, or nobody knows.
std::optional<std::uint64_t> ledger::erase_some(std::span<slot const> slots)
{
    std::uint64_t erased = 0;
    if (slots.empty()) { return erased; }
    auto const outcome = lane_.step([&](store::lane_session& session) {
        auto failed = session.erase_slots(slots, limits_.purge_rows, erased);
        return failed ? failed : session.commit();
    });
    return outcome == errc::ok ? std::optional{erased} : std::nullopt;
}

}  // namespace mykeyv::cluster
