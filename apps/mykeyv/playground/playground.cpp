// SPDX-License-Identifier: Apache-2.0
// A playground goes through three states:
//
//     starting --(all have said `ready`: announce)--> serving
//     starting --(a daemon ends: report, stop)------> stopping
//     starting, serving --(signal: stop)------------> stopping
//     serving --(a daemon ends: report)-------------> serving, as long as others run
//
// 1. Every daemon is awaited: run() returns when none runs.
// 2. Each that ends by itself, or badly, is reported once and makes the exit code cluster_error.
#include "apps/mykeyv/playground/playground.hpp"

#include "apps/mykeyv/command.hpp"
#include "apps/mykeyv/playground/daemon.hpp"
#include "apps/mykeyv/playground/ports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <sys/signalfd.h>
#include <vector>

namespace mykeyv::cli {
namespace {

namespace fs = std::filesystem;

constexpr unsigned nodes_default = 3;

/// The signals we live by, as a file to be polled. They stay blocked until the program ends.
file_handle open_signals()
{
    sigset_t ours;
    ::sigemptyset(&ours);
    for (int const signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) { ::sigaddset(&ours, signal); }
    ::sigprocmask(SIG_BLOCK, &ours, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // if nobody reads our lines any more, the nodes still want to be stopped well
    file_handle signals{::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals) { throw refusal{exit_code::cluster_error, fmt::format("cannot wait for signals: {}", std::strerror(errno))}; }
    return signals;
}

class playground {
public:
    playground(playground_directory const& directory, fs::path program)
        : directory_{directory}, program_{std::move(program)}, signals_{open_signals()}
    {
    }

    exit_code run();

private:
    enum class state { starting, serving, stopping };

    void start_all();
    void wait();
    void on_signals();
    void on_child_ended();
    void stop();
    void announce();
    void say(std::string_view line) const;

    bool any_running() const { return std::ranges::any_of(daemons_, &daemon::is_running); }

    playground_directory const& directory_;
    fs::path program_;
    file_handle signals_;
    std::vector<daemon> daemons_;
    state state_ = state::starting;
    exit_code code_ = exit_code::done;
};

void playground::say(std::string_view line) const
{
    print(line);
    print("\n");
    std::fflush(stdout);  // whoever waits for `ready` may read from a pipe
}

void playground::start_all()
{
    auto const& nodes = directory_.nodes();
    say(fmt::format("starting {} nodes on 127.0.0.1, ports {} to {}, each with a MariaDB of its own; the first start takes a while",
                    nodes.size(), nodes.front().address.port, nodes.back().address.port));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        std::vector<std::string> const arguments{"--port", std::to_string(nodes[i].address.port), "--bind", nodes[i].address.host,
                                                 "--announce", nodes[i].address.text(), "--data-dir", directory_.node_path(i).string(),
                                                 "--topology", directory_.topology_path().string(), "--node-id", nodes[i].id.text(),
                                                 "--cluster-secret-file", directory_.secret_path().string()};
        daemons_.emplace_back(program_, arguments, directory_.log_path(i));
    }
}

exit_code playground::run()
{
    try {
        start_all();
    } catch (refusal const& why) {
        complain(why.what());
        code_ = exit_code::cluster_error;
        stop();
    }
    while (any_running()) {
        wait();
        bool const all_ready = std::ranges::all_of(daemons_, &daemon::is_ready);
        if (state_ == state::starting && all_ready && any_running()) { announce(); }
    }
    say(state_ == state::stopping ? "stopped" : "no node runs any more");
    return code_;
}

void playground::wait()
{
    std::vector<pollfd> files{{signals_.get(), POLLIN, 0}};
    for (auto const& each : daemons_) { files.push_back({each.output(), POLLIN, 0}); }  // poll passes over -1
    if (::poll(files.data(), files.size(), -1) < 0) { return; }
    for (std::size_t i = 0; i < daemons_.size(); ++i) {
        if (files[i + 1].revents != 0) { daemons_[i].on_output(); }
    }
    if (files[0].revents != 0) { on_signals(); }
}

void playground::on_signals()
{
    signalfd_siginfo got{};
    while (::read(signals_.get(), &got, sizeof got) == static_cast<ssize_t>(sizeof got)) {
        if (got.ssi_signo == SIGCHLD) {
            on_child_ended();
        } else {
            say(state_ == state::stopping ? "still stopping" : "stopping");
            stop();
        }
    }
}

void playground::on_child_ended()
{
    for (std::size_t i = 0; i < daemons_.size(); ++i) {
        auto& each = daemons_[i];
        if (!each.is_running() || !each.has_ended() || each.ended_cleanly()) { continue; }
        code_ = exit_code::cluster_error;
        complain(fmt::format("node {} ({}): {}", i + 1, directory_.nodes()[i].address.text(), each.describe_end()));
        if (state_ == state::starting) { stop(); }
    }
}

void playground::stop()
{
    state_ = state::stopping;
    std::ranges::for_each(daemons_, &daemon::terminate);
}

void playground::announce()
{
    state_ = state::serving;
    auto const& nodes = directory_.nodes();
    std::string servers;
    for (auto const& node : nodes) { servers += (servers.empty() ? "" : ",") + node.address.text(); }
    say("ready");
    say(fmt::format("  redis-cli -c -p {}", nodes.front().address.port));
    say(fmt::format("  mykeyv -s {} status", servers));
    say(fmt::format("  data and logs: {}{}", directory_.root().string(), directory_.is_temporary() ? " (removed at the end)" : ""));
    say("Ctrl-C stops it.");
}

fs::path beside_ourselves(char const* name) { return fs::read_symlink("/proc/self/exe").parent_path() / name; }

}  // namespace

exit_code run_playground(playground_options const& options)
{
    auto const program = options.mykeyvd ? fs::absolute(*options.mykeyvd) : beside_ourselves("mykeyvd");
    playground_directory directory{options.directory};
    auto const before = static_cast<unsigned>(directory.nodes_before());
    auto const count = options.nodes.value_or(before != 0 ? before : nodes_default);
    if (before != 0 && count != before) {
        throw refusal{exit_code::usage, fmt::format("{} has {} nodes; without --nodes, or with --nodes {}, it starts as it was",
                                                    directory.root().string(), before, before)};
    }
    directory.assign(count, choose_ports(options.port, count));
    return playground{directory, program}.run();
}

}  // namespace mykeyv::cli
