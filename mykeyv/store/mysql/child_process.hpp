// SPDX-License-Identifier: Apache-2.0
// Starting other programs, so that they end when we do. Private to this folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace mykeyv::store {

/// The path of a program: `name` itself if it has a slash, else the first of PATH, /usr/sbin and /usr/local/sbin that has it.
std::optional<std::filesystem::path> find_program(std::string const& name);

/// Starts a program in a process group of its own (Ctrl-C in our terminal is for us to pass on), with both outputs
/// appended to `log` and every other file of ours closed. It gets SIGTERM when the *thread* that called this ends, and so
/// also when our process is killed. Returns its process id, or -1 with errno set.
pid_t start_program(std::filesystem::path const& program, std::vector<std::string> const& arguments, std::filesystem::path const& log);

/// Waits for its end; its wait status.
int await_end(pid_t) noexcept;

/// "exit code 1" or "signal 9 (Killed)".
std::string describe_end(int wait_status);

/// Processes, of whoever, that were started with this argument exactly.
std::vector<pid_t> processes_with_argument(std::string const& argument);

}  // namespace mykeyv::store
