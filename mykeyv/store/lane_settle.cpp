// SPDX-License-Identifier: Apache-2.0
// The part of lane_core that deals with lost connections.
#include "mykeyv/store/lane_core.hpp"

#include <utility>
#include <vector>

namespace mykeyv::store {

bool lane_core::reconnect()
{
    auto const now = env_.time.steady();
    if (now < reconnect_not_before_) { return false; }
    reconnect_not_before_ = now + lane_reconnect_pause;
    auto const failed = session_->open();
    if (failed && !std::exchange(away_logged_, true)) {
        env_.to_log.warning("lane {}: no MySQL: {}; answering CLUSTERDOWN until it is back", index_, failed.text);
    }
    if (!failed && std::exchange(away_logged_, false)) { env_.to_log.info("lane {}: MySQL is back", index_); }
    return !failed;
}

/// After a COMMIT without an answer. True: the batch has been completed. False: it was rolled back, and may be repeated.
///
/// Until the old session is over nothing else may be begun (invariant 2), and its slots stay marked as being written, so
/// no reader answers what may be half true.
bool lane_core::settle(batch& work, stamped_slots& under_way)
{
    auto const witness = work.witness();
    auto const old_session = session_->tag();
    work.forget();
    env_.to_log.warning("lane {}: connection lost in COMMIT; finding out what became of {} operations", index_, work.size());
    auto const deadline = env_.time.steady() + env_.outcome_patience;
    bool told = false;
    for (;;) {
        if (reconnect() && !session_->end(old_session)) {
            if (told) { return true; }
            bool known = !witness;
            auto const committed = witness && was_committed(*witness, known);
            if (known && !committed) { return false; }
            if (known) {
                work.publish();
                under_way.clear();
                work.complete(errc::ok);
                return true;
            }
        }
        if (!told && (env_.time.steady() >= deadline || inbox_.closed())) {
            env_.to_log.error("lane {}: what became of {} operations is still not known; their callers are told so", index_, work.size());
            work.complete_unknown();
            told = true;
        }
        if (told && inbox_.closed()) {
            refuse_inbox(errc::stopping);
            return true;
        }
        std::vector<lane_item> items;
        inbox_.take(items, lane_reconnect_pause);
        for (auto& each : items) { refuse(each, errc::cluster_down); }
    }
}

/// Work that did not end as a batch does has lost its session: nothing is begun, and nothing read meanwhile is believed, before
/// that session's transaction is over.
void lane_core::await_end_of(std::string const& tag)
{
    while (!(reconnect() && !session_->end(tag)) && !inbox_.closed()) {
        std::vector<lane_item> items;
        inbox_.take(items, lane_reconnect_pause);
        for (auto& each : items) { refuse(each, errc::cluster_down); }
    }
    env_.stamps.disturb_all();
    env_.known.clear();
}

bool lane_core::was_committed(batch_witness const& witness, bool& known)
{
    std::optional<std::uint64_t> found;
    auto const failed = session_->load_versions(witness.keys, [&](row_key const&, std::uint64_t version) { found = version; });
    known = !failed;
    if (known) { session_->rollback(); }
    return found == witness.version;
}

}  // namespace mykeyv::store
