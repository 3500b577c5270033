// SPDX-License-Identifier: Apache-2.0
// What all threads of one store share.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/store/cache.hpp"
#include "mykeyv/store/mysql/connection.hpp"
#include "mykeyv/store/mysql/fence.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "mykeyv/store/slot_gates.hpp"
#include "mykeyv/store/write_stamps.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace mykeyv::store {

/// How long the cache may be believed after the fence was last seen to hold: another daemon that takes over waits as long.
inline constexpr std::chrono::milliseconds lease_length{2000};

/// Until when this daemon may answer from its cache. Written by the watch, read by everybody.
///
/// A stopped process (SIGSTOP, a frozen machine) finds the lease over when it goes on, because the clock went on.
class serving_lease {
public:
    using clock_ms = std::int64_t;
    /// Milliseconds of CLOCK_BOOTTIME, which also runs while the machine is suspended.
    static clock_ms now() noexcept;

    bool holds() const noexcept { return now() < until_.load(std::memory_order_relaxed); }
    /// The fence held at some time after `asked_at`.
    void renew(clock_ms asked_at) noexcept { until_.store(asked_at + lease_length.count(), std::memory_order_relaxed); }
    void end() noexcept { until_.store(0); }

private:
    std::atomic<clock_ms> until_{0};
};

/// A connection that has passed the fence, and the statements on it.
struct session {
    connection link;
    std::optional<records_table> records;

    bool usable() const noexcept { return records && link.is_open() && !link.broken(); }
};

/// Opens sessions. Safe from any thread.
class connector {
public:
    connector(server_settings settings, tenure held, log& to, unique_function<void()> on_fenced);

    /// Connects anew and verifies the fence. `fenced`: on_fenced has been called.
    failure open(session&);
    /// Verifies the fence on an open connection.
    failure check(connection&);

    tenure const& held() const noexcept { return held_; }
    server_settings const& settings() const noexcept { return settings_; }

private:
    server_settings const settings_;
    tenure const held_;
    log& log_;
    std::once_flag fenced_once_;
    unique_function<void()> on_fenced_;
};

struct counters {
    std::atomic<std::uint64_t> batches{0};
    std::atomic<std::uint64_t> operations{0};
    std::atomic<std::uint64_t> expired{0};
};

struct environment {
    environment(log& to, clock const& from, connector& sessions, cache& cached, std::size_t value_bytes, std::chrono::milliseconds patience)
        : to_log{to}, time{from}, mysql{sessions}, known{cached}, value_bytes_max{value_bytes}, outcome_patience{patience}
    {
    }

    log& to_log;
    clock const& time;
    connector& mysql;
    cache& known;
    write_stamps stamps;
    slot_gates gates;
    serving_lease lease;
    counters counted;
    std::size_t value_bytes_max;
    std::chrono::milliseconds outcome_patience;
    /// How long an operation waits for another node's answer about its slot.
    std::chrono::milliseconds parked_time = limits::parked_time_default;
    /// False while MySQL's settings would lose acknowledged writes.
    std::atomic<bool> writes_are_safe{true};
};

}  // namespace mykeyv::store
