// SPDX-License-Identifier: Apache-2.0
// One mykeyvd as a child process.
#pragma once

#include "apps/mykeyv/file_handle.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace mykeyv::cli {

/// Started by its constructor. It gets SIGTERM when the thread that made it ends, so it does not outlive us even if we are
/// killed. Whoever makes it calls on_output() when output() is readable and has_ended() after SIGCHLD, until it has ended.
class daemon {
public:
    /// In a process group of its own (Ctrl-C in our terminal is for us to pass on), stderr appended to `log`.
    /// Throws `refusal` if it cannot be started.
    daemon(std::filesystem::path const& program, std::vector<std::string> const& arguments, std::filesystem::path log);
    daemon(daemon&&) = default;
    daemon& operator=(daemon&&) = default;

    /// A file to be polled; -1 once it has been closed.
    int output() const noexcept { return output_.get(); }
    /// Reads what it has written.
    void on_output();
    /// It has said that it serves.
    bool is_ready() const noexcept { return ready_; }

    void terminate() noexcept;

    /// Asks the system.
    bool has_ended() noexcept;
    /// As has_ended() last found it.
    bool is_running() const noexcept { return !status_; }
    /// It ended, after terminate(), and as it should.
    bool ended_cleanly() const noexcept;
    /// "it ended with exit code 1; the end of node-1/mykeyvd.log:" and some lines.
    std::string describe_end() const;

private:
    std::filesystem::path log_;
    pid_t pid_ = 0;
    file_handle output_;
    std::string line_;
    bool ready_ = false;
    bool terminated_ = false;
    std::optional<int> status_;  // of wait; nothing: it runs
};

/// Whether a line of a daemon's stdout says that it serves.
bool says_ready(std::string_view line) noexcept;

/// The last `lines_max` lines of a text file, indented; says so where there is none.
std::string tail_of(std::filesystem::path const&, std::size_t lines_max);

}  // namespace mykeyv::cli
