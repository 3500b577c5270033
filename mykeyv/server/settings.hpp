// SPDX-License-Identifier: Apache-2.0
// What an operator may set for one node.
#pragma once

#include "mykeyv/base/default_port.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/script/engine.hpp"
#include "mykeyv/store/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::server {

struct settings {
    /// Where clients are listened for. Port 0: any free one. Host "*": every address of the machine.
    endpoint bind{"127.0.0.1", default_port};
    /// What the others and the clients are told. Nothing: the address listened on, or 127.0.0.1 where that is "*".
    /// A port of 0 stands for the one listened on.
    std::optional<endpoint> announce;
    /// The data directory, MySQL, the cache, the lanes.
    store::settings store;
    /// Threads that talk to clients. 1 to 64. More help while a core is idle and lanes are not the limit.
    unsigned io_threads = 2;
    /// What one call of update() code may use.
    script::budget script_budget;
    log_level lowest_log_level = log_level::info;
    /// JSON text of a topology. Used at the first start; later only if its version is higher than that of the stored one.
    std::optional<std::string> topology;
    /// What nodes of one cluster show each other. Empty: this node takes no part in moves, and nobody can join it.
    std::string cluster_secret;
    /// At the first start: a member of the cluster that this node is to join. Later it is passed over.
    std::optional<endpoint> join;
    /// How much of the slots it is to take then, compared with the others.
    std::uint32_t join_weight = 1;
    /// How long a stop waits for operations in flight and for clients to take their replies; then their connections are cut.
    std::chrono::milliseconds stop_patience{10'000};
};

/// How many threads a node does best with: io_threads, store::settings::lanes and readers.
struct thread_counts {
    unsigned io;
    unsigned lanes;
    unsigned readers;
};

/// For a machine that MySQL and some clients share with the node; `cores` 0: unknown. Measured, see docs/performance.md: more I/O threads
/// than half of the cores take them from clients and MySQL; more lanes than that make batches smaller, so that more is spent on commits.
thread_counts threads_for(unsigned cores) noexcept;

/// Bytes of a private MariaDB's buffer pool on a machine with so much memory: an eighth, 128 MiB to 1 GiB, since it is not alone there.
/// Measured, see docs/storage.md: rows that are written and not in it cost a read of the disk each.
std::size_t buffer_pool_bytes_for(std::uint64_t memory_bytes) noexcept;

/// Bytes as people write them: "0", "65536", "64KiB", "256MiB", "2GiB" (also "64K", "64KB": always powers of 1024). Nothing for
/// anything else, or for more than 2^63-1.
std::optional<std::uint64_t> parse_byte_size(std::string_view) noexcept;

/// The shortest such text: "256MiB".
std::string byte_size_text(std::uint64_t bytes);

}  // namespace mykeyv::server
