// SPDX-License-Identifier: Apache-2.0
// KV.NODE: what nodes say to each other. Whoever wants to say more than HELLO must have shown the cluster's secret.
#include "mykeyv/base/number.hpp"
#include "mykeyv/cluster/migration/wire.hpp"
#include "mykeyv/server/commands/change_reply.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/node_state.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

constexpr std::string_view not_a_peer = "NOAUTH KV.NODE HELLO must come first, with the secret of the cluster";

/// In a time that does not tell how much of it is right.
bool is_secret(std::string const& secret, std::string_view given) noexcept
{
    return !secret.empty() && secret.size() == given.size() && CRYPTO_memcmp(secret.data(), given.data(), given.size()) == 0;
}

}  // namespace

verdict node_hello(session& s, arguments a)
{
    auto const& secret = s.node().chosen.cluster_secret;
    auto const id = node_id::parse(a[3]);
    auto const of = cluster_id::parse(a[4]);
    if (secret.empty()) { return s.fail("NOAUTH this node has no cluster secret: start all nodes with the same --cluster-secret-file"); }
    if (!is_secret(secret, a[2])) { return s.fail("WRONGPASS that is not the secret of this node's cluster"); }
    auto const version = parse_unsigned(a[5]);
    auto const longest = parse_unsigned(a[6]);
    if (!id || !of || !version || !longest) { return s.fail(errc::syntax); }
    if (*version != cluster::node_protocol_version) {
        return s.fail(errc::syntax, fmt::format("this node speaks version {} of what nodes say to each other, and yours version {}",
                                                cluster::node_protocol_version, *version));
    }
    auto const ours = s.node().owners->topology()->cluster();
    if (*of != cluster_id{} && *of != ours) { return s.fail(errc::syntax, "this node belongs to another cluster, " + ours.text()); }
    // A value that is longer than the target takes would never arrive.
    if (auto const here = s.node().chosen.store.value_bytes_max; *longest != here) {
        return s.fail(errc::syntax, fmt::format("values have {} bytes at most here, and {} at your node: start all nodes with the same "
                                                "--value-bytes-max", here, *longest));
    }
    s.greet_peer(*id);
    s.reply().simple("OK");
    return verdict::done;
}

verdict node_slot(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    std::string name{a[1]};
    std::ranges::transform(name, name.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    std::vector<std::string_view> words{a.begin() + 1, a.end()};
    words[0] = name;
    auto asked = cluster::request_of(words, *s.peer());
    if (!asked) { return s.fail(errc::syntax, "this is no such request, or was changed on its way"); }
    later_reply reply{s, later_reply::scope::some_keys};
    s.node().conductor->slot_asked(std::move(*asked), [reply](std::optional<cluster::slot_reply> answer) mutable {
        if (!answer) { return reply.fail(errc::outcome_unknown, "what is true of this slot cannot be found out now: ask again"); }
        std::string encoded;
        resp::writer to{encoded, reply.version()};
        to.array(2);
        to.integer(answer->yes ? 1 : 0);
        to.bulk(answer->reason);
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

verdict node_gossip(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    later_reply reply{s, later_reply::scope::some_keys};
    s.node().conductor->gossip_came(std::string{a[2]}, [reply](std::string text) mutable {
        std::string encoded;
        resp::writer{encoded, reply.version()}.bulk(text);
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

verdict node_topology(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    if (a.size() == 2) {
        s.reply().bulk(s.node().owners->topology()->json());
        return verdict::done;
    }
    if (a.size() > 3) { return s.fail(errc::syntax); }
    s.node().conductor->topology_came(std::string{a[2]}, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict node_join(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    auto const id = node_id::parse(a[2]);
    auto const where = endpoint::parse(a[3], 0);
    auto const weight = parse_weight(a[4]);
    if (!id || !where || !weight) { return s.fail(errc::syntax); }
    s.node().conductor->join_asked({*id, *where, *weight, false}, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict node_invite(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    auto const member = endpoint::parse(a[2], 0);
    auto const weight = parse_weight(a[3]);
    if (!member || !weight) { return s.fail(errc::syntax); }
    s.node().conductor->become_member(*member, *weight, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict node_leave(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    auto const version = parse_unsigned(a[2]);
    auto const author = node_id::parse(a[3]);
    if (!version || !author) { return s.fail(errc::syntax); }
    s.node().conductor->leave_asked(*s.peer(), *version, *author, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict node_code(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    auto const id = script_id::parse(a[2]);
    auto code = id ? s.node().scripts.find(*id) : nullptr;
    if (id && !code) { code = s.node().store->find_script(*id); }
    code ? s.reply().bulk(*code) : s.reply().null();
    return verdict::done;
}

verdict node_keep(session& s, arguments a)
{
    if (!s.peer()) { return s.fail(not_a_peer); }
    later_reply reply{s, later_reply::scope::some_keys};
    s.node().store->async_save_script(std::string{a[2]}, [reply](errc outcome, script_id) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::string encoded;
        resp::writer{encoded, reply.version()}.simple("OK");
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
