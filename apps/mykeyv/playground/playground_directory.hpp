// SPDX-License-Identifier: Apache-2.0
// Where a playground keeps itself.
//
// In the directory D: `lock` (held by the playground and its daemons), `topology.json` (what the nodes are given at their start:
// ids and addresses), and per node, counted from 1, `node-N/` with its data and `mykeyvd.log`.
#pragma once

#include "apps/mykeyv/file_handle.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/hex.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace mykeyv::cli {

inline constexpr unsigned playground_nodes_max = 64;

struct playground_node {
    node_id id;
    endpoint address;
};

/// A directory that is ours alone. Everything here throws `refusal` with a sentence.
class playground_directory {
public:
    /// Makes `path` if it is not there, else it must be empty or a playground's. Nothing: a temporary one.
    /// Refused: it is in use, also by nodes that are still stopping.
    explicit playground_directory(std::optional<std::filesystem::path> const& path);
    /// Removes a temporary one. All daemons must have ended.
    ~playground_directory();
    playground_directory(playground_directory const&) = delete;
    playground_directory& operator=(playground_directory const&) = delete;

    /// Nodes of an earlier run; 0: there was none.
    std::size_t nodes_before() const noexcept { return nodes_.size(); }

    /// Gives the nodes their ports from `first_port` on, making as many as are missing up to `count`, and writes the topology: with
    /// the next version if an address is new. `count` must be nodes_before() unless that is 0.
    void assign(std::size_t count, std::uint16_t first_port);

    /// By number from 0; node i has the directory node-(i+1).
    std::vector<playground_node> const& nodes() const noexcept { return nodes_; }
    std::filesystem::path node_path(std::size_t i) const;
    std::filesystem::path log_path(std::size_t i) const { return node_path(i) / "mykeyvd.log"; }
    std::filesystem::path topology_path() const { return root_ / "topology.json"; }
    /// A file with what the nodes show each other; made by assign().
    std::filesystem::path secret_path() const { return root_ / "cluster-secret"; }
    std::filesystem::path const& root() const noexcept { return root_; }
    bool is_temporary() const noexcept { return temporary_; }

private:
    void lock();
    void read_topology();
    void write_topology() const;
    void make_secret() const;

    std::filesystem::path root_;
    bool temporary_ = false;
    file_handle lock_;  // daemons inherit it: nobody starts a second set of them on the same data
    std::uint64_t version_ = 0;
    std::vector<playground_node> nodes_;
};

}  // namespace mykeyv::cli
