// SPDX-License-Identifier: Apache-2.0
// CLUSTER: what this node knows of the others.
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/session.hpp"
#include "mykeyv/server/worker.hpp"

namespace mykeyv::server::handlers {
namespace {

/// A whole reply that was encoded before.
verdict encoded(session& s, std::string const& (cluster_view::*text)(resp::protocol) const noexcept)
{
    s.reply_text() += (s.home().view().*text)(s.version());
    return verdict::done;
}

}  // namespace

verdict cluster_slots(session& s, arguments) { return encoded(s, &cluster_view::slots); }
verdict cluster_shards(session& s, arguments) { return encoded(s, &cluster_view::shards); }

verdict cluster_nodes(session& s, arguments)
{
    s.reply().verbatim("txt", s.home().view().nodes());
    return verdict::done;
}

verdict cluster_info(session& s, arguments)
{
    s.reply().verbatim("txt", s.home().view().info());
    return verdict::done;
}

verdict cluster_myid(session& s, arguments)
{
    s.reply().bulk(s.home().view().map().self().text());
    return verdict::done;
}

verdict cluster_keyslot(session& s, arguments a)
{
    s.reply().integer(slot_of(a[2]).number());
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
