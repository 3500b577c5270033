// SPDX-License-Identifier: Apache-2.0
// Slots that this node brings to others: the source's side of rules.hpp.
//
//     wanted --PREPARE, yes--> copying --`handing_over` committed, last rows known--> offered --yes--> gone
//        ^                        |                                                    |
//        +------- given up -------+<---------------------------- no -------------------+
//
// In `copying` an attempt may be given up at any moment, for any reason, and costs little but time. In `offered` it cannot: the
// target is asked until it answers.
//
// `handing_over` is written ahead, when all rows have been read once, and the slot is served on: after a restart it says that the slot
// may have been offered; whoever has committed it knows better. So no operation waits for a commit of this node's.
#pragma once

#include "mykeyv/cluster/migration/ledger.hpp"
#include "mykeyv/cluster/migration/outgoing.hpp"
#include "mykeyv/cluster/migration/window.hpp"

#include <deque>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

class departures {
public:
    using time = mover_outside::time;

    departures(store::lane_core& lane, mover_outside& outside, ledger& rows, move_limits const& limits,
               std::uint64_t first_transfer) noexcept
        : lane_{lane}, outside_{outside}, rows_{rows}, limits_{limits}, next_transfer_{first_transfer}
    {
    }

    /// After a restart: the slot may have been offered, and only the target knows whether it took it.
    void ask_after_restart(slot, slot_row const&);

    void want(std::vector<std::pair<slot, node_id>>);
    /// The lane ends: what is not offered is given up, so that after a restart it need not be asked about.
    void end();
    // These note what happened; wake() goes on with it.
    void replied(slot_reply const&);
    void unanswered(slot, transfer_offer const&);
    void writing(store::batch_writes const&);
    void erasing(std::span<slot const>);
    /// Goes on with what is due, until that time and with so many slots at most; when there will be more.
    time wake(time until, std::size_t slots);

    /// Slots whose rows in MySQL are not yet as they are to be are among them.
    std::size_t on_the_way() const noexcept { return moving_.size() + to_be_saved_.size(); }
    /// It has one of them, or may be asked about one.
    bool is_bringing_to(node_id target) const;
    /// Operations wait for one of them.
    bool are_waited_for() const;
    /// One of them is written as fast as it is sent.
    bool is_outpaced() const;

private:
    struct departing {
        outgoing out;
        time due;            // an answer is awaited until then, or the target is asked again then
        std::uint64_t turn;  // when it was last gone on with, counted by turns_
        time parked_since{};
        bool asking = false;
        bool is_waited_for() const noexcept { return parked_since != time{} && !asking; }
        bool is_large = false;  // more than is read together
        enum class ahead : std::uint8_t { no, wanted, committed } ahead = ahead::no;  // `handing_over`
    };

    struct target_windows {
        window on_the_way;
        window cut_overs;
    };

    void begin_wanted(time now);
    bool begin(slot, node_id target);
    void go_on(slot, departing&);
    void go_on_with(std::span<slot const> due, time began, time until);
    bool scan(slot, departing&);
    void scan_together(std::vector<slot>& due);
    bool resend(slot, departing&);
    void park(slot, departing&);
    void cut_over(slot, departing&);
    void offered(change&, errc);
    void has_read(slot, departing&, std::optional<std::string_view> last_key, bool end);
    void save(slot, slot_row const&);
    bool is_time_to_save(time now, std::size_t enough) const;
    void save_rows();
    void saved(slot, slot_row const&, errc);
    /// What all that are on their way ask of others at one moment.
    struct load {
        std::size_t bytes_on_the_way = 0;
        std::map<node_id, std::size_t> cut_overs;  // slots whose operations wait for that node
    };
    load load_now() const;
    bool is_due(departing const&, time now, load const&) const;
    bool may_go_on(departing const&, load const&) const;
    bool may_begin_more() const;
    target_windows& windows_of(node_id target);
    void send_portion(slot, departing&, packed_rows);
    void send(slot, departing&, decltype(slot_request::what));
    void give_up(slot, std::string_view why);
    void time_is_up(slot, departing&);
    void taken(slot);
    void not_taken(slot, std::string_view why);
    void stays(slot, slot_row const&, std::string_view why);

    time now() const noexcept { return lane_.surroundings().time.steady(); }

    store::lane_core& lane_;
    mover_outside& outside_;
    ledger& rows_;
    move_limits const& limits_;
    std::uint64_t next_transfer_;
    std::uint64_t turns_ = 0;
    std::unordered_map<slot, departing> moving_;
    std::deque<std::pair<slot, node_id>> wanted_;
    std::unordered_map<slot, time> not_before_;  // of slots whose last attempt failed
    std::map<node_id, target_windows> windows_;
    std::map<slot, slot_row> to_be_saved_;  // what nobody waits for: written ahead, gone, given up though it was written ahead
    time save_from_{};
    time save_by_{};
    time sends_from_{};   // the rate limit
    time begins_from_{};  // all that is wanted has failed a moment ago
};

}  // namespace mykeyv::cluster
