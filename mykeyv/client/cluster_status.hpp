// SPDX-License-Identifier: Apache-2.0
// The cluster as its nodes tell of it: members, what moves, and how far that is.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/client/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv {

/// A node of the cluster, whether it owns slots or not.
struct member {
    std::string id;  ///< forty hex digits
    endpoint address;
    std::uint32_t weight = 1;  ///< its share of the slots in proportion to the others'
    bool leaving = false;      ///< it was removed, and is a member until its last slot has gone
    /// Since the answering node heard of it; zero: it is that node; nothing: never. What stands below is as of then.
    std::optional<std::chrono::milliseconds> heard_ago = {};
    /// Why it did not answer the answering node when it was asked last, for people; nothing: it did, or was not asked yet.
    std::optional<std::string> problem = {};
    std::optional<std::uint64_t> version = {};  ///< of the topology that it knows; nothing: it was never heard of
    std::uint32_t slots = 0;               ///< that it owns
    std::uint32_t desired = 0;             ///< that it is to own
    std::uint32_t to_leave = 0;            ///< that it owns and that are to go elsewhere

    /// What has left it since its daemon started: slots, records, bytes of keys and values.
    struct departures {
        std::uint64_t slots = 0;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
    };
    departures departed = {};
    std::chrono::microseconds parked_max{0};  ///< the longest that an operation waited there while its slot was cut over
};

/// What one node knows of the cluster; of the others it heard within the last second or so.
struct cluster_status {
    std::string id;
    std::uint64_t version = 0;           ///< of the topology
    std::string author;                  ///< the node that made it
    bool paused = false;                 ///< no further slot begins to move
    std::uint64_t bytes_per_second = 0;  ///< that each node sends at most while slots move; 0: no limit
    std::uint32_t slots_to_move = 0;     ///< that are not yet where they should be
    std::vector<member> nodes = {};
};

/// What a rehash does, or would do.
struct rehash_plan {
    std::uint64_t version = 0;  ///< of the topology that says so
    std::uint32_t moves = 0;    ///< slots that move
    struct pair {
        std::string source;  ///< id
        std::string target;  ///< id
        std::uint32_t count = 0;
        std::vector<slot_range> slots;
    };
    std::vector<pair> pairs = {};
};

/// How far a rehash is.
struct progress {
    std::uint32_t slots_total = 0;
    std::uint32_t slots_left = 0;  ///< that are not yet where they should be
    std::uint64_t records = 0;     ///< that have moved since it is watched
    std::uint64_t bytes = 0;       ///< keys and values of those
    double records_per_second = 0;  ///< over the last seconds
    double bytes_per_second = 0;
    bool paused = false;  ///< no further slot begins to move
};

}  // namespace mykeyv
