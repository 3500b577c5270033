// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/playground/daemon.hpp"

#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace mykeyv::cli {
namespace {

constexpr std::size_t log_lines_shown = 15;

/// The part between fork and exec: only calls that are safe there.
[[noreturn]] void become(char const* program, char* const* arguments, int output, int log, pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) { ::_exit(127); }
    ::setpgid(0, 0);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(program, arguments);
    ::_exit(127);
}

refusal cannot(std::string_view what, std::filesystem::path const& path)
{
    return refusal{exit_code::cluster_error, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno))};
}

}  // namespace

daemon::daemon(std::filesystem::path const& program, std::vector<std::string> const& arguments, std::filesystem::path log)
    : log_{std::move(log)}
{
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (auto const& argument : arguments) { argv.push_back(const_cast<char*>(argument.c_str())); }
    argv.push_back(nullptr);
    if (::access(program.c_str(), X_OK) != 0) { throw cannot("run", program); }
    file_handle const log_file{::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    if (!log_file) { throw cannot("open", log_); }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) { throw cannot("make a pipe for", program); }
    output_ = file_handle{ends[0]};
    file_handle const theirs{ends[1]};
    ::fcntl(theirs.get(), F_SETFL, 0);  // it need not expect a stdout that does not block
    auto const parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) { become(program.c_str(), argv.data(), theirs.get(), log_file.get(), parent); }
    if (pid_ < 0) { throw cannot("start", program); }
}

void daemon::on_output()
{
    char chunk[4096];
    auto const length = ::read(output_.get(), chunk, sizeof chunk);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) { return; }
    if (length <= 0) {
        output_ = file_handle{};
        return;
    }
    for (char const c : std::string_view{chunk, static_cast<std::size_t>(length)}) {
        if (c != '\n') {
            line_ += c;
            continue;
        }
        ready_ = ready_ || says_ready(line_);
        line_.clear();
    }
}

void daemon::terminate() noexcept
{
    terminated_ = true;
    if (is_running()) { ::kill(pid_, SIGTERM); }
}

bool daemon::has_ended() noexcept
{
    int status = 0;
    if (is_running() && ::waitpid(pid_, &status, WNOHANG) == pid_) { status_ = status; }
    return !is_running();
}

bool daemon::ended_cleanly() const noexcept
{
    if (!status_ || !terminated_) { return false; }
    // It may have got the signal before it was able to take it.
    return (WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0) || (WIFSIGNALED(*status_) && WTERMSIG(*status_) == SIGTERM);
}

std::string daemon::describe_end() const
{
    auto const status = status_.value_or(0);
    auto const how = WIFSIGNALED(status) ? fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)))
                                         : fmt::format("exit code {}", WEXITSTATUS(status));
    return fmt::format("it ended with {}; the end of {}:\n{}", how, log_.string(), tail_of(log_, log_lines_shown));
}

bool says_ready(std::string_view line) noexcept { return line.starts_with("ready on "); }

std::string tail_of(std::filesystem::path const& path, std::size_t lines_max)
{
    constexpr std::streamoff bytes_max = 16384;
    std::ifstream file{path, std::ios::binary | std::ios::ate};
    auto const size = static_cast<std::streamoff>(file.tellg());
    if (!file || size == 0) { return "  (nothing)"; }
    file.seekg(std::max(std::streamoff{0}, size - bytes_max));
    std::deque<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back("  " + printable(line));
        if (lines.size() > lines_max) { lines.pop_front(); }
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace mykeyv::cli
