// SPDX-License-Identifier: Apache-2.0
// How a store starts.
#include "mykeyv/store/mysql/durability.hpp"
#include "mykeyv/store/mysql/schema.hpp"
#include "mykeyv/store/mysql/slots_table.hpp"
#include "mykeyv/store/mysql_lane_session.hpp"
#include "mykeyv/store/store_parts.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace mykeyv::store {
namespace {

constexpr std::chrono::milliseconds take_over_patience{30'000};

server_settings to_server_settings(mysql_settings const& given)
{
    server_settings server;
    server.socket = given.socket;
    if (!given.host.empty()) { server.host = given.host; }
    server.port = given.port;
    server.user = given.user;
    server.password = given.password;
    server.database = given.database;
    return server;
}

/// While the node starts: what was offered stays parked until the other node has answered.
gate gate_of(slot_row const& row) noexcept
{
    switch (row.state) {
    case slot_state::owned: return gate::open;
    case slot_state::handing_over: return gate::parked;
    default: return gate::closed;
    }
}

std::string instance_name()
{
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    return fmt::format("{} pid {}", host, ::getpid());
}

}  // namespace

void must(failure const& failed, std::string_view doing)
{
    if (failed) { throw start_up_error{fmt::format("{}: {}", doing, failed.text)}; }
}

store::parts::parts(settings given, log& to, clock const& from, unique_function<void()> fenced)
    : wanted{std::move(given)},
      to_log{to},
      time{from},
      on_fenced{std::move(fenced)},
      private_mariadb{to},
      known{wanted.cache_bytes}
{
    if (wanted.lanes < 1 || wanted.lanes > 64) { throw start_up_error{"lanes must be 1 to 64"}; }
    if (wanted.readers < 1 || wanted.readers > 64) { throw start_up_error{"readers must be 1 to 64"}; }
    if (wanted.mysql) {
        if (!wanted.data_dir.empty()) { must(lock.take(wanted.data_dir), "data directory"); }
        server = to_server_settings(*wanted.mysql);
    } else {
        embedded_options options{.buffer_pool_bytes = wanted.buffer_pool_bytes};
        options.packet_bytes_max = std::max(options.packet_bytes_max, 2 * wanted.value_bytes_max + (std::size_t{1} << 20));
        must(private_mariadb.start(wanted.data_dir, options), "private MariaDB");
        server = private_mariadb.settings();
    }
    connection link;
    connect_and_check(link);
    auto const held = take_over_and_wait();
    mysql.emplace(server, held, to_log, std::move(on_fenced));
    env.emplace(to_log, time, *mysql, known, wanted.value_bytes_max, wanted.outcome_patience);
    env->parked_time = wanted.parked_time;

    session first;  // read again what the node remembers: from here on nobody else can change it
    must(mysql->open(first), "MySQL");
    must(load_or_make_node_id(first.link, wanted.first_id, id), "node id");
    must(load_slots(first.link, slots), "slots");
    ever_owned = !slots.empty();
    for (auto const& [s, row] : slots) { env->gates.set(s, gate_of(row)); }
    must(load_scripts(first.link, scripts), "scripts");
    open_threads();
}

void store::parts::connect_and_check(connection& link)
{
    must(ensure_database(server), "database");
    must(link.open(server), "MySQL");
    server_version = link.server().text();
    must(ensure_schema(link), "schema");
    std::vector<finding> findings;
    must(check_durability(link, wanted.value_bytes_max, findings), "settings");
    must(link.rollback(), "MySQL");
    if (findings.empty()) { return; }
    if (!wanted.allow_unsafe_mysql) {
        throw start_up_error{fmt::format("MySQL at {} would lose acknowledged writes: {}. Change that, or start with --allow-unsafe-mysql",
                                         server.where(), describe(findings))};
    }
    to_log.warning("MySQL at {} may lose acknowledged writes, as --allow-unsafe-mysql allows: {}", server.where(), describe(findings));
}

tenure store::parts::take_over_and_wait()
{
    tenure held;
    must(take_over(server, instance_name(), lease_length, take_over_patience, held), "take-over");
    to_log.info("took over database '{}' at {} ({}), epoch {}", server.database, server.where(), server_version, held.epoch);
    // The lock on the data directory shows that whoever used a private MariaDB before us is dead.
    if (wanted.mysql && held.previous_unclean) {
        to_log.info("the daemon before did not stop cleanly: waiting {} ms until it cannot be answering from its cache",
                    held.previous_lease.count());
        std::this_thread::sleep_for(held.previous_lease);  // time itself is what is awaited
    }
    return held;
}

void store::parts::open_threads()
{
    for (unsigned i = 0; i < wanted.lanes; ++i) {
        lanes.push_back(std::make_unique<lane>(i, *env, std::make_unique<mysql_lane_session>(*mysql)));
    }
    auto const hand_on = [this](operation_ptr op) { lane_of(op->slot()).submit(std::move(op)); };
    for (unsigned i = 0; i < wanted.readers; ++i) { readers.push_back(std::make_unique<reader>(i, *env, hand_on)); }
    office = std::make_unique<clerk>(*env, [this](slot s) -> lane& { return lane_of(s); });
    guard = std::make_unique<watch>(*env, wanted.allow_unsafe_mysql);
}

}  // namespace mykeyv::store
