// SPDX-License-Identifier: Apache-2.0
// Moves the slots of one lane, to other nodes and from them. Lives on the lane's thread; what it does to MySQL it does there,
// between two batches, so that nothing of it races with a write.
#pragma once

#include "mykeyv/cluster/migration/arrivals.hpp"
#include "mykeyv/cluster/migration/departures.hpp"
#include "mykeyv/cluster/migration/ledger.hpp"
#include "mykeyv/cluster/mutants.hpp"

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mykeyv::cluster {

class mover final : public store::slot_agent {
public:
    using time = mover_outside::time;

    /// `rows` are those of the lane's slots, as MySQL has them; `first_transfer` is above every transfer id of this node's earlier
    /// lives. Sets the gates, forbids the imports that a restart has cut off, asks about the slots that may have been offered. To be made
    /// before the lane runs; what is passed must outlive it.
    mover(store::lane_core&, mover_outside&, std::span<std::pair<slot, slot_row> const> rows, std::uint64_t first_transfer,
          move_limits const& limits = {});

    /// Which slots are to go where, in this order; replaces what was wanted before. What is not owned here is passed over.
    void want(std::vector<std::pair<slot, node_id>> wishes) { out_.want(std::move(wishes)); }

    /// Whether a slot is on its way to that node.
    bool is_bringing_to(node_id target) const { return out_.is_bringing_to(target); }

    // What came in. Changes nothing before the next wake().

    /// A request of another node; `then` gets what to say, or nothing where the truth cannot be found out now: then it will ask again.
    void asked(slot_request, arrivals::answer then);
    void replied(slot_reply reply) { heard_.emplace_back(std::move(reply)); }
    /// A request of ours will have no reply.
    void unanswered(slot s, transfer_offer const& offer) { heard_.emplace_back(std::pair{s, offer}); }

    /// Gives up every slot that is on its way here, also those that are asked to be taken next; why not, or nothing. Refused, too, while a
    /// slot is on its way from here. Those that are wanted here may come afterwards.
    std::string refuse_arrivals();

    // For a node that is alone and becomes a member of another cluster: its slots, which nobody else has heard of, are forgotten.

    /// Serves nothing more. Why it cannot go on with this, or nothing. take_all_back() undoes it.
    std::string close_all();
    /// Forgets the slots, durably; why not, or nothing.
    std::string give_all_up();
    /// Serves them again, durably; why not yet, or nothing. To be repeated until it is nothing.
    std::string take_all_back();
    /// Slots that are on their way out.
    std::size_t on_the_way() const noexcept { return out_.on_the_way(); }

    // For the lane
    void writing(store::batch_writes const& changes) override
    {
        has_written_ = true;
        out_.writing(changes);
    }
    void erasing(std::span<slot const> slots) override { out_.erasing(slots); }
    void stopping() override { out_.end(); }
    void end_transaction() override
    {
        if (rows_.has_open_transaction() && !mutant(mutants::transaction_not_ended)) { rows_.commit_planned(); }
    }
    time wake() override;

private:
    struct question {
        slot_request asked;
        arrivals::answer then;
    };
    using answered = std::variant<slot_reply, std::pair<slot, transfer_offer>>;
    void hear();
    void answer(std::deque<question>& from, time until, std::size_t& count);
    void drop_older(slot_request const&);

    time purge(time now);
    errc save_all(std::function<slot_row(slot_row const&)> const& as);

    store::lane_core& lane_;
    mover_outside& outside_;
    move_limits const limits_;
    ledger rows_;
    arrivals in_;
    departures out_;
    std::vector<std::pair<slot, slot_row>> given_up_;
    bool are_forgotten_ = false;  // durably
    std::deque<question> urgent_;  // about slots that nobody serves until they are answered
    std::deque<question> asked_;
    std::deque<answered> heard_;
    time purge_from_{};
    bool has_written_ = false;  // clients have, since the last wake()
    time busy_until_{};
    bool only_answered_ = false;  // the last time that clients were writing
    time rests_until_{};
    std::vector<std::pair<slot, slot_row>> cut_off_;  // imports of an earlier life, to be forbidden by the first wake()
};

}  // namespace mykeyv::cluster
