// SPDX-License-Identifier: Apache-2.0
// The life of one request: what happened to it goes in, what to do next comes out. No I/O, no clock.
//
//                    start                    on_sent                  on_reply: a result, or an error for the caller
//          fresh ------------> under_way -----------------> sent ------------------------------------> done
//                               ^  ^  |                      |
//                               |  |  | on_no_owner          | on_reply: MOVED, ASK, unknown code ---> under_way
//                               |  |  v                      | on_reply: TRYAGAIN, CLUSTERDOWN... ---> waiting
//                               |  waiting                   | on_lost, if repeatable ---------------> under_way
//                               |   (on_waited)              | on_lost, if not ----------------------> done, outcome unknown
//          on_unreachable, on_lost before it was sent
//
//   on_deadline, on_cancel and on_stop lead to done from everywhere.
//
// Invariants:
//   1. A request that is not repeatable leaves `sent` to be sent again only by a reply which says that it was not executed.
//   2. It ends as outcome_unknown if and only if it is in `sent` without an answer, or the node says so.
//   3. Once done, it stays done and asks for nothing.
#pragma once

#include "mykeyv/base/limits.hpp"
#include "mykeyv/client/core.hpp"
#include "mykeyv/client/impl/answer.hpp"

#include <optional>

namespace mykeyv::detail {

/// What is to be done with a request now.
struct action {
    enum class kind {
        nothing,
        send,      ///< to `node`, or where the map says
        wait,      ///< pause for the backoff after `attempt` pauses, then call on_waited
        complete,  ///< tell the caller `error`; errc::ok: the reply is the result
    };
    enum class prelude { none, asking, code };

    kind what = kind::nothing;
    std::optional<endpoint> node = {};
    prelude first = prelude::none;  ///< what is to be sent in front of it
    bool refresh_map = false;       ///< the map of the cluster is out of date
    int attempt = 0;
    errc error = errc::ok;
    friend bool operator==(action const&, action const&) = default;
};

class request_machine {
public:
    /// See the fields of `request`.
    struct rules {
        bool repeatable = false;
        bool follows_redirects = true;
        bool patient = true;
        bool has_code = false;
        bool divisible = false;  // it has several slots
        int redirects_max = limits::redirects_max;
    };

    explicit request_machine(rules given) noexcept : rules_{given} {}

    action start() noexcept;
    /// As start, after the backoff for `attempt` pauses.
    action start_later(int attempt) noexcept;
    void on_sent() noexcept;
    action on_reply(answer const&);
    /// The connection it was queued or sent on is gone.
    action on_lost() noexcept;
    /// No connection could be made; it was not sent.
    action on_unreachable() noexcept;
    /// The map names no owner, or there is no map to be had for the moment.
    action on_no_owner(errc reason) noexcept;
    action on_waited() noexcept;
    action on_deadline() noexcept;
    action on_cancel(cancel_mode) noexcept;
    action on_stop() noexcept;
    /// What it waits for (another request, the map) is kept from it by this; that is told, should its own time run out.
    void on_held_up(errc reason) noexcept;
    /// Something that waiting does not heal: a full queue, a node that refuses us.
    action on_refused(errc) noexcept;

    bool sent() const noexcept { return state_ == state::sent; }
    bool done() const noexcept { return state_ == state::done; }
    /// What keeps it from being executed, so far.
    errc hindrance() const noexcept { return hindrance_; }

private:
    enum class state { fresh, under_way, sent, waiting, done };

    action send(std::optional<endpoint> node, action::prelude first, bool refresh_map);
    action wait(errc reason) noexcept;
    action complete(errc) noexcept;

    rules rules_;
    state state_ = state::fresh;
    int turns_ = 0;                         // redirects, repetitions and code loads so far
    int pauses_ = 0;
    errc hindrance_ = errc::timed_out_unsent;  // why it is not sent, should the time run out
};

}  // namespace mykeyv::detail
