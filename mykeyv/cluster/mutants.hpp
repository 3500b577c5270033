// SPDX-License-Identifier: Apache-2.0
// Faults that are put in on purpose, to show that the simulation finds them. They exist only in programs built with
// MYKEYV_MUTANTS, and there one at a time is chosen; everywhere else mutant() is the constant false.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace mykeyv::cluster {

enum class mutants {
    none,
    no_wipe,                    ///< rows from an earlier ownership stay when a slot is imported
    timeout_returns_ownership,  ///< a source without an answer serves again
    no_is_not_durable,          ///< "no" is said without forbidding the offer
    yes_before_commit,          ///< "yes" is said before the take-over is committed
    epoch_not_compared,         ///< an older offer is taken up again
    transfer_not_compared,      ///< portions and cut-overs of another attempt are taken
    dirty_erasures_forgotten,   ///< keys erased behind the cursor are not sent again
    dirty_writes_forgotten,     ///< keys written behind the cursor are not sent again
    cache_kept,                 ///< the cache of a slot that went or came stays as it is
    not_parked,                 ///< a source serves on while it hands over
    restarted_import_alive,     ///< after a restart a half import goes on as if it were whole
    number_not_compared,        ///< portions are taken in any order
    restarted_source_serves,    ///< after a restart a slot that was being handed over is served
    summary_not_compared,       ///< a slot is taken over whatever its figures are, and writes behind the cursor are forgotten
    versions_not_continued,     ///< the target counts versions on from its own
    cursor_key_forgotten,       ///< the key that was read last is not dirty when written
    answers_not_awaited,        ///< a slot is cut over before all its rows are answered for, and the target does not compare what it has
    query_is_optimistic,        ///< a target that is importing says that it has taken the slot
    any_yes_will_do,            ///< a late yes to a portion counts as one to the cut-over
    any_no_will_do,             ///< a late no to a portion counts as one to the cut-over
    answer_not_compared,        ///< the answer to another attempt is taken
    no_query,                   ///< a source without an answer never asks
    epoch_as_before_after_no,   ///< a source that was refused owns its slot at the epoch that it had
    late_read_fills_the_cache,  ///< a read that began before the slot went counts, and fills the cache, when it ends after the slot is back
    aside_kept,                 ///< what an attempt that came to nothing has put aside in the cache counts in the next one
    last_rows_not_put_aside,    ///< what is put aside lacks the rows of the cut-over
    transaction_not_ended,      ///< rows that wait for their commit are undone when others roll back
    carried_out_for_good,       ///< rows that wait for their commit count as written when their connection is lost
    not_written_ahead,          ///< a slot is offered before `handing_over` is committed
    not_withdrawn,              ///< what was written ahead of an offer that was never made stays
    // Of the membership
    topology_not_saved,         ///< a topology counts before it is durable
    older_topology_taken,       ///< a topology is taken whether it is newer or not
    retires_with_slots,         ///< a node leaves while it owns slots
    arrivals_not_refused,       ///< a node leaves while slots are on their way to it
    retires_only_once,          ///< a node that could not save that it leaves does not try again
};

/// From here on they are of the membership: only histories in which nodes join and leave can find them.
inline constexpr mutants first_of_membership = mutants::topology_not_saved;

inline constexpr std::array<std::pair<std::string_view, mutants>, 35> mutant_names{{
    {"no_wipe", mutants::no_wipe},
    {"timeout_returns_ownership", mutants::timeout_returns_ownership},
    {"no_is_not_durable", mutants::no_is_not_durable},
    {"yes_before_commit", mutants::yes_before_commit},
    {"epoch_not_compared", mutants::epoch_not_compared},
    {"transfer_not_compared", mutants::transfer_not_compared},
    {"dirty_erasures_forgotten", mutants::dirty_erasures_forgotten},
    {"dirty_writes_forgotten", mutants::dirty_writes_forgotten},
    {"cache_kept", mutants::cache_kept},
    {"not_parked", mutants::not_parked},
    {"restarted_import_alive", mutants::restarted_import_alive},
    {"number_not_compared", mutants::number_not_compared},
    {"restarted_source_serves", mutants::restarted_source_serves},
    {"summary_not_compared", mutants::summary_not_compared},
    {"versions_not_continued", mutants::versions_not_continued},
    {"cursor_key_forgotten", mutants::cursor_key_forgotten},
    {"answers_not_awaited", mutants::answers_not_awaited},
    {"query_is_optimistic", mutants::query_is_optimistic},
    {"any_yes_will_do", mutants::any_yes_will_do},
    {"any_no_will_do", mutants::any_no_will_do},
    {"answer_not_compared", mutants::answer_not_compared},
    {"no_query", mutants::no_query},
    {"epoch_as_before_after_no", mutants::epoch_as_before_after_no},
    {"late_read_fills_the_cache", mutants::late_read_fills_the_cache},
    {"aside_kept", mutants::aside_kept},
    {"last_rows_not_put_aside", mutants::last_rows_not_put_aside},
    {"transaction_not_ended", mutants::transaction_not_ended},
    {"carried_out_for_good", mutants::carried_out_for_good},
    {"not_written_ahead", mutants::not_written_ahead},
    {"not_withdrawn", mutants::not_withdrawn},
    {"topology_not_saved", mutants::topology_not_saved},
    {"older_topology_taken", mutants::older_topology_taken},
    {"retires_with_slots", mutants::retires_with_slots},
    {"arrivals_not_refused", mutants::arrivals_not_refused},
    {"retires_only_once", mutants::retires_only_once},
}};

#ifdef MYKEYV_MUTANTS
inline mutants chosen_mutant = mutants::none;
inline bool mutant(mutants which) noexcept { return chosen_mutant == which; }
#else
constexpr bool mutant(mutants) noexcept { return false; }
#endif

}  // namespace mykeyv::cluster
