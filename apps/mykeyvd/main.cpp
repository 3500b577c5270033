// SPDX-License-Identifier: Apache-2.0
// mykeyvd: one node. Exit codes: 0 stopped when asked, 1 could not start, 2 flags, 3 another daemon took over its MySQL.
#include "options.hpp"

#include "mykeyv/base/scheduling.hpp"
#include "mykeyv/base/thread_name.hpp"
#include "mykeyv/server/node.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <pthread.h>
#include <semaphore>
#include <thread>
#include <unistd.h>

namespace {

using namespace mykeyv;

enum exit_code { stopped = 0, not_started = 1, bad_usage = 2, fenced = 3 };

/// Waits for SIGTERM or SIGINT on a thread of its own, from before anything else is started. One that comes before the node
/// serves ends the process at once: nothing was answered yet, and a start may take minutes.
class stop_signal {
public:
    explicit stop_signal(log& to) : shared_{std::make_shared<shared>(to)}
    {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // for every thread that is started from here on
        std::signal(SIGPIPE, SIG_IGN);
        std::thread{[signals, with = shared_] {
            name_this_thread("signals");
            int signal = 0;
            sigwait(&signals, &signal);
            with->to.info("got {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
            if (!with->serving.exchange(true)) { ::_exit(stopped); }
            with->came.release();
        }}.detach();  // where the start fails nobody can wake it, and the process ends anyway
    }

    /// From here on a signal is waited for. False: one came before, and the process is about to end.
    bool serving() { return !shared_->serving.exchange(true); }
    void await() { shared_->came.acquire(); }

private:
    struct shared {
        explicit shared(log& log) : to{log} {}
        log& to;
        std::atomic<bool> serving{false};
        std::binary_semaphore came{0};
    };
    std::shared_ptr<shared> shared_;
};

int run(server::settings const& chosen)
{
    // Lives as long as the process: the thread that waits for signals may write to it until the very end.
    static auto* const kept = new mykeyv::log{chosen.lowest_log_level};
    auto& log = *kept;
    interrupt_nobody();  // before there are other threads, and MariaDB
    stop_signal stop{log};
    system_clock const time;
    server::node node{chosen, log, time, [&log] {
        log.error("another daemon has taken over this MySQL: ending at once, with exit code {}", static_cast<int>(fenced));
        ::_exit(fenced);  // at once: whatever is under way must not be waited for
    }};
    if (!stop.serving()) { ::pause(); }
    std::printf("ready on %s\n", node.listening().text().c_str());
    std::fflush(stdout);
    stop.await();
    node.stop();
    return stopped;
}

int complain(std::exception const& failed, exit_code code)
{
    std::fprintf(stderr, "mykeyvd: %s\n", failed.what());
    return code;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        auto const asked = app::parse_command_line(argc, argv);
        if (auto const* text = std::get_if<app::text_to_print>(&asked)) {
            std::fputs(text->text.c_str(), stdout);
            return stopped;
        }
        return run(std::get<server::settings>(asked));
    } catch (app::usage_error const& failed) {
        return complain(failed, bad_usage);
    } catch (std::exception const& failed) {
        return complain(failed, not_started);
    }
}
