// SPDX-License-Identifier: Apache-2.0
// What every session needs of its node. Whoever makes it (node) outlives all sessions.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/cluster/ownership.hpp"
#include "mykeyv/script/engine.hpp"
#include "mykeyv/script/library.hpp"
#include "mykeyv/server/cluster_view.hpp"
#include "mykeyv/server/conductor.hpp"
#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/settings.hpp"
#include "mykeyv/server/worker.hpp"
#include "mykeyv/store/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace mykeyv::server {

struct node_state {
    node_state(settings s, class log& l, clock const& c) : chosen{std::move(s)}, log{l}, time{c} {}

    settings const chosen;
    class log& log;
    clock const& time;

    /// There from before the first session on to after the last.
    std::unique_ptr<store::store> store;
    std::unique_ptr<cluster::ownership> owners;
    std::unique_ptr<cluster_views> views;
    std::unique_ptr<class conductor> conductor;
    endpoint listening;
    /// What the others are told.
    endpoint announced;
    std::chrono::steady_clock::time_point const started = std::chrono::steady_clock::now();

    /// How fast rows of slots on their way may be sent.
    pacer pace;

    /// Code that was sent to this node, also what KV.EVAL brought.
    script::library scripts;
    /// One per lane, used by that lane only.
    std::vector<std::unique_ptr<script::engine>> engines;

    std::vector<std::unique_ptr<worker>> workers;

    /// Compiles what clients send, which may take as long as a call: no I/O thread and no lane waits for it. One piece of code for
    /// each session at most waits here.
    async::io_thread compiler{"compiler"};

    std::atomic<std::uint64_t> next_session_id{1};
    std::atomic<std::uint64_t> connections_received{0};
    std::atomic<std::uint64_t> open_sessions{0};
    std::mutex session_closed_mutex;
    std::condition_variable session_closed;
};

}  // namespace mykeyv::server
