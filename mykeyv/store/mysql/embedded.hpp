// SPDX-License-Identifier: Apache-2.0
// A private mariadbd under our data directory, started, watched and stopped by us.
//
// In the data directory D: `lock` (held while we live), `mysql/` (MariaDB's own), `mysql.new/` (a first start that did not
// finish), `run/` (socket and pid file, for our account only), `tmp/`, `mariadb.log`.
#pragma once

#include "mykeyv/base/log.hpp"
#include "mykeyv/store/mysql/connection.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

namespace mykeyv::store {

struct embedded_options {
    /// Bytes of MariaDB's buffer pool, at least 5 MiB. Our own cache stands in front of it, so it may be modest.
    std::size_t buffer_pool_bytes = 128u << 20;
    /// Bytes of one message; over the longest value by a margin of 1 MiB at least. At most 1 GiB.
    std::size_t packet_bytes_max = 64u << 20;
    /// How long a start may take, crash recovery included, and how long a clean stop before it is killed.
    std::chrono::seconds start_patience{300};
    std::chrono::seconds stop_patience{300};
    /// How long a mariadbd that outlived an earlier daemon may take to stop before it is killed. Shorter, because it may
    /// hang: MariaDB does when it is told to stop in the middle of a start.
    std::chrono::seconds leftover_patience{30};
    std::string mariadbd = "mariadbd";                        ///< a name found in PATH and the usual sbin folders, or a path
    std::string mariadb_install_db = "mariadb-install-db";  ///< likewise
};

/// Starts with start(), then restarts mariadbd whenever it ends by itself, with growing pauses, until stop().
/// If our process dies, mariadbd is told to stop; if it is still there at the next start on D, it is awaited, then killed.
/// A kill loses nothing that was committed.
/// Threads: start() and stop() from one; the rest from any.
class embedded_server {
public:
    explicit embedded_server(log&);
    ~embedded_server();  ///< stops it
    embedded_server(embedded_server const&) = delete;
    embedded_server& operator=(embedded_server const&) = delete;

    /// Takes the lock on `data_directory` (made if it is not there), makes a database in it if there is none, and waits until
    /// it accepts connections. Refused: another daemon has the directory; no mariadbd is installed; it does not start
    /// (with the end of its log).
    failure start(std::filesystem::path const& data_directory, embedded_options const& = {});

    /// How to reach it, from start() on.
    server_settings const& settings() const noexcept;

    /// Clean: returns when it has ended. Harmless when not started.
    void stop() noexcept;

    /// The process now running; 0 between a death and the restart. It may have ended the next moment.
    pid_t pid() const noexcept;

private:
    struct supervisor;
    std::unique_ptr<supervisor> supervisor_;
};

}  // namespace mykeyv::store
