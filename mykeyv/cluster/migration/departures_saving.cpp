// SPDX-License-Identifier: Apache-2.0
// The part of departures that commits rows of `slots`, which nobody waits for.
#include "mykeyv/cluster/migration/departures.hpp"

#include "mykeyv/cluster/migration/rules.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {

void departures::save(slot s, slot_row const& row)
{
    if (to_be_saved_.empty()) { save_by_ = now() + limits_.slot_rows_within; }
    to_be_saved_.insert_or_assign(s, row);
}

/// When there are enough, soon, and at once where nothing else is under way.
bool departures::is_time_to_save(time now, std::size_t enough) const
{
    if (to_be_saved_.empty() || now < save_from_) { return false; }
    auto const is_held_up = [](auto const& each) { return each.second.ahead == departing::ahead::wanted; };
    return to_be_saved_.size() >= enough || now >= save_by_ || std::ranges::all_of(moving_, is_held_up);
}

void departures::save_rows()
{
    for (auto const& [s, wanted] : std::exchange(to_be_saved_, {})) {
        auto const* const row = rows_.row(s);
        if (row == nullptr) {
            saved(s, wanted, errc::storage_failed);
            continue;
        }
        // It may have been committed by an attempt of unknown outcome, and the slot may be on its way back since.
        if (*row == wanted || (wanted.state == slot_state::handing_over && !leads_to(*row, wanted))) {
            saved(s, wanted, *row == wanted ? errc::ok : errc::storage_failed);
            continue;
        }
        if (!leads_to(*row, wanted)) { continue; }
        change next;
        next.slot = s;
        next.row = wanted;
        next.then = [this](auto& made, errc done) { saved(made.slot, *made.row, done); };
        rows_.plan(std::move(next));
    }
    rows_.carry_out_planned();
}

void departures::saved(slot s, slot_row const& row, errc done)
{
    if (row.state != slot_state::handing_over) {
        if (done != errc::ok) {
            save(s, row);
            save_from_ = now() + limits_.query_every;
        } else if (row.state == slot_state::owned) {
            outside_.owned_by(s, outside_.self(), row.epoch());
        }
        return;
    }
    auto const place = moving_.find(s);
    if (place == moving_.end() || place->second.out.offer() != row.offer) { return; }  // given up meanwhile
    if (done != errc::ok) { return give_up(s, "MySQL does not take the hand-over"); }
    place->second.ahead = departing::ahead::committed;
}

}  // namespace mykeyv::cluster
