// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/ledger.hpp"

#include "mykeyv/cluster/migration/mutants.hpp"

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
    auto& known = rows_[s];
    if (!unsure_.contains(s)) { return &known; }
    slot_row found;
    auto const outcome = lane_.step([&](store::lane_session& session) {
        auto failed = session.load_slot(s, found);
        return failed ? failed : session.rollback();
    });
    if (outcome != errc::ok) { return nullptr; }
    unsure_.erase(s);
    known = found;
    if (known.state == slot_state::owned && gates().of(s) == store::gate::closed) { serve(s); }
    return &known;
}

errc ledger::commit(slot s, slot_row const& wanted, store::lane_core::transaction const& also)
{
    auto const outcome = lane_.step([&](store::lane_session& session) -> store::failure {
        if (also) {
            if (auto failed = also(session)) { return failed; }
        }
        if (auto failed = session.save_slot(s, wanted)) { return failed; }
        if (mutant(mutants::yes_before_commit) && wanted.state == slot_state::owned) { return session.rollback(); }
        return session.commit();
    });
    if (outcome == errc::ok) { rows_[s] = wanted; }
    if (outcome == errc::outcome_unknown) { unsure_.insert(s); }
    return outcome;
}

void ledger::drop_cache(slot s)
{
    if (mutant(mutants::cache_kept)) { return; }
    store::stamped_slots changing{lane_.surroundings().stamps};
    changing.mark({s});
    lane_.surroundings().known.drop_slot(s);
}

void ledger::serve(slot s)
{
    rubbish_.erase(s);
    drop_cache(s);
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
    if (rubbish_.empty()) { return false; }
    auto const s = *rubbish_.begin();
    auto const state = rows_[s].state;
    auto const is_rubbish_still = state == slot_state::gone || state == slot_state::refused || state == slot_state::handing_over;
    is_rubbish_still && gates().of(s) == store::gate::closed ? void(clear(s)) : void(rubbish_.erase(s));
    return !rubbish_.empty();
}

bool ledger::clear(slot s)
{
    std::uint64_t erased = 0;
    auto const outcome = lane_.step([&](store::lane_session& session) {
        auto failed = session.erase_slots({&s, 1}, limits_.purge_rows, erased);
        return failed ? failed : session.commit();
    });
    auto const is_clean = outcome == errc::ok && erased < limits_.purge_rows;
    if (is_clean) { rubbish_.erase(s); }
    return is_clean;
}

}  // namespace mykeyv::cluster
