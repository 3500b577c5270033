// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/request_machine.hpp"

#include <utility>

namespace mykeyv::detail {

action request_machine::start() noexcept { return send({}, action::prelude::none, false); }

action request_machine::start_later(int attempt) noexcept
{
    state_ = state::waiting;
    return {.what = action::kind::wait, .refresh_map = true, .attempt = attempt};
}

void request_machine::on_sent() noexcept
{
    if (state_ == state::under_way) { state_ = state::sent; }
}

action request_machine::on_reply(answer const& reply)
{
    if (done()) { return {}; }
    switch (reply.what) {
    case answer::kind::result: return complete(errc::ok);
    case answer::kind::failed: return complete(reply.error);
    case answer::kind::try_later: return rules_.divisible ? complete(reply.error) : wait(reply.error);
    case answer::kind::moved:
    case answer::kind::ask:
        if (!rules_.follows_redirects) { return complete(errc::moved); }
        if (++turns_ > rules_.redirects_max) { return complete(errc::too_many_redirects); }
        if (reply.what == answer::kind::ask) { return send(reply.node, action::prelude::asking, false); }
        return send(reply.node, action::prelude::none, true);
    case answer::kind::unknown_code:
        // A node that forgets what it was just taught must not keep us here for ever.
        if (!rules_.has_code || ++turns_ > rules_.redirects_max) { return complete(reply.error); }
        return send({}, action::prelude::code, false);
    }
    return {};
}

action request_machine::on_lost() noexcept
{
    if (done()) { return {}; }
    hindrance_ = errc::not_connected;
    if (!rules_.patient) { return complete(errc::not_connected); }
    if (sent() && (!rules_.repeatable || ++turns_ > rules_.redirects_max)) { return complete(errc::outcome_unknown); }
    return send({}, action::prelude::none, true);
}

action request_machine::on_unreachable() noexcept
{
    if (done()) { return {}; }
    hindrance_ = errc::not_connected;
    if (!rules_.patient) { return complete(errc::not_connected); }
    return send({}, action::prelude::none, true);  // the connection itself pauses between its attempts
}

action request_machine::on_no_owner(errc reason) noexcept { return done() ? action{} : wait(reason); }

action request_machine::on_waited() noexcept { return state_ == state::waiting ? send({}, action::prelude::none, false) : action{}; }

action request_machine::on_deadline() noexcept
{
    if (done()) { return {}; }
    return complete(sent() ? errc::outcome_unknown : hindrance_);
}

action request_machine::on_cancel(cancel_mode mode) noexcept
{
    if (done()) { return {}; }
    if (!sent() || rules_.repeatable) { return complete(errc::cancelled); }
    return mode == cancel_mode::abandon ? complete(errc::outcome_unknown) : action{};
}

action request_machine::on_stop() noexcept
{
    if (done()) { return {}; }
    return complete(sent() && !rules_.repeatable ? errc::outcome_unknown : errc::stopping);
}

void request_machine::on_held_up(errc reason) noexcept
{
    if (hindrance_ == errc::timed_out_unsent) { hindrance_ = reason; }
}

action request_machine::on_refused(errc reason) noexcept { return done() ? action{} : complete(reason); }

action request_machine::send(std::optional<endpoint> node, action::prelude first, bool refresh_map)
{
    state_ = state::under_way;
    return {.what = action::kind::send, .node = std::move(node), .first = first, .refresh_map = refresh_map};
}

action request_machine::wait(errc reason) noexcept
{
    hindrance_ = reason;
    if (!rules_.patient) { return complete(reason); }
    state_ = state::waiting;
    return {.what = action::kind::wait, .refresh_map = true, .attempt = pauses_++};
}

action request_machine::complete(errc error) noexcept
{
    state_ = state::done;
    return {.what = action::kind::complete, .error = error};
}

}  // namespace mykeyv::detail
