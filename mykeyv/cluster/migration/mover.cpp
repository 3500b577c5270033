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

std::string mover::close_all()
{
    if (out_.on_the_way() > 0) { return "slots of this node are on their way"; }
    given_up_ = rows_.owned();
    for (auto const& [s, row] : given_up_) { rows_.close(s); }
    std::vector<slot> filled;
    auto const done = lane_.step([&](store::lane_session& session) {
        auto failed = session.slots_with_records(filled);
        return failed ? failed : session.rollback();
    });
    if (done != errc::ok) { return std::string{message(done)}; }
    return filled.empty() ? std::string{} : "this node has records; only one without any can become a member of another cluster";
}

std::string mover::give_all_up()
{
    auto const done = save_all([](slot_row const&) { return slot_row{}; });
    are_forgotten_ = done == errc::ok;
    return are_forgotten_ ? std::string{} : std::string{message(done)};
}

void mover::take_all_back()
{
    if (std::exchange(are_forgotten_, false)) { save_all([](slot_row const& row) { return row; }); }
    for (auto const& [s, row] : std::exchange(given_up_, {})) { rows_.serve(s); }
}

errc mover::save_all(std::function<slot_row(slot_row const&)> const& as)
{
    auto const done = lane_.step([&](store::lane_session& session) -> store::failure {
        for (auto const& [s, row] : given_up_) {
            if (auto failed = session.save_slot(s, as(row))) { return failed; }
        }
        return session.commit();
    });
    if (done == errc::ok) {
        for (auto const& [s, row] : given_up_) { rows_.remember(s, as(row)); }
    }
    return done;
}

mover::time mover::wake()
{
    for (auto const& [s, row] : std::exchange(cut_off_, {})) { in_.forbid_after_restart(s, row); }
    auto const has_rubbish = rows_.purge();
    auto const next = std::min(in_.wake(), out_.wake());
    return has_rubbish ? lane_.surroundings().time.steady() : next;
}

}  // namespace mykeyv::cluster
