// SPDX-License-Identifier: Apache-2.0
// One I/O thread, and what the sessions on it share without a lock.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/record/documents.hpp"
#include "mykeyv/record/json.hpp"
#include "mykeyv/record/strings.hpp"
#include "mykeyv/server/cluster_view.hpp"
#include "mykeyv/server/pending.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace mykeyv::server {

class session;
struct node_state;

/// Touched on its thread only, but for `commands`, which anybody may read.
struct worker {
    worker(node_state& of, std::size_t index_) : node{of}, index{index_} {}

    node_state& node;
    std::size_t index;
    /// Who serves which slot, as far as is known now.
    cluster_view const& view();
    json_checker documents;
    cache_probe<op::get> get_probe{"get"};
    cache_probe<op::kv_get> kv_get_probe{"kv.get"};
    /// The open ones, by id.
    std::unordered_map<std::uint64_t, session*> sessions;
    /// Commands begun since the start; written by this thread only.
    std::atomic<std::uint64_t> commands{0};
    std::shared_ptr<cluster_view const> last_view;
    async::io_thread thread;  // last, so that it ends before what it uses
};

}  // namespace mykeyv::server
