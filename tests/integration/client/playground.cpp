// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/client/playground.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
#include <stdexcept>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mykeyv::test {
namespace {

constexpr int start_ms_max = 120'000;

std::unique_ptr<playground> shared;

class stop_at_the_end : public testing::Environment {
    void TearDown() override { shared.reset(); }
};
[[maybe_unused]] auto* const registered = testing::AddGlobalTestEnvironment(new stop_at_the_end);

/// A line without its end; throws if it does not come in time.
std::string read_line(int from)
{
    std::string line;
    for (char c = 0; c != '\n'; line += c) {
        pollfd waiting{from, POLLIN, 0};
        if (poll(&waiting, 1, start_ms_max) != 1 || ::read(from, &c, 1) != 1) { throw std::runtime_error{"the playground did not start"}; }
    }
    line.pop_back();
    return line;
}

std::vector<std::string> split(std::string const& text, char separator)
{
    std::vector<std::string> parts;
    std::istringstream in{text};
    for (std::string part; std::getline(in, part, separator);) { parts.push_back(part); }
    return parts;
}

}  // namespace

playground& playground::running()
{
    if (!shared) { shared = std::make_unique<playground>(); }
    return *shared;
}

playground::playground()
{
    int ends[2];
    if (::pipe(ends) != 0) { throw std::runtime_error{"no pipe"}; }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    std::string words[] = {program("mykeyv"), "playground", "--nodes", "3", "--port", "0"};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), words[5].data(), nullptr};
    auto const problem = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
    if (problem != 0) { throw std::runtime_error{"cannot start " + words[0]}; }
    // "  mykeyv -s HOST:PORT,HOST:PORT,... status"
    constexpr std::string_view before = "  mykeyv -s ";
    std::string line;
    while (!line.starts_with(before)) { line = read_line(output_); }
    seeds_ = split(split(line.substr(before.size()), ' ').at(0), ',');
}

playground::~playground()
{
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ::close(output_);
}

std::filesystem::path program(std::string const& name) { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name; }

finished run(std::string const& name, std::string const& argument)
{
    auto const command = "'" + program(name).string() + "' " + argument + " 2>&1";
    auto* const out = ::popen(command.c_str(), "r");
    std::string output;
    char chunk[4096];
    while (auto const bytes = std::fread(chunk, 1, sizeof chunk, out)) { output.append(chunk, bytes); }
    auto const status = ::pclose(out);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

}  // namespace mykeyv::test
