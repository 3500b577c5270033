// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/rules.hpp"

#include "mykeyv/cluster/migration/messages.hpp"
#include "mykeyv/cluster/mutants.hpp"

#include <algorithm>

namespace mykeyv::cluster {
namespace {

bool is_served(slot_row const& row) noexcept { return row.state == slot_state::owned || row.state == slot_state::handing_over; }

}  // namespace

slot_reply reply_to(slot_request const& asked)
{
    auto const about = static_cast<enum slot_reply::to>(asked.what.index());
    auto const* const rows = std::get_if<portion>(&asked.what);
    return {asked.slot, asked.offer, about, rows != nullptr ? rows->number : 0, false, {}};
}

bool is_urgent(slot_request const& asked) noexcept
{
    return std::holds_alternative<cut_over>(asked.what) || std::holds_alternative<query>(asked.what);
}

on_prepare answer_prepare(slot_row const& row, transfer_offer const& offered, bool alive) noexcept
{
    if (is_served(row)) { return on_prepare::refuse; }
    if (row.state == slot_state::importing && row.offer == offered) { return alive ? on_prepare::again : on_prepare::refuse; }
    if (mutant(mutants::epoch_not_compared)) { return on_prepare::begin; }
    return offered > row.offer ? on_prepare::begin : on_prepare::refuse;
}

on_query answer_query(slot_row const& row, transfer_offer const& asked) noexcept
{
    if (row.epoch() > asked.epoch) { return on_query::yes; }
    if (row.epoch() == asked.epoch && is_served(row)) { return on_query::yes; }
    if (is_served(row)) { return on_query::absurd; }
    if (mutant(mutants::query_is_optimistic) && row.state == slot_state::importing && row.offer == asked) { return on_query::yes; }
    auto const is_forbidden = row.state == slot_state::refused && row.offer >= asked;
    return is_forbidden ? on_query::no : on_query::forbid;
}

slot_row forbidding(slot_row const& row, transfer_offer const& offer) noexcept
{
    return {slot_state::refused, std::max(row.offer, offer), row.peer};
}

slot_row after_yes(slot_row const& handing_over) noexcept
{
    auto row = handing_over;
    row.state = slot_state::gone;
    return row;
}

slot_row after_no(slot_row const& handing_over) noexcept
{
    return {slot_state::owned, {handing_over.offer.epoch + 1, handing_over.offer.transfer}, handing_over.peer};
}

bool leads_to(slot_row const& row, slot_row const& next) noexcept
{
    if (next.state == slot_state::handing_over) { return row.state == slot_state::owned && row.epoch() + 1 == next.epoch(); }
    return row.state == slot_state::handing_over && (next == after_yes(row) || next == after_no(row));
}

}  // namespace mykeyv::cluster
