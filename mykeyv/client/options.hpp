// SPDX-License-Identifier: Apache-2.0
// What a user of the client may choose.
#pragma once

#include "mykeyv/base/default_port.hpp"
#include "mykeyv/base/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv {

/// Settings of a client, for its whole life.
struct client_options {
    /// Nodes to ask for the map of the cluster: "host:port", "host" (port 6958) or "[v6]:port". At least one; one that
    /// answers is enough. More make the start independent of a single node.
    std::vector<std::string> seeds = {};

    /// Longest time one operation may take, counting connecting and every redirect and retry.
    /// Zero: no limit. Must not be negative. Raising it makes a dead node slower to notice.
    std::chrono::milliseconds operation_timeout{2'000};

    /// Longest time that resolving, connecting and greeting one node may take, and that one node is waited for when the
    /// map is asked for. Must be positive. Raising it makes a node that drops packets slower to give up on.
    std::chrono::milliseconds connect_timeout{1'000};

    /// First and longest pause before a node that could not be reached is tried again, and before a request that a node
    /// asked to repeat is; doubled each time, then cut by up to half at random. Must be positive, the first not above the longest.
    std::chrono::milliseconds backoff_min{20};
    std::chrono::milliseconds backoff_max{1'000};

    /// Connections to each node; a slot always uses the same one, so operations on one key stay in order. 1 to 64.
    /// More help where one TCP stream is the limit; each costs the node a socket and splits the batches.
    std::size_t connections_per_node = 1;

    /// Bytes of requests that may wait for one connection; an operation beyond it fails with errc::overloaded.
    /// At least the largest record. Raising it costs memory when a node is slow.
    std::size_t queue_bytes_max = 64u << 20;

    /// Times that nodes may send one request elsewhere, or that it may be repeated after a lost connection. Not negative.
    int redirects_max = limits::redirects_max;

    /// Sent to each node when connecting, if `password` is not empty; an empty `username` is the default user.
    std::string username = {};
    std::string password = {};
};

/// How a record is set. At most one of the three conditions; more are errc::syntax.
struct set_options {
    /// The record is forgotten so long after it is stored. Nothing: it stays. Not positive: errc::invalid_expire.
    std::optional<std::chrono::milliseconds> ttl = {};
    bool only_if_absent = false;
    bool only_if_present = false;
    /// Only if the record has this version, as a get or a set gave it: compare and set.
    std::optional<std::uint64_t> if_version = {};
};

}  // namespace mykeyv
