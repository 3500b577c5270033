// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/child_process.hpp"

#include "mykeyv/base/number.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace mykeyv::store {
namespace {

namespace fs = std::filesystem;

/// The part between fork and exec: only calls that are safe there.
[[noreturn]] void become(char const* program, char* const* arguments, int log, pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) { ::_exit(127); }
    ::setpgid(0, 0);
    for (int signal = 1; signal < NSIG; ++signal) { ::signal(signal, SIG_DFL); }
    int const nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(program, arguments, environ);
    ::_exit(127);
}

}  // namespace

std::optional<fs::path> find_program(std::string const& name)
{
    auto const runs = [](fs::path const& path) { return ::access(path.c_str(), X_OK) == 0; };
    if (name.find('/') != name.npos) { return runs(name) ? std::optional<fs::path>{name} : std::nullopt; }
    auto const path = std::getenv("PATH");
    std::istringstream folders{std::string{path ? path : ""} + ":/usr/sbin:/usr/local/sbin"};
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (!folder.empty() && runs(fs::path{folder} / name)) { return fs::path{folder} / name; }
    }
    return std::nullopt;
}

pid_t start_program(fs::path const& program, std::vector<std::string> const& arguments, fs::path const& log)
{
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (auto const& argument : arguments) { argv.push_back(const_cast<char*>(argument.c_str())); }
    argv.push_back(nullptr);
    int const log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) { return -1; }
    // Until exec the child has our signal handlers, and whatever pipes they write to.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    auto const parent = ::getpid();
    auto const child = ::fork();
    if (child == 0) { become(program.c_str(), argv.data(), log_file, parent); }
    auto const problem = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(log_file);
    errno = problem;
    return child;
}

int await_end(pid_t child) noexcept
{
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

std::string describe_end(int status)
{
    if (WIFSIGNALED(status)) { return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status))); }
    return fmt::format("exit code {}", WEXITSTATUS(status));
}

std::vector<pid_t> processes_with_argument(std::string const& argument)
{
    std::vector<pid_t> found;
    std::error_code ignored;
    for (auto const& entry : fs::directory_iterator{"/proc", ignored}) {
        auto const pid = parse_unsigned(entry.path().filename().string());
        if (!pid) { continue; }
        std::ifstream file{entry.path() / "cmdline", std::ios::binary};
        // A process may end while we look; then reading fails, and a stream's own iterators would throw.
        for (std::string word; std::getline(file, word, '\0');) {
            if (word != argument) { continue; }
            found.push_back(static_cast<pid_t>(*pid));
            break;
        }
    }
    return found;
}

}  // namespace mykeyv::store
