// SPDX-License-Identifier: Apache-2.0
// The mover of one lane over a MySQL that goes wrong when it is told to; the node is number 1, and number 2 is the other one.
#pragma once

#include "mykeyv/cluster/migration/mover.hpp"

#include "tests/unit/cluster/few_nodes.hpp"
#include "tests/unit/store/a_database.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {

using store::gate;
using store::testing::a_lane;
using store::testing::ending;
using store::testing::fate;
using enum slot_state;
using to = enum slot_reply::to;

/// Notes what is sent and told.
class an_outside final : public mover_outside {
public:
    node_id self() const override { return id(1); }
    bool is_wanted(slot) const override { return wants; }
    void send(node_id, slot_request request) override { sent.push_back(std::move(request)); }
    void owned_by(slot, node_id owner, std::uint64_t epoch) override { owners.emplace_back(owner, epoch); }
    time pace(std::size_t) override { return sends_from; }
    void departed(departure const&) override {}

    bool wants = true;
    time sends_from{};  ///< as the rate has it
    std::vector<slot_request> sent;
    std::vector<std::pair<node_id, std::uint64_t>> owners;
};

class a_mover : public testing::Test {
protected:
    slot const s_ = slot_of("k");

    /// The node starts, or starts again, with this row; and with the others that there are.
    void start(slot_row const& row)
    {
        lane_.database.committed.slots[s_] = row;
        std::vector<std::pair<slot, slot_row>> rows{lane_.database.committed.slots.begin(), lane_.database.committed.slots.end()};
        mover_.emplace(lane_.core, outside_, rows, 100, limits_);
    }
    void wake() { lane_.core.idle(); }
    slot_row row() const { return lane_.database.committed.slots.at(s_); }
    gate gate_now() const { return lane_.env.gates.of(s_); }
    template <class What>
    bool has_sent() const
    {
        return !outside_.sent.empty() && std::holds_alternative<What>(outside_.sent.back().what);
    }
    /// The other node answers what it was sent last.
    void answer(bool yes)
    {
        auto reply = reply_to(outside_.sent.back());
        reply.yes = yes;
        mover_->replied(reply);
    }
    /// The owner of a slot without rows, which is to go to node 2, has asked it to get ready.
    void prepared()
    {
        start({owned, {5, 1}, {}});
        mover_->want({{s_, id(2)}});
        wake();
    }
    /// Node 2 is ready: with no rows to be sent first, the hand-over is written ahead.
    void written_ahead()
    {
        prepared();
        answer(true);
        wake();
    }
    /// Then the slot is cut over.
    void offered()
    {
        written_ahead();
        wake();
    }
    /// Something arrives from node 2.
    std::optional<slot_reply> asked(decltype(slot_request::what) what, transfer_offer offer = {6, 50})
    {
        std::optional<slot_reply> reply;
        mover_->asked({s_, offer, id(2), std::move(what)}, [&](std::optional<slot_reply> said) { reply = std::move(said); });
        wake();
        return reply;
    }
    void imported()
    {
        start({});
        ASSERT_TRUE(asked(prepare{})->yes);
    }
    /// The next commit is done, and nobody learns that: its answer is lost, and the next try is refused.
    void next_commit_is_unknown()
    {
        lane_.time.step = std::chrono::seconds{1};
        lane_.database.endings = {ending::lost_after, ending::refused};
    }
    static move_limits nothing_left_open()
    {
        move_limits limits;
        limits.open_bytes_max = 0;
        return limits;
    }
    static cut_over nothing_more(std::uint64_t last_version = 7) { return {{1, {}}, {0, 0}, last_version}; }
    fate run(char const* value)
    {
        fate became;
        lane_.run_all(store::testing::set("k", value, became));
        return became;
    }

    move_limits limits_ = nothing_left_open();
    a_lane lane_;
    an_outside outside_;
    std::optional<mover> mover_;
};

}  // namespace mykeyv::cluster
