// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/embedded_directory.hpp"

#include "mykeyv/store/mysql/child_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace mykeyv::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t socket_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t log_tail_bytes = 2000;

/// A quarter of the buffer pool, in whole MiB. When the redo log is full, pages have to be written to make room in it, and commits wait for
/// the disk behind them; a longer one makes recovery longer. docs/storage.md has figures.
std::string redo_log(embedded_options const& options)
{
    return fmt::format("--innodb-log-file-size={}M", std::clamp<std::size_t>((options.buffer_pool_bytes / 4) >> 20, 96, 1024));
}

/// What is in a file, and the names in a directory, are on disk only after this.
failure sync(fs::path const& path)
{
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) { return system_failure("open", path); }
    auto why = ::fsync(file) == 0 ? failure{} : system_failure("sync", path);
    ::close(file);
    return why;
}

/// Not syncfs(2), which would wait for what everybody else writes there.
failure sync_tree(fs::path const& root)
{
    for (auto const& entry : fs::recursive_directory_iterator{root}) {
        if (auto why = sync(entry.path())) { return why; }
    }
    return sync(root);
}

}  // namespace

failure embedded_directory::lock(fs::path const& root)
{
    if (auto why = make_directory(root)) { return why; }
    root_ = fs::canonical(root);
    if (socket().native().size() > socket_path_bytes_max) {
        return failure::because(fmt::format("the data directory's path is too long: {} has more than the {} bytes that a socket's may have",
                                            socket().string(), socket_path_bytes_max));
    }
    if (auto why = lock_.take(root_)) { return why; }
    auto const run = root_ / "run";
    if (auto why = make_directory(run)) { return why; }
    if (auto why = make_directory(temporary())) { return why; }
    std::error_code problem;
    fs::permissions(run, fs::perms::owner_all, problem);  // whoever reaches the socket is the database's root
    return problem ? failure::because(fmt::format("cannot close {} to others: {}", run.string(), problem.message())) : failure{};
}

void embedded_directory::unlock() noexcept { lock_.release(); }

failure embedded_directory::end_leftovers(std::chrono::seconds patience)
{
    for (auto const& directory : {data(), unfinished()}) {
        auto const argument = "--datadir=" + directory.string();
        auto const signal_all = [&](int signal, std::string_view what) {
            for (auto const pid : processes_with_argument(argument)) {
                log_.warning("mariadbd (process {}) of an earlier mykeyvd still runs on {}: {} it", pid, directory.string(), what);
                ::kill(pid, signal);
            }
        };
        auto const end_by = [&](std::chrono::steady_clock::time_point deadline) {
            while (!processes_with_argument(argument).empty()) {
                if (std::chrono::steady_clock::now() >= deadline) { return false; }
                // Not our child any more, so its end is no event for us: it is looked for.
                std::this_thread::sleep_for(std::chrono::milliseconds{20});
            }
            return true;
        };
        signal_all(SIGTERM, "stopping");
        if (end_by(std::chrono::steady_clock::now() + patience)) { continue; }
        signal_all(SIGKILL, "it does not stop; killing");
        if (end_by(std::chrono::steady_clock::now() + patience)) { continue; }
        return failure::because(fmt::format("a mariadbd of an earlier mykeyvd on {} cannot be killed", directory.string()));
    }
    return {};
}

failure embedded_directory::ensure_database_files(embedded_options const& options)
{
    if (fs::exists(data())) { return {}; }
    std::error_code problem;
    fs::remove_all(unfinished(), problem);
    if (problem) { return failure::because(fmt::format("cannot remove {}: {}", unfinished().string(), problem.message())); }
    auto const installer = find_program(options.mariadb_install_db);
    if (!installer) { return failure::because(options.mariadb_install_db + " was not found: is MariaDB's server installed?"); }
    log_.info("making a database in {}", data().string());
    // Nothing is durable before the rename below, so nothing has to be while it is made.
    std::vector<std::string> arguments{"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
                                       "--datadir=" + unfinished().string(), redo_log(options),
                                       "--tmpdir=" + temporary().string(), "--innodb-flush-log-at-trx-commit=0", "--debug-no-sync"};
    if (::geteuid() == 0) { arguments.emplace_back("--user=root"); }
    auto const child = start_program(*installer, arguments, log_file());
    if (child < 0) { return system_failure("start", *installer); }
    if (auto const status = await_end(child); status != 0) {
        return failure::because(fmt::format("{} ended with {}; {}", installer->string(), describe_end(status), log_tail()));
    }
    if (auto why = sync_tree(unfinished())) { return why; }
    fs::rename(unfinished(), data(), problem);
    if (problem) { return failure::because(fmt::format("cannot rename {}: {}", unfinished().string(), problem.message())); }
    return sync(root_);
}

std::vector<std::string> embedded_directory::arguments(embedded_options const& options) const
{
    std::vector<std::string> arguments{
        "--no-defaults",
        "--datadir=" + data().string(),
        // Its own: at its start a server removes temporary tables that it finds there, whoever uses them.
        "--tmpdir=" + temporary().string(),
        "--socket=" + socket().string(),
        "--pid-file=" + (root_ / "run" / "mariadb.pid").string(),
        "--skip-networking",
        "--skip-name-resolve",
        "--skip-slave-start",
        "--server-id=1",
        "--character-set-server=binary",
        "--max-connections=500",
        "--performance-schema=OFF",
        "--log-warnings=1",
        fmt::format("--max-allowed-packet={}", options.packet_bytes_max),
        fmt::format("--innodb-buffer-pool-size={}", options.buffer_pool_bytes),
        redo_log(options),
        // Promise 1: a reply means on disk.
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-doublewrite=ON",
        // MariaDB appends to the block of the redo log that it is writing. With direct writes, for as long as the disk takes;
        // then a kill may leave old records behind the last one, which recovery takes for new ones. See decision 0007.
        "--loose-innodb-log-file-buffering=ON",
        "--log-bin=binlog",
        "--binlog-format=ROW",
        "--sync-binlog=1",
        // The binary log is for a replica or a restore to come; what it repeats of a row costs every write.
        "--binlog-row-image=MINIMAL",
        "--binlog-annotate-row-events=OFF",
        // A transaction that moves rows fits in; 32 KiB, the default, would send it through a temporary file.
        "--binlog-cache-size=1M",
        "--max-binlog-size=64M",
        "--loose-binlog-expire-logs-seconds=3600",
        // Memory that only other engines would use.
        "--key-buffer-size=1M",
        "--aria-pagecache-buffer-size=8M",
        "--query-cache-size=0",
    };
    if (::geteuid() == 0) { arguments.emplace_back("--user=root"); }
    return arguments;
}

std::string embedded_directory::log_tail() const
{
    std::ifstream file{log_file(), std::ios::binary | std::ios::ate};
    auto const size = file ? static_cast<std::size_t>(file.tellg()) : 0;
    auto const wanted = std::min(size, log_tail_bytes);
    std::string text(wanted, '\0');
    file.seekg(static_cast<std::streamoff>(size - wanted));
    file.read(text.data(), static_cast<std::streamsize>(wanted));
    return fmt::format("its log {} ends with:\n{}", log_file().string(), text);
}

}  // namespace mykeyv::store
