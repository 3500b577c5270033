// SPDX-License-Identifier: Apache-2.0
// The store of one node: its MySQL, the lanes that write, the readers, the cache, and what a node must remember.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/store/lane_core.hpp"
#include "mykeyv/store/operation.hpp"
#include "mykeyv/store/slot_row.hpp"
#include "mykeyv/store/start_up_error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv::store {

/// An existing MySQL or MariaDB; without one the store runs a private MariaDB under its data directory.
struct mysql_settings {
    std::string socket;  ///< path of the unix socket; empty: TCP
    std::string host;
    std::uint16_t port = 3306;
    std::string user = "mykeyv";
    std::string password;
    std::string database = "mykeyv";
};

struct settings {
    /// Where the lock, and a private MariaDB, live. Created if absent. Empty, with `mysql` only: no lock is taken.
    std::filesystem::path data_dir;
    /// Empty: a private MariaDB under `data_dir`.
    std::optional<mysql_settings> mysql;
    /// Serve although MySQL's settings may lose acknowledged writes. Logged at each start.
    bool allow_unsafe_mysql = false;
    /// Bytes of keys, values and bookkeeping that the cache may hold. 0: no cache. Default 256 MiB.
    std::size_t cache_bytes = std::size_t{256} << 20;
    /// Bytes of the private MariaDB's buffer pool: pages of rows and indexes that are read and written in memory. At least 5 MiB.
    std::size_t buffer_pool_bytes = std::size_t{128} << 20;
    /// Lanes: writing threads, each with its connection. 1 to 64.
    unsigned lanes = 4;
    /// Threads that read what the cache does not have, each with its connection. 1 to 64.
    unsigned readers = 4;
    /// Bytes; longer values are refused. 1 to what MySQL's max_allowed_packet leaves.
    std::size_t value_bytes_max = limits::value_bytes_max_default;
    /// What id() becomes at the first start; later starts must name the same or none. None: a random one.
    std::optional<node_id> first_id;
    /// How long an answer about a broken commit is searched before the caller is told `outcome_unknown`.
    std::chrono::milliseconds outcome_patience{10'000};
    /// How long an operation waits while its slot changes its owner, before the caller is told `in_transit`.
    std::chrono::milliseconds parked_time = limits::parked_time_default;
};

/// A page of keys in the order of (slot, hash of the key).
struct key_page {
    std::uint64_t next_cursor = 0;  ///< 0: the end
    std::vector<std::string> keys;
};

/// Figures since the start; each is exact, but they are read one after another.
struct figures {
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t cache_records = 0;
    std::uint64_t cache_bytes = 0;
    std::uint64_t cache_evictions = 0;
    std::uint64_t batches = 0;     ///< committed transactions of the lanes
    std::uint64_t operations = 0;  ///< operations that those transactions carried
    std::uint64_t expired = 0;     ///< records erased because their time had come
};

class store {
public:
    /// Starts or connects MySQL, checks its settings, takes over (fence), upgrades the schema, and is ready to serve.
    /// Throws start_up_error with a sentence for the operator. `on_fenced` is called once, on a thread of the store, when
    /// another daemon took over this MySQL; nothing is served or committed from then on and the process should end.
    store(settings, class log&, clock const&, unique_function<void()> on_fenced);
    ~store();  ///< stops, if stop() was not called

    /// Makes who moves the slots of a lane: called for each lane, with the rows of its slots. Null: nobody does.
    using agent_maker = std::function<std::unique_ptr<slot_agent>(lane_core&, std::vector<std::pair<slot, slot_row>> const&)>;
    /// The lanes begin to work: before it, nothing that is submitted ends. Once, after claim() if that is to be called.
    void start(agent_maker const& = {});
    /// Something to be done by a lane between two batches. Any thread.
    void tell_lane(unsigned lane, errand);
    /// Something that the agent of a lane is to know. Any thread.
    void tell_agent(unsigned lane, errand);
    unsigned lanes() const noexcept;
    /// Of this daemon's take-over: later ones have higher numbers.
    std::uint64_t fence_epoch() const noexcept;

    /// Who this node is, for ever; drawn at the first start.
    node_id id() const noexcept;
    /// The MySQL or MariaDB version string of the server.
    std::string server_version() const;

    // Operations

    /// The lane of a slot, 0 to lanes-1. `decide` of writes of one lane are never called two at once, so what belongs to a
    /// lane (an interpreter) needs no lock.
    unsigned lane_of(slot) const noexcept;

    /// What try_cached needs to know of now. Any thread.
    cache_moment moment() const noexcept;
    /// Answers a read from the cache: calls `decide`, not `completed`. False: some record is not cached, or it cannot be
    /// known that the cache is still true; nothing was called. `at` may be some time ago, but not before the read was asked
    /// for: so one look at the clock is enough for all that came in together. Any thread. Never blocks.
    bool try_cached(operation& read, cache_moment at);
    /// A hint: these keys will be asked for in a moment. Any thread. Never blocks.
    void prefetch(std::span<std::string_view const> keys) const noexcept;

    /// Hands an operation over; `completed` will be called, perhaps before this returns. Any thread.
    /// Reads may overtake writes that are under way and not yet acknowledged; writes of one slot take effect in the order of submission.
    void submit(operation_ptr);

    /// As submit, but takes its turn among the slot's writes: for a read behind a write of the same connection.
    void submit_in_order(operation_ptr);

    // The whole node. The callbacks run on a thread of the store; errc::ok or why not.

    /// Keys of owned slots. `cursor` 0 begins. About `count` keys per page, more when hashes tie. A key that is there from
    /// the first page to the last is found; no order is promised. Expired keys are left out.
    void async_keys(std::uint64_t cursor, std::size_t count, unique_function<void(errc, key_page)>);
    /// Records in one slot, or in all owned slots.
    void async_count(std::optional<slot>, unique_function<void(errc, std::uint64_t)>);
    /// Records, and bytes of their keys and values, in the slots of this node from `first` to `last`.
    void async_weigh(slot first, slot last, unique_function<void(errc, std::uint64_t records, std::uint64_t bytes)>);
    /// Erases every record of every owned slot, lane by lane; not atomic: a crash may leave some.
    void async_erase_all(unique_function<void(errc)>);

    // What a node remembers

    /// Whether operations on the slot are taken: it is ours, or was until a moment ago and no other node has answered yet. Any thread.
    bool owns(slot) const noexcept;
    /// Durably makes this node the first owner of `slots`. Throws where one of them has a row.
    void claim(std::vector<slot> const& slots);
    bool ever_owned() const;
    /// Whether the slot had a row when the store was opened, or was claimed. Only while the node starts.
    bool has_row(slot) const;

    std::optional<std::string> topology() const;
    void save_topology(std::uint64_t version, std::string const& document);  ///< blocks; throws start_up_error
    void async_save_topology(std::uint64_t version, std::string document, unique_function<void(errc)>);
    /// The rows of the slots that have one, as they were before start().
    std::vector<std::pair<slot, slot_row>> const& slots_at_start() const noexcept;
    bool has_records() const;  ///< blocks; throws start_up_error

    /// Code known to this node, or null. Any thread, never blocks.
    std::shared_ptr<std::string const> find_script(script_id) const;
    std::vector<std::shared_ptr<std::string const>> scripts() const;  ///< all of it
    void async_save_script(std::string code, unique_function<void(errc, script_id)>);

    class figures figures() const;

    /// Takes no more operations, finishes those that were taken, marks a clean stop, stops a private MariaDB.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::store
