// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/arrivals.hpp"

#include "mykeyv/cluster/migration/mutants.hpp"
#include "mykeyv/cluster/migration/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mykeyv::cluster {
namespace {

/// Rows as the store writes them, borrowed, in the order of keys.
struct to_write {
    to_write(slot s, std::vector<row_copy> const& from)
    {
        for (auto const& each : from) {
            if (!each.record) {
                erasures.push_back({s, each.key});
                continue;
            }
            auto const& r = *each.record;
            puts.push_back({s, each.key, r.version, r.format, r.value, r.expires_at});
            if (r.expires_at) { expiries.push_back({*r.expires_at, s, each.key}); }
        }
        std::ranges::sort(puts, {}, [](store::row const& r) { return r.key(); });
        std::ranges::sort(erasures);
        std::ranges::sort(expiries, {}, [](store::expiry const& e) { return std::pair{e.expires_at, e.k}; });
    }

    store::failure apply(store::lane_session& session) const
    {
        if (auto failed = puts.empty() ? store::failure{} : session.upsert(puts)) { return failed; }
        if (auto failed = erasures.empty() ? store::failure{} : session.erase(erasures)) { return failed; }
        return expiries.empty() ? store::failure{} : session.add_expiries(expiries);
    }

    std::vector<store::row> puts;
    std::vector<store::row_key> erasures;
    std::vector<store::expiry> expiries;
};

}  // namespace

void arrivals::forbid_after_restart(slot s, slot_row const& row)
{
    if (mutant(mutants::restarted_import_alive)) {
        incoming_[s] = {row.offer, 0, lane_.surroundings().time.steady()};  // 0: any number will do
        return;
    }
    forbid(s, row, row.offer);
}

std::optional<slot_reply> arrivals::answer(slot_request& asked)
{
    if (auto* const import = alive(asked.slot, asked.offer)) { import->heard = lane_.surroundings().time.steady(); }
    auto reply = reply_to(asked);
    auto done = outcome::nothing;
    if (auto* const rows = std::get_if<portion>(&asked.what)) {
        done = receive(asked, *rows, reply.reason);
    } else if (auto* const last = std::get_if<cut_over>(&asked.what)) {
        done = take_over(asked, *last, reply.reason);
    } else if (std::holds_alternative<prepare>(asked.what)) {
        done = begin(asked, reply.reason);
    } else if (std::holds_alternative<query>(asked.what)) {
        done = was_taken(asked, reply.reason);
    } else {
        give_up(asked);
    }
    if (done == outcome::nothing) { return std::nullopt; }
    reply.yes = done == outcome::yes;
    return reply;
}

arrivals::incoming* arrivals::alive(slot s, transfer_offer const& offer)
{
    auto const place = incoming_.find(s);
    if (place == incoming_.end()) { return nullptr; }
    if (mutant(mutants::transfer_not_compared)) { return &place->second; }
    return place->second.offer == offer ? &place->second : nullptr;
}

bool arrivals::forbid(slot s, slot_row const& row, transfer_offer const& offer)
{
    if (mutant(mutants::no_is_not_durable)) { return true; }
    incoming_.erase(s);
    if (rows_.commit(s, forbidding(row, offer)) != errc::ok) {
        to_be_forbidden_[s] = offer;
        return false;
    }
    to_be_forbidden_.erase(s);
    rows_.is_rubbish(s);
    return true;
}

arrivals::outcome arrivals::begin(slot_request const& asked, std::string& reason)
{
    auto const* const row = rows_.row(asked.slot);
    if (row == nullptr) { return outcome::nothing; }
    switch (answer_prepare(*row, asked.offer, alive(asked.slot, asked.offer) != nullptr)) {
    case on_prepare::again: return outcome::yes;
    case on_prepare::refuse: reason = "an older offer than one that is known, or the slot is served here"; return outcome::no;
    case on_prepare::begin: break;
    }
    // What was left of an earlier time, and of an import that is given up with this: all of it, before the first new row.
    if (row->state == slot_state::importing && !forbid(asked.slot, *row, row->offer)) { return outcome::nothing; }
    if (!mutant(mutants::no_wipe) && !rows_.clear(asked.slot)) {
        rows_.is_rubbish(asked.slot);
        reason = "rows from before are still being erased";
        return outcome::no;
    }
    if (rows_.commit(asked.slot, {slot_state::importing, asked.offer, asked.source}) != errc::ok) { return outcome::nothing; }
    incoming_[asked.slot] = {asked.offer, 1, lane_.surroundings().time.steady()};
    return outcome::yes;
}

arrivals::outcome arrivals::receive(slot_request const& asked, portion const& rows, std::string& reason)
{
    auto* const import = alive(asked.slot, asked.offer);
    if (import == nullptr) {
        reason = "this attempt is not known here";
        return outcome::no;
    }
    auto const any_order = import->next == 0 || mutant(mutants::number_not_compared);
    if (rows.number < import->next && !any_order) { return outcome::yes; }
    if (rows.number != import->next && !any_order) {
        reason = fmt::format("portion {} came where {} was awaited", rows.number, import->next);
        return outcome::no;
    }
    to_write const wanted{asked.slot, rows.rows};
    auto const done = lane_.step([&](store::lane_session& session) {
        auto failed = wanted.apply(session);
        return failed ? failed : session.commit();
    });
    // Without an answer the source gives the attempt up: whether these rows are here is not known.
    if (done != errc::ok) { return outcome::nothing; }
    if (import->next != 0) { import->next = rows.number + 1; }
    return outcome::yes;
}

/// Versions are continued behind those of a slot before it is taken, not with it: of a take-over whose commit has no known outcome
/// whoever reads the row next learns that the slot is ours. If it is not taken after all, some numbers are left out.
bool arrivals::reserve_versions(std::uint64_t last)
{
    auto const ceiling = lane_.ceiling_behind(last);
    auto const done = !ceiling ? errc::ok : lane_.step([&](store::lane_session& session) {
        auto failed = session.raise_version_ceiling(*ceiling);
        return failed ? failed : session.commit();
    });
    if (done == errc::ok && !mutant(mutants::versions_not_continued)) { lane_.continue_behind(last, ceiling); }
    return done == errc::ok;
}

arrivals::outcome arrivals::take_over(slot_request const& asked, cut_over const& offered, std::string& reason)
{
    auto const* const import = alive(asked.slot, asked.offer);
    auto const is_next =
        import != nullptr && (offered.last.number == import->next || import->next == 0 || mutant(mutants::number_not_compared));
    if (!is_next) { return was_taken(asked, reason); }
    if (!reserve_versions(offered.last_version)) { return outcome::nothing; }
    auto const is_mutants_import = import->next == 0;
    to_write const wanted{asked.slot, offered.last.rows};
    store::slot_summary found;
    std::optional<bool> agreed;
    auto const owner = slot_row{slot_state::owned, asked.offer, asked.source};
    auto const done = rows_.commit(asked.slot, owner, [&](store::lane_session& session) -> store::failure {
        if (auto failed = wanted.apply(session)) { return failed; }
        if (auto failed = session.summary(asked.slot, found)) { return failed; }
        agreed = found == offered.summary || mutant(mutants::summary_not_compared) || is_mutants_import;
        return *agreed ? store::failure{} : store::failure::because("the rows of a slot are not those that were offered");
    });
    if (done == errc::ok) {
        incoming_.erase(asked.slot);
        rows_.serve(asked.slot);
        return outcome::yes;
    }
    if (done != errc::storage_failed || agreed.value_or(true)) { return outcome::nothing; }  // the source will ask what became of it
    lane_.surroundings().to_log.error("slot {} from node {}: {} records with checksum {} were offered, {} with {} are here; not taken",
                                      asked.slot.number(), asked.source.text(), offered.summary.records, offered.summary.checksum,
                                      found.records, found.checksum);
    reason = "count or checksum of the slot differ";
    auto const* const row = rows_.row(asked.slot);
    return row != nullptr && forbid(asked.slot, *row, asked.offer) ? outcome::no : outcome::nothing;
}

arrivals::outcome arrivals::was_taken(slot_request const& asked, std::string& reason)
{
    auto const* const row = rows_.row(asked.slot);
    if (row == nullptr) { return outcome::nothing; }
    switch (answer_query(*row, asked.offer)) {
    case on_query::yes: return outcome::yes;
    case on_query::no: break;
    case on_query::forbid:
        if (!forbid(asked.slot, *row, asked.offer)) { return outcome::nothing; }
        break;
    case on_query::absurd:
        lane_.surroundings().to_log.error("node {} asks whether slot {} was taken at epoch {}, but it is owned here since epoch {}",
                                          asked.source.text(), asked.slot.number(), asked.offer.epoch, row->epoch());
        return outcome::nothing;
    }
    reason = "it was not taken, and will not be";
    return outcome::no;
}

arrivals::time arrivals::wake()
{
    auto const now = lane_.surroundings().time.steady();
    auto next = time::max();
    std::vector<std::pair<slot, transfer_offer>> silent(to_be_forbidden_.begin(), to_be_forbidden_.end());
    for (auto const& [s, import] : incoming_) {
        // Longer than a source waits for an answer before it gives up.
        auto const until = import.heard + 2 * limits_.patience;
        until <= now ? silent.emplace_back(s, import.offer), void() : void(next = std::min(next, until));
    }
    for (auto const& [s, offer] : silent) {
        auto const* const row = rows_.row(s);
        auto const is_over = row != nullptr && (row->state != slot_state::importing || row->offer > offer);
        if (is_over) {
            to_be_forbidden_.erase(s);
        } else if (row == nullptr || !forbid(s, *row, offer)) {
            next = std::min(next, now + limits_.again_after);
        }
    }
    return next;
}

void arrivals::give_up(slot_request const& asked)
{
    auto const* const row = rows_.row(asked.slot);
    if (row != nullptr && row->state == slot_state::importing && row->offer == asked.offer) { forbid(asked.slot, *row, asked.offer); }
}

}  // namespace mykeyv::cluster
