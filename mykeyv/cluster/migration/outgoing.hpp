// SPDX-License-Identifier: Apache-2.0
// One slot on its way out, from its first row to its last: what to send next. No I/O, no clock.
//
//     preparing --prepared--> copying --(all sent, few dirty)--> [cut over] --> offered
//
// Invariants
//   1 A key that is written at or before the cursor is dirty until it is taken to be sent again, so target and source differ in
//     nothing but rows behind the cursor, portions on the way, and dirty keys.
//   2 A cut-over comes only when nothing is on the way.
#pragma once

#include "mykeyv/base/limits.hpp"
#include "mykeyv/cluster/migration/messages.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::cluster {

/// How much at once. What is not a bound of memory or of time is a matter of taste; simulations take tiny ones.
struct move_limits {
    std::size_t portion_bytes = limits::portion_bytes;
    std::uint64_t portions_on_the_way_max = limits::portions_on_the_way_max;
    std::size_t dirty_keys_per_portion = limits::dirty_keys_per_portion;
    std::size_t cut_over_keys_max = limits::cut_over_keys_max;
    unsigned resend_rounds_max = limits::resend_rounds_max;
    unsigned resend_rounds_at_rest = limits::resend_rounds_at_rest;
    std::size_t outgoing_per_lane_max = limits::outgoing_per_lane_max;
    std::size_t cut_overs_at_once = limits::cut_overs_at_once;
    std::chrono::milliseconds cut_over_wait_wanted = limits::cut_over_wait_wanted;
    std::size_t cut_overs_at_once_least = limits::cut_overs_at_once_least;
    std::size_t on_the_way_bytes_max = limits::on_the_way_bytes_max;
    std::size_t on_the_way_bytes_when_waited_for = limits::on_the_way_bytes_when_waited_for;
    std::size_t slots_per_commit = limits::slots_per_commit;
    std::size_t slot_rows_per_commit = limits::slot_rows_per_commit;
    std::chrono::milliseconds slot_rows_within = limits::slot_rows_within;
    std::size_t write_bytes = limits::write_bytes;
    std::size_t open_bytes_max = limits::open_bytes_max;
    std::size_t purge_rows = limits::purge_rows;
    std::size_t purge_slots = limits::purge_slots;
    std::chrono::milliseconds purge_pause = limits::purge_pause;
    std::chrono::milliseconds moving_at_a_time = limits::moving_at_a_time;
    std::chrono::milliseconds busy_after_write = limits::busy_after_write;
    unsigned rest_when_busy = limits::moving_rest_when_busy;
    std::chrono::milliseconds rest_max = limits::moving_rest_max;
    std::chrono::milliseconds again_after = limits::move_again_after;
    std::chrono::milliseconds patience = limits::portion_patience;
    std::chrono::milliseconds offer_patience = limits::offer_patience;
    std::chrono::milliseconds query_every = limits::query_every;
};

class outgoing {
public:
    outgoing(node_id target, transfer_offer offer, move_limits const& limits) noexcept : limits_{&limits}, target_{target}, offer_{offer} {}

    node_id target() const noexcept { return target_; }
    transfer_offer offer() const noexcept { return offer_; }
    std::uint64_t records_sent() const noexcept { return records_sent_; }
    std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
    /// Something was sent that is not acknowledged.
    bool awaits_answer() const noexcept { return phase_ != phase::copying || last_sent_ != last_acknowledged_; }
    /// In portions that are not acknowledged.
    std::size_t bytes_on_the_way() const noexcept { return bytes_on_the_way_; }
    /// Keys have been sent again so often that they seem to get dirty as fast as that: moving has to have more of the lane's time.
    bool is_outpaced() const noexcept { return phase_ == phase::copying && rounds_ >= limits_->resend_rounds_at_rest; }

    enum class phase : std::uint8_t {
        preparing,  ///< the target has been asked to get ready
        copying,    ///< the slot is served here, and its rows are sent
        offered,    ///< the target has been told to take it, and will say what became of it
    };
    enum phase phase() const noexcept { return phase_; }

    enum class next : std::uint8_t {
        wait,      ///< for an answer
        scan,      ///< read rows from cursor() on, then scanned()
        resend,    ///< read take_dirty() again, then send them
        park,      ///< keys get dirty faster than they are sent: stop the slot's operations, then ask again
        cut_over,  ///< stop the slot's operations, then offer it with take_dirty() as the last rows
    };
    next next_step() const noexcept;

    void prepared() noexcept { phase_ = phase::copying; }
    std::string_view cursor() const noexcept { return cursor_; }
    /// Rows up to `last_key` were read; `end`: there are no more. No key: the slot has none from the cursor on.
    void scanned(std::optional<std::string_view> last_key, bool end);
    /// Numbers a portion that is sent now.
    std::uint64_t sending(packed_rows const&);
    void acknowledged(std::uint64_t number) noexcept;
    /// A row of the slot is about to change; 0 bytes: to go.
    void written(std::string_view key, std::size_t value_bytes);
    /// Keys to be read again, some at a time, round after round in the order of keys; they count as clean from now on. All of them,
    /// where there are no more than go with a cut-over.
    std::vector<std::string> take_dirty();
    void parked() noexcept { parked_ = true; }
    void offered() noexcept { phase_ = phase::offered; }

private:
    move_limits const* limits_;
    node_id target_;
    transfer_offer offer_;
    enum phase phase_ = phase::preparing;
    std::string cursor_;  // the first key that has not been read
    bool scanned_all_ = false;
    bool parked_ = false;
    std::map<std::string, std::size_t, std::less<>> dirty_;  // and how long their values are
    std::size_t dirty_bytes_ = 0;
    std::string round_at_;  // the first key that has not had its turn in this round
    unsigned rounds_ = 0;   // of sending dirty keys again, that are over
    std::uint64_t last_sent_ = 0;
    std::uint64_t last_acknowledged_ = 0;
    std::uint64_t records_sent_ = 0;
    std::uint64_t bytes_sent_ = 0;
    std::deque<std::size_t> on_the_way_;  // the bytes of each portion
    std::size_t bytes_on_the_way_ = 0;
};

}  // namespace mykeyv::cluster
