// SPDX-License-Identifier: Apache-2.0
// The slot map with the replies that clients ask for it by, rendered once per map instead of once per question.
#pragma once

#include "mykeyv/cluster/ownership.hpp"
#include "mykeyv/cluster/slot_map.hpp"
#include "mykeyv/resp/protocol.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace mykeyv::server {

/// Never changes once made; shared by all I/O threads.
class cluster_view {
public:
    /// `number` tells views of one node apart.
    explicit cluster_view(std::shared_ptr<cluster::slot_map const>, std::uint64_t number = 0);

    cluster::slot_map const& map() const noexcept { return *map_; }
    std::uint64_t number() const noexcept { return number_; }

    // Whole replies, encoded.

    /// CLUSTER SLOTS: [from, to, [host, port, id, {}]] per range.
    std::string const& slots(resp::protocol p) const noexcept { return p == resp::protocol::resp3 ? slots3_ : slots2_; }
    /// CLUSTER SHARDS: {slots, nodes} per node.
    std::string const& shards(resp::protocol p) const noexcept { return p == resp::protocol::resp3 ? shards3_ : shards2_; }

    // Texts of replies.

    /// CLUSTER NODES: one line per node, each ended by a line feed; redis-cli loses a last line without one.
    std::string const& nodes() const noexcept { return nodes_; }
    /// CLUSTER INFO: CRLF lines.
    std::string const& info() const noexcept { return info_; }

private:
    std::shared_ptr<cluster::slot_map const> map_;
    std::uint64_t number_;
    std::string slots2_, slots3_, shards2_, shards3_, nodes_, info_;
};

/// The view of what a node knows, made anew when that has changed. Safe from any thread.
class cluster_views {
public:
    /// `of` must outlive it.
    explicit cluster_views(cluster::ownership const& of) noexcept : of_{of} {}
    /// `held` is what the caller got last, or null.
    std::shared_ptr<cluster_view const> newest(std::shared_ptr<cluster_view const> held);

private:
    cluster::ownership const& of_;
    std::mutex mutex_;
    std::shared_ptr<cluster_view const> made_;
};

}  // namespace mykeyv::server
