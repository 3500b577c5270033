// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/mover.hpp"

#include <utility>

namespace mykeyv::cluster {

mover::mover(store::lane_core& lane, mover_outside& outside, std::span<std::pair<slot, slot_row> const> rows, std::uint64_t first_transfer,
             move_limits const& limits)
    : lane_{lane},
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

std::string mover::give_all_up()
{
    given_up_ = rows_.owned();
    for (auto const& [s, row] : given_up_) { rows_.close(s); }
    std::vector<slot> filled;
    auto const done = lane_.step([&](store::lane_session& session) -> store::failure {
        if (auto failed = session.slots_with_records(filled)) { return failed; }
        if (!filled.empty()) { return session.rollback(); }
        for (auto const& [s, row] : given_up_) {
            if (auto failed = session.save_slot(s, slot_row{})) { return failed; }
        }
        return session.commit();
    });
    if (!filled.empty()) { return "this node has records; only one without any can become a member of another cluster"; }
    if (done != errc::ok) { return std::string{message(done)}; }
    for (auto const& [s, row] : given_up_) { rows_.remember(s, {}); }
    return {};
}

void mover::take_all_back()
{
    for (auto const& [s, row] : std::exchange(given_up_, {})) {
        if (rows_.commit(s, row) == errc::ok) { rows_.serve(s); }
    }
}

mover::time mover::wake()
{
    for (auto const& [s, row] : std::exchange(cut_off_, {})) { in_.forbid_after_restart(s, row); }
    auto const has_rubbish = rows_.purge();
    auto const next = std::min(in_.wake(), out_.wake());
    return has_rubbish ? lane_.surroundings().time.steady() : next;
}

}  // namespace mykeyv::cluster
