// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/info.hpp"

#include "mykeyv/server/options.hpp"
#include "mykeyv/server/version.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace mykeyv::server {
namespace {

std::string server_section(node_state const& node)
{
    auto const up = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - node.started).count();
    return fmt::format(
        "redis_version:{}\r\nserver_name:mykeyv\r\nmykeyv_version:{}\r\nmysql_version:{}\r\nredis_mode:cluster\r\nos:Linux\r\n"
        "arch_bits:64\r\nprocess_id:{}\r\nrun_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\nuptime_in_days:{}\r\nio_threads:{}\r\n"
        "lanes:{}\r\n",
        redis_version, mykeyv_version, node.store->server_version(), ::getpid(), node.store->id().text(), node.listening.port, up,
        up / 86'400, node.chosen.io_threads, node.chosen.store.lanes);
}

std::string clients_section(node_state const& node)
{
    return fmt::format("connected_clients:{}\r\nblocked_clients:0\r\ncluster_connections:0\r\n", node.open_sessions.load());
}

std::string memory_section(node_state const& node)
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const peak = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
    auto const figures = node.store->figures();
    return fmt::format(
        "used_memory:{}\r\nused_memory_rss:{}\r\nused_memory_peak:{}\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
        "cache_bytes:{}\r\ncache_bytes_max:{}\r\ncache_records:{}\r\nnumber_of_cached_scripts:{}\r\nmem_allocator:libc\r\n",
        figures.cache_bytes, peak, peak, figures.cache_bytes, node.chosen.store.cache_bytes, figures.cache_records, node.scripts.count());
}

std::string persistence_section(node_state const&)
{
    return "loading:0\r\naof_enabled:1\r\nrdb_changes_since_last_save:0\r\n";
}

std::string stats_section(node_state const& node)
{
    std::uint64_t commands = 0;
    for (auto const& each : node.workers) { commands += each->commands.load(std::memory_order_relaxed); }
    auto const figures = node.store->figures();
    return fmt::format(
        "total_connections_received:{}\r\ntotal_commands_processed:{}\r\ninstantaneous_ops_per_sec:0\r\nrejected_connections:0\r\n"
        "expired_keys:{}\r\nevicted_keys:0\r\nkeyspace_hits:{}\r\nkeyspace_misses:{}\r\ncache_evictions:{}\r\nlane_batches:{}\r\n"
        "lane_operations:{}\r\n",
        node.connections_received.load(), commands, figures.expired, figures.cache_hits, figures.cache_misses, figures.cache_evictions,
        figures.batches, figures.operations);
}

std::string replication_section(node_state const&) { return "role:master\r\nconnected_slaves:0\r\nmaster_repl_offset:0\r\n"; }

std::string cpu_section(node_state const&)
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return fmt::format("used_cpu_sys:{:.6f}\r\nused_cpu_user:{:.6f}\r\n", seconds(used.ru_stime), seconds(used.ru_utime));
}

std::string cluster_section(node_state const&) { return "cluster_enabled:1\r\n"; }

/// Counting records costs a walk over an index; DBSIZE does it for whoever asks.
std::string keyspace_section(node_state const&) { return ""; }

struct section {
    std::string_view title;
    std::string (*text)(node_state const&);
};

constexpr section sections[] = {
    {"Server", server_section},           {"Clients", clients_section}, {"Memory", memory_section},
    {"Persistence", persistence_section}, {"Stats", stats_section},     {"Replication", replication_section},
    {"CPU", cpu_section},                 {"Cluster", cluster_section}, {"Keyspace", keyspace_section},
};

bool is_wanted(section const& each, arguments asked)
{
    if (asked.empty()) { return true; }
    std::string title{each.title};
    for (auto& c : title) { c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
    return std::ranges::any_of(asked, [&](std::string_view word) {
        return is_word(word, title) || is_word(word, "ALL") || is_word(word, "EVERYTHING") || is_word(word, "DEFAULT");
    });
}

}  // namespace

std::string info_text(node_state const& node, arguments asked)
{
    std::string text;
    for (auto const& each : sections) {
        if (!is_wanted(each, asked)) { continue; }
        if (!text.empty()) { text += "\r\n"; }
        text += fmt::format("# {}\r\n{}", each.title, each.text(node));
    }
    return text;
}

}  // namespace mykeyv::server
