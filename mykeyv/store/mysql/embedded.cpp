// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/embedded.hpp"

#include "mykeyv/base/thread_name.hpp"
#include "mykeyv/store/mysql/child_process.hpp"
#include "mykeyv/store/mysql/embedded_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <sys/wait.h>
#include <thread>

namespace mykeyv::store {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds restart_pause_first{100};
constexpr milliseconds restart_pause_longest{5000};
constexpr std::chrono::seconds stable_after{60};  // a server that ran this long starts the pauses anew
constexpr milliseconds connect_pause{10};

}  // namespace

// One thread starts mariadbd and waits for its end, again and again. It is the same thread for as long as mariadbd runs,
// because the end of the thread that started a child is what tells the child to stop.
struct embedded_server::supervisor {
    explicit supervisor(log& to) : log_{to}, directory_{to} {}
    ~supervisor() { stop(); }

    failure start(std::filesystem::path const&, embedded_options const&);
    void stop() noexcept;

    void run(std::filesystem::path const& program);
    failure await_connections();
    failure probe() const;
    void await_up(std::unique_lock<std::mutex>&, clock::time_point deadline);
    bool run_once(std::filesystem::path const& program);  ///< false: do not start again
    void pause();

    log& log_;
    embedded_directory directory_;
    embedded_options options_;
    server_settings settings_;
    std::thread thread_;

    std::mutex guard_;  // over all below
    std::condition_variable changed_;
    pid_t pid_ = 0;
    bool ready_ = false;     // it has accepted connections once
    bool stopping_ = false;
    bool ended_ = true;      // the thread is done
    std::string last_end_;
    milliseconds pause_ = restart_pause_first;
};

failure embedded_server::supervisor::start(std::filesystem::path const& root, embedded_options const& options)
{
    options_ = options;
    if (auto why = directory_.lock(root)) { return why; }
    auto why = [&]() -> failure {
        if (auto problem = directory_.end_leftovers(options.leftover_patience)) { return problem; }
        if (auto problem = directory_.ensure_database_files(options)) { return problem; }
        auto const program = find_program(options.mariadbd);
        if (!program) { return failure::because(options.mariadbd + " was not found: is MariaDB's server installed?"); }
        settings_ = {};
        settings_.socket = directory_.socket().string();
        settings_.user = "root";
        ready_ = stopping_ = ended_ = false;
        pause_ = restart_pause_first;
        thread_ = std::thread{[this, path = *program] {
            name_this_thread("mariadb");
            run(path);
        }};
        return await_connections();
    }();
    if (why) { stop(); }
    return why;
}

void embedded_server::supervisor::run(std::filesystem::path const& program)
{
    while (run_once(program)) { pause(); }
    std::lock_guard const lock{guard_};
    ended_ = true;
    changed_.notify_all();
}

bool embedded_server::supervisor::run_once(std::filesystem::path const& program)
{
    auto const started = clock::now();
    pid_t child = -1;
    {
        std::lock_guard const lock{guard_};
        if (stopping_) { return false; }
        child = start_program(program, directory_.arguments(options_), directory_.log_file());
        if (child < 0) {
            last_end_ = fmt::format("cannot start {}: {}", program.string(), std::strerror(errno));
            log_.error("{}", last_end_);
            return ready_;
        }
        pid_ = child;
    }
    log_.info("mariadbd started (process {}), its log is {}", child, directory_.log_file().string());
    siginfo_t gone;
    while (::waitid(P_PID, static_cast<id_t>(child), &gone, WEXITED | WNOWAIT) < 0 && errno == EINTR) {}
    std::lock_guard const lock{guard_};
    // Reaped under the lock: until then its number is nobody else's, and stop() may send it signals.
    auto const status = await_end(child);
    pid_ = 0;
    last_end_ = fmt::format("mariadbd (process {}) ended with {}", child, describe_end(status));
    if (clock::now() - started > stable_after) { pause_ = restart_pause_first; }
    if (stopping_) {
        log_.info("{}", last_end_);
    } else {
        log_.error("{}", last_end_);
    }
    return ready_ && !stopping_;
}

void embedded_server::supervisor::pause()
{
    std::unique_lock lock{guard_};
    log_.warning("mariadbd starts again in {} ms", pause_.count());
    changed_.wait_for(lock, pause_, [this] { return stopping_; });
    pause_ = std::min(2 * pause_, restart_pause_longest);
}

failure embedded_server::supervisor::probe() const
{
    auto anywhere = settings_;
    anywhere.database.clear();
    connection c;
    return c.open(anywhere);
}

failure embedded_server::supervisor::await_connections()
{
    auto const deadline = clock::now() + options_.start_patience;
    for (;;) {
        auto const why = probe();
        std::unique_lock lock{guard_};
        if (!why) {
            ready_ = true;
            return {};
        }
        if (ended_) { return failure::because(last_end_ + "; " + directory_.log_tail()); }
        if (clock::now() >= deadline) { return failure::because(fmt::format("mariadbd does not accept connections: {}", why.text)); }
        changed_.wait_for(lock, connect_pause, [this] { return ended_; });
    }
}

/// MariaDB that is told to stop in the middle of a start may hang for ever, so it is let through first.
void embedded_server::supervisor::await_up(std::unique_lock<std::mutex>& lock, clock::time_point deadline)
{
    while (pid_ > 0 && clock::now() < deadline) {
        lock.unlock();
        auto const why = probe();
        lock.lock();
        if (why.what != failure::kind::lost || ended_) { return; }
        changed_.wait_for(lock, connect_pause, [this] { return ended_; });
    }
}

void embedded_server::supervisor::stop() noexcept
{
    if (thread_.joinable()) {
        auto const deadline = clock::now() + options_.stop_patience;
        std::unique_lock lock{guard_};
        stopping_ = true;
        changed_.notify_all();
        await_up(lock, deadline);
        if (pid_ > 0) { ::kill(pid_, SIGTERM); }
        if (!changed_.wait_until(lock, deadline, [this] { return ended_; })) {
            log_.error("mariadbd (process {}) has not stopped within {} s: killing it; its next start will recover", pid_,
                       options_.stop_patience.count());
            if (pid_ > 0) { ::kill(pid_, SIGKILL); }
        }
        lock.unlock();
        thread_.join();
    }
    directory_.unlock();
}

embedded_server::embedded_server(log& to) : supervisor_{std::make_unique<supervisor>(to)} {}
embedded_server::~embedded_server() = default;

failure embedded_server::start(std::filesystem::path const& data_directory, embedded_options const& options)
{
    return supervisor_->start(data_directory, options);
}

server_settings const& embedded_server::settings() const noexcept { return supervisor_->settings_; }

void embedded_server::stop() noexcept { supervisor_->stop(); }

pid_t embedded_server::pid() const noexcept
{
    std::lock_guard const lock{supervisor_->guard_};
    return supervisor_->pid_;
}

}  // namespace mykeyv::store
