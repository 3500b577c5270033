// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/arrivals.hpp"

#include "mykeyv/cluster/migration/rules.hpp"
#include "mykeyv/cluster/mutants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {
void arrivals::forbid_after_restart(slot s, slot_row const& row)
{
    if (mutant(mutants::restarted_import_alive)) {
        incoming_[s] = {row.offer, 0, lane_.surroundings().time.steady()};  // 0: any number will do
        return;
    }
    forbid(s, row, row.offer, [](bool) {});
}

void arrivals::question::say(bool is_yes, std::string reason)
{
    auto reply = reply_to(asked);
    reply.yes = is_yes;
    reply.reason = std::move(reason);
    then(std::move(reply));
}

void arrivals::asked(slot_request r, answer then)
{
    if (std::ranges::any_of(unclean_, [&](auto const& each) { return each->asked.slot == r.slot; })) { end_of_asking(); }
    rows_.settle(r.slot);
    if (auto* const import = alive(r.slot, r.offer)) { import->heard = lane_.surroundings().time.steady(); }
    auto q = std::make_shared<question>(question{std::move(r), std::move(then)});
    auto& what = q->asked.what;
    if (auto* const rows = std::get_if<portion>(&what)) { return receive(std::move(q), *rows); }
    if (auto* const last = std::get_if<cut_over>(&what)) { return take_over(std::move(q), *last); }
    if (std::holds_alternative<prepare>(what)) { return begin(std::move(q)); }
    if (std::holds_alternative<query>(what)) { return was_taken(q); }
    give_up(q->asked);
    q->nothing();
}

arrivals::incoming* arrivals::alive(slot s, transfer_offer const& offer)
{
    auto const place = incoming_.find(s);
    if (place == incoming_.end()) { return nullptr; }
    if (mutant(mutants::transfer_not_compared)) { return &place->second; }
    return place->second.offer == offer ? &place->second : nullptr;
}

/// `then` is told when that is committed with what else is planned.
void arrivals::forbid(slot s, slot_row const& row, transfer_offer const& offer, unique_function<void(bool is_durable)> then)
{
    if (mutant(mutants::no_is_not_durable)) { return then(true); }
    incoming_.erase(s);
    to_be_forbidden_[s] = offer;
    change wanted;
    wanted.slot = s;
    wanted.row = forbidding(row, offer);
    wanted.then = [this, then = std::move(then)](change& made, errc done) mutable {
        if (done == errc::ok) {
            to_be_forbidden_.erase(made.slot);
            rows_.is_rubbish(made.slot);
        }
        then(done == errc::ok);
    };
    rows_.plan(std::move(wanted));
}

void arrivals::begin(question_ptr q)
{
    auto const s = q->asked.slot;
    auto const* const row = rows_.row(s);
    if (row == nullptr) { return q->nothing(); }
    switch (answer_prepare(*row, q->asked.offer, alive(s, q->asked.offer) != nullptr)) {
    case on_prepare::again: return q->yes();
    case on_prepare::refuse: return q->no("an older offer than one that is known, or the slot is served here");
    case on_prepare::begin: break;
    }
    // An import that is given up with this. Its row is replaced by that of this one; until then, or if it comes to nothing:
    if (row->state == slot_state::importing) {
        incoming_.erase(s);
        to_be_forbidden_[s] = row->offer;
    }
    if (mutant(mutants::no_wipe) || rows_.is_clean(s)) { return begin_clean(std::move(q)); }
    unclean_.push_back(std::move(q));
    if (unclean_.size() >= limits_.purge_slots) { end_of_asking(); }
}

/// What was left of an earlier time, and of imports that were given up: all of it, before the first new row.
void arrivals::end_of_asking()
{
    auto const all = std::exchange(unclean_, {});
    std::vector<slot> slots;
    for (auto const& q : all) { slots.push_back(q->asked.slot); }
    std::ranges::sort(slots);
    auto const are_clean = rows_.clear(slots);
    for (auto const& q : all) {
        // One that has much to erase is in no other's way.
        if (are_clean || (slots.size() > 1 && rows_.clear({&q->asked.slot, 1}))) {
            begin_clean(q);
        } else {
            rows_.is_rubbish(q->asked.slot);
            q->no("rows from before are still being erased");
        }
    }
}

void arrivals::begin_clean(question_ptr q)
{
    change wanted;
    wanted.slot = q->asked.slot;
    wanted.row = slot_row{slot_state::importing, q->asked.offer, q->asked.source};
    wanted.can_wait = true;
    wanted.then = [this, q](change&, errc done) {
        if (done != errc::ok) { return q->nothing(); }
        rows_.expect(q->asked.slot);
        incoming_[q->asked.slot] = {q->asked.offer, 1, lane_.surroundings().time.steady()};
        q->yes();
    };
    rows_.plan(std::move(wanted));
}

void arrivals::receive(question_ptr q, portion& rows)
{
    auto* const import = alive(q->asked.slot, q->asked.offer);
    if (import == nullptr) { return q->no("this attempt is not known here"); }
    auto const any_order = import->next == 0 || mutant(mutants::number_not_compared);
    if (rows.number < import->next && !any_order) { return q->yes(); }
    if (rows.number != import->next && !any_order) {
        return q->no(fmt::format("portion {} came where {} was awaited", rows.number, import->next));
    }
    change wanted;
    wanted.slot = q->asked.slot;
    wanted.rows = std::move(rows.rows);
    wanted.can_wait = true;
    wanted.then = [this, q, number = rows.number](change&, errc done) {
        // Without an answer the source gives the attempt up: whether these rows are here is not known.
        if (done != errc::ok) { return q->nothing(); }
        auto* const still = alive(q->asked.slot, q->asked.offer);
        if (still != nullptr && still->next != 0) { still->next = number + 1; }
        q->yes();
    };
    rows_.plan(std::move(wanted));
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

void arrivals::take_over(question_ptr q, cut_over& offered)
{
    auto const* const import = alive(q->asked.slot, q->asked.offer);
    auto const is_next =
        import != nullptr && (offered.last.number == import->next || import->next == 0 || mutant(mutants::number_not_compared) ||
                              mutant(mutants::answers_not_awaited));
    if (!is_next) { return was_taken(q); }
    // It may have been taken already, by a commit of unknown outcome, and written to since.
    auto const* const row = rows_.row(q->asked.slot);
    if (row == nullptr) { return q->nothing(); }
    if (row->state != slot_state::importing || row->offer != import->offer) { return was_taken(q); }
    if (!reserve_versions(offered.last_version)) { return q->nothing(); }
    auto const is_mutants_import = import->next == 0;
    change wanted;
    wanted.slot = q->asked.slot;
    wanted.rows = std::move(offered.last.rows);
    wanted.is_counted = true;
    auto const is_compared = !mutant(mutants::summary_not_compared) && !mutant(mutants::answers_not_awaited);
    if (is_compared && !is_mutants_import) { wanted.awaited = offered.summary; }
    wanted.row = slot_row{slot_state::owned, q->asked.offer, q->asked.source};
    wanted.then = [this, q](change& made, errc done) {
        if (done != errc::ok) { return not_taken_over(q, made, done); }
        incoming_.erase(made.slot);
        rows_.serve_warm(made.slot);
        q->yes();
    };
    rows_.plan(std::move(wanted));
}

void arrivals::not_taken_over(question_ptr const& q, change const& tried, errc why)
{
    if (why != errc::storage_failed || !tried.found.differs) { return q->nothing(); }  // the source will ask what became of it
    auto const& found = tried.found.summary;
    lane_.surroundings().to_log.error("slot {} from node {}: {} records with checksum {} were offered, {} with {} are here; not taken",
                                      tried.slot.number(), q->asked.source.text(), tried.awaited->records, tried.awaited->checksum,
                                      found.records, found.checksum);
    auto const* const row = rows_.row(tried.slot);
    if (row == nullptr) { return q->nothing(); }
    forbid(tried.slot, *row, q->asked.offer,
           [q](bool is_durable) { is_durable ? q->no(std::string{figures_differ}) : q->nothing(); });
}

void arrivals::was_taken(question_ptr const& q)
{
    constexpr auto not_taken = "it was not taken, and will not be";
    auto const s = q->asked.slot;
    auto const* const row = rows_.row(s);
    if (row == nullptr) { return q->nothing(); }
    switch (answer_query(*row, q->asked.offer)) {
    case on_query::yes: return q->yes();
    case on_query::no: return q->no(not_taken);
    case on_query::forbid:
        return forbid(s, *row, q->asked.offer, [q](bool is_durable) { is_durable ? q->no(not_taken) : q->nothing(); });
    case on_query::absurd:
        lane_.surroundings().to_log.error("node {} asks whether slot {} was taken at epoch {}, but it is owned here since epoch {}",
                                          q->asked.source.text(), s.number(), q->asked.offer.epoch, row->epoch());
        return q->nothing();
    }
}

arrivals::time arrivals::wake()
{
    auto const now = lane_.surroundings().time.steady();
    if (to_be_forbidden_.empty() && incoming_.empty()) { return time::max(); }
    if (to_be_forbidden_.empty() && now < silent_from_) { return silent_from_; }
    // Longer than a source waits for an answer before it gives up. Of whom something is heard meanwhile that comes later.
    auto const patience = 2 * limits_.patience;
    silent_from_ = now + patience;
    std::vector<std::pair<slot, transfer_offer>> silent(to_be_forbidden_.begin(), to_be_forbidden_.end());
    for (auto const& [s, import] : incoming_) {
        auto const until = import.heard + patience;
        until <= now ? silent.emplace_back(s, import.offer), void() : void(silent_from_ = std::min(silent_from_, until));
    }
    for (auto const& [s, offer] : silent) {
        auto const* const row = rows_.row(s);
        auto const is_over = row != nullptr && (row->state != slot_state::importing || row->offer > offer);
        if (is_over) {
            to_be_forbidden_.erase(s);
            if (alive(s, offer) != nullptr) { incoming_.erase(s); }
        } else if (row != nullptr) {
            forbid(s, *row, offer, [](bool) {});
        } else {
            to_be_forbidden_[s] = offer;
        }
    }
    rows_.carry_out_planned();
    return to_be_forbidden_.empty() ? silent_from_ : std::min(silent_from_, now + limits_.again_after);
}

void arrivals::refuse_all()
{
    for (auto const& [s, import] : std::exchange(incoming_, {})) { to_be_forbidden_[s] = import.offer; }
}

void arrivals::give_up(slot_request const& asked)
{
    auto const* const row = rows_.row(asked.slot);
    if (row == nullptr || row->state != slot_state::importing || row->offer != asked.offer) { return; }
    incoming_.erase(asked.slot);
    to_be_forbidden_[asked.slot] = asked.offer;
}

}  // namespace mykeyv::cluster
