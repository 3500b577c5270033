// SPDX-License-Identifier: Apache-2.0
// The handlers that the command table names. Each is called with words that fit its row's arity.
#pragma once

#include "mykeyv/server/command.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace mykeyv::server::handlers {

// Connection
verdict acl_whoami(session&, arguments);
verdict auth(session&, arguments);
verdict client_getname(session&, arguments);
verdict client_help(session&, arguments);
verdict client_id(session&, arguments);
verdict client_info(session&, arguments);
verdict client_kill(session&, arguments);
verdict client_list(session&, arguments);
verdict client_reply(session&, arguments);
verdict client_on_or_off(session&, arguments);
verdict client_setinfo(session&, arguments);
verdict client_setname(session&, arguments);
verdict cross_protocol(session&, arguments);
verdict echo(session&, arguments);
verdict hello(session&, arguments);
verdict ping(session&, arguments);
verdict quit(session&, arguments);
verdict reset(session&, arguments);
verdict say_ok(session&, arguments);
verdict select(session&, arguments);

// Commands about commands
verdict command_count(session&, arguments);
verdict command_docs(session&, arguments);
verdict command_getkeys(session&, arguments);
verdict command_help(session&, arguments);
verdict command_info(session&, arguments);
verdict command_list(session&, arguments);
verdict command_names(session&, arguments);

// The server
verdict config_get(session&, arguments);
verdict config_help(session&, arguments);
verdict config_rewrite(session&, arguments);
verdict config_set(session&, arguments);
verdict empty_list(session&, arguments);
verdict info(session&, arguments);
verdict module_list(session&, arguments);
verdict time(session&, arguments);
verdict zero(session&, arguments);

// Bytes
verdict append(session&, arguments);
verdict decr(session&, arguments);
verdict decrby(session&, arguments);
verdict get(session&, arguments);
verdict getdel(session&, arguments);
verdict getex(session&, arguments);
verdict getrange(session&, arguments);
verdict getset(session&, arguments);
verdict incr(session&, arguments);
verdict incrby(session&, arguments);
verdict incrbyfloat(session&, arguments);
verdict mget(session&, arguments);
verdict mset(session&, arguments);
verdict msetnx(session&, arguments);
verdict psetex(session&, arguments);
verdict set(session&, arguments);
verdict setex(session&, arguments);
verdict setnx(session&, arguments);
verdict setrange(session&, arguments);
verdict strlen(session&, arguments);

// Any record
verdict del(session&, arguments);
verdict exists(session&, arguments);
verdict expire(session&, arguments);
verdict expireat(session&, arguments);
verdict expiretime(session&, arguments);
verdict persist(session&, arguments);
verdict pexpire(session&, arguments);
verdict pexpireat(session&, arguments);
verdict pexpiretime(session&, arguments);
verdict pttl(session&, arguments);
verdict ttl(session&, arguments);
verdict type(session&, arguments);

// Documents, and records as a whole
verdict json_del(session&, arguments);
verdict json_get(session&, arguments);
verdict json_set(session&, arguments);
verdict json_type(session&, arguments);
verdict kv_eval(session&, arguments);
verdict kv_get(session&, arguments);
verdict kv_load(session&, arguments);
verdict kv_set(session&, arguments);
verdict kv_update(session&, arguments);

// The whole node
verdict dbsize(session&, arguments);
verdict flushall(session&, arguments);
verdict keys(session&, arguments);
verdict randomkey(session&, arguments);
verdict scan(session&, arguments);

// The cluster, and what people want of it
verdict cluster_add(session&, arguments);
verdict cluster_pause(session&, arguments);
verdict cluster_plan(session&, arguments);
verdict cluster_rate(session&, arguments);
verdict cluster_rehash(session&, arguments);
verdict cluster_remove(session&, arguments);
verdict cluster_status(session&, arguments);
verdict cluster_weigh(session&, arguments);
verdict cluster_countkeysinslot(session&, arguments);
verdict cluster_getkeysinslot(session&, arguments);
verdict cluster_help(session&, arguments);
verdict cluster_info(session&, arguments);
verdict cluster_keyslot(session&, arguments);
verdict cluster_myid(session&, arguments);
verdict cluster_nodes(session&, arguments);
verdict cluster_shards(session&, arguments);
verdict cluster_slots(session&, arguments);

// From other nodes
verdict node_code(session&, arguments);
verdict node_keep(session&, arguments);
verdict node_gossip(session&, arguments);
verdict node_hello(session&, arguments);
verdict node_invite(session&, arguments);
verdict node_leave(session&, arguments);
verdict node_join(session&, arguments);
verdict node_slot(session&, arguments);
verdict node_topology(session&, arguments);

/// The numkeys word of KV.UPDATE and KV.EVAL: from 1 to `words_left`, which must be just as many; nothing for anything else.
std::optional<std::size_t> parse_key_count(std::string_view word, std::size_t words_left) noexcept;

}  // namespace mykeyv::server::handlers
