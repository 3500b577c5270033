// SPDX-License-Identifier: Apache-2.0
// What a node's membership needs of the rest of it.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/error.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/cluster/topology.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

/// What another node says to a question.
struct node_answer {
    enum class outcome : std::uint8_t {
        said,
        refused,  ///< `text` is the error
        none,     ///< none came, and what was asked may have been done or not; `text` says why
    };
    outcome what = outcome::none;
    std::string text;
};

/// All calls on the thread of the membership, and so must all answers be; they may come before the call returns, but for save().
class membership_outside {
public:
    using time = std::chrono::steady_clock::time_point;
    using answered = unique_function<void(node_answer const&)>;
    /// With an empty text, or why not.
    using done_or_why = std::function<void(std::string const& why_not)>;
    virtual ~membership_outside() = default;

    /// Asks a member: the words that come after KV.NODE. One that is a member no more, or has another address, answers nothing.
    virtual void ask(node_id, std::vector<std::string> words, answered) = 0;
    /// Asks whoever listens there, of whatever cluster.
    virtual void ask_stranger(endpoint const&, std::vector<std::string> words, std::chrono::milliseconds patience, answered) = 0;
    /// Makes it durable. Until `done` is called nothing else is saved.
    virtual void save(std::shared_ptr<topology const>, std::function<void(errc)> done) = 0;
    /// This one counts from now on; whom there is to ask may be others.
    virtual void adopted(topology const&) = 0;
    /// These slots, of this node, are to go there, and no others. Where that cannot be told now: membership::wishes_were_lost().
    virtual void want(std::vector<std::pair<slot, node_id>>) = 0;
    /// The same, and whether a slot is on its way to that node still: why not to let it go, or nothing.
    virtual void want_and_look(std::vector<std::pair<slot, node_id>>, node_id leaving, done_or_why) = 0;
    /// What others are told of this node for STATUS: an object.
    virtual nlohmann::json figures() const = 0;
    /// Code that this node keeps is kept by that one, when `done` says so.
    virtual void hand_code_over(node_id to, done_or_why done) = 0;
    /// Takes no slot that is on its way here. Those that the newest topology wants here may come afterwards.
    virtual void refuse_arrivals(done_or_why done) = 0;
    /// Serves its own slots no more, and forgets them durably. Refused, with some of it done: this node has records.
    virtual void give_own_slots_up(done_or_why done) = 0;
    /// The opposite.
    virtual void take_own_slots_back(done_or_why done) = 0;
    /// Calls membership::wake() then; the last time counts.
    virtual void wake_at(time) = 0;
};

}  // namespace mykeyv::cluster
