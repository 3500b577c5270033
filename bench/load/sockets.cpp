// SPDX-License-Identifier: Apache-2.0
// Closed loop: each connection sends `pipeline` commands at once, awaits all their replies, and sends again.
// Paced: operation n is due at n/rate. A timer wakes us; what is due goes to a connection that awaits nothing, and if there is none it
// waits here, its latency running.
#include "sockets.hpp"

#include "bench/loopback.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace mykeyv::bench {
namespace {

using steady = std::chrono::steady_clock;

std::uint32_t ns_since(steady::time_point begin)
{
    return static_cast<std::uint32_t>(std::min<std::int64_t>(std::chrono::nanoseconds{steady::now() - begin}.count(), UINT32_MAX));
}

struct connection {
    int fd = -1;
    std::string output, input;
    std::size_t sent = 0, read = 0;  // of them
    std::size_t openings = 0;        // replies to come before the first of ours
    std::vector<std::uint64_t> asked;
    std::size_t answered = 0;
    steady::time_point begun;

    bool is_idle() const { return answered == asked.size() && openings == 0; }
};

class runner {
public:
    runner(work const& w, protocol const& p) : w_{w}, protocol_{p}, choice_{w.keys, w.zipf, w.seed}, connections_(w.connections)
    {
        if (w.operation == "fill") { order_ = in_order_of_slots(w.prefix, w.keys); }
        auto const opening = protocol_.open();
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            auto& c = connections_[i];
            c.fd = connect_to(w_.port);
            watch(c.fd, i, EPOLL_CTL_ADD, EPOLLIN);
            c.output = opening.bytes;
            c.openings = opening.replies;
            flush(c);
        }
        while (std::ranges::any_of(connections_, [](auto const& c) { return c.openings > 0; })) { step(-1); }
    }
    ~runner()
    {
        for (auto& c : connections_) { close(c.fd); }
        close(epoll_);
        close(timer_);
    }

    figures run()
    {
        period_ = {steady::now(), w_.seconds};
        if (w_.rate > 0) {
            watch(timer_, timer_mark, EPOLL_CTL_ADD, EPOLLIN);
            set_timer();
        } else {
            for (auto& c : connections_) { begin(c, period_.begin()); }
        }
        while (!is_over()) { step(-1); }
        auto const now = steady::now();
        result_.seconds = is_pass_ ? std::chrono::duration<double>(now - period_.begin()).count() : period_.seconds_until(now);
        return std::move(result_);
    }

private:
    static constexpr std::uint64_t timer_mark = UINT64_MAX;

    bool is_over() const
    {
        if (may_begin()) { return false; }
        return std::ranges::all_of(connections_, [](auto const& c) { return c.is_idle(); });
    }
    bool may_begin() const { return is_pass_ ? passed_ < w_.keys : steady::now() < period_.end(); }

    std::uint64_t next_key()
    {
        if (!is_pass_) { return choice_.next(); }
        auto const i = passed_++;
        return order_.empty() ? i : order_[i];
    }

    void begin(connection& c, steady::time_point due)
    {
        c.asked.clear();
        c.answered = 0;
        for (std::size_t i = 0; i < w_.pipeline && (!is_pass_ || passed_ < w_.keys); ++i) {
            c.asked.push_back(next_key());
            protocol_.encode(c.output, c.asked.back(), ++number_);
        }
        c.begun = due;
        flush(c);
    }

    /// Connections that await nothing take what is due.
    void begin_due()
    {
        auto const now = steady::now();
        for (auto due = due_at(begun_); due <= now && due < period_.end(); due = due_at(begun_)) {
            auto const idle = std::ranges::find_if(connections_, &connection::is_idle);
            if (idle == connections_.end()) { return; }
            ++begun_;
            begin(*idle, due);
        }
        set_timer();
    }
    steady::time_point due_at(std::uint64_t n) const
    {
        return period_.begin() + std::chrono::nanoseconds{static_cast<std::int64_t>(static_cast<double>(n) / w_.rate * 1e9)};
    }
    void set_timer()
    {
        auto const at = std::chrono::nanoseconds{std::min(due_at(begun_), period_.end()).time_since_epoch()}.count();
        itimerspec when{};
        when.it_value = {at / 1'000'000'000, at % 1'000'000'000};
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
    }

    void watch(int fd, std::uint64_t mark, int how, std::uint32_t what)
    {
        epoll_event wanted{what, {.u64 = mark}};
        epoll_ctl(epoll_, how, fd, &wanted);
    }

    void flush(connection& c)
    {
        auto const index = static_cast<std::uint64_t>(&c - connections_.data());
        bool const waited = c.sent > 0;
        while (c.sent < c.output.size()) {
            auto const bytes = send(c.fd, c.output.data() + c.sent, c.output.size() - c.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (bytes < 0 && errno == EAGAIN) { return watch(c.fd, index, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT); }
            if (bytes < 0) { throw std::runtime_error{"cannot send"}; }
            c.sent += static_cast<std::size_t>(bytes);
        }
        c.output.clear();
        c.sent = 0;
        if (waited) { watch(c.fd, index, EPOLL_CTL_MOD, EPOLLIN); }
    }

    void step(int wait_ms)
    {
        std::array<epoll_event, 64> ready;
        auto const count = epoll_wait(epoll_, ready.data(), ready.size(), wait_ms);
        for (int i = 0; i < count; ++i) {
            if (ready[i].data.u64 == timer_mark) {
                std::uint64_t expired = 0;
                [[maybe_unused]] auto const bytes = ::read(timer_, &expired, sizeof expired);
                begin_due();
                continue;
            }
            auto& c = connections_[ready[i].data.u64];
            if ((ready[i].events & EPOLLOUT) != 0) { flush(c); }
            if ((ready[i].events & ~EPOLLOUT) != 0) { arrived(c); }
        }
    }

    void arrived(connection& c)
    {
        std::array<char, 65536> some;
        auto const bytes = recv(c.fd, some.data(), some.size(), MSG_DONTWAIT);
        if (bytes < 0 && errno == EAGAIN) { return; }
        if (bytes <= 0) { throw std::runtime_error{"the server has closed a connection"}; }
        c.input.append(some.data(), static_cast<std::size_t>(bytes));
        while (c.read < c.input.size()) {
            auto const rest = std::string_view{c.input}.substr(c.read);
            auto const length = protocol_.reply_bytes(rest);
            if (length == 0) { break; }
            answered(c, rest.substr(0, length));
            c.read += length;
        }
        c.input.erase(0, std::exchange(c.read, 0));
        if (!c.is_idle() || period_.begin() == steady::time_point{}) { return; }
        if (w_.rate > 0) {
            begin_due();
        } else if (may_begin()) {
            begin(c, steady::now());
        }
    }

    void answered(connection& c, std::string_view reply)
    {
        if (c.openings > 0) {
            --c.openings;
            return;
        }
        if (!protocol_.is_right(reply, c.asked[c.answered])) {
            ++(reply.starts_with('-') ? result_.errors : result_.wrong);
            result_.last_error = reply.substr(0, 200);
        }
        ++c.answered;
        ++result_.completed;
        if (is_pass_ || period_.counts_answer_at(steady::now())) { ++result_.operations; }
        if (c.answered == c.asked.size()) { result_.latencies_ns.push_back(ns_since(c.begun)); }
    }

    work const& w_;
    protocol const& protocol_;
    bool const is_pass_ = w_.operation == "scan" || w_.operation.starts_with("fill");
    key_choice choice_;
    std::vector<connection> connections_;
    int const epoll_ = epoll_create1(EPOLL_CLOEXEC);
    int const timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    period period_;
    std::uint64_t passed_ = 0, begun_ = 0;
    std::vector<std::uint32_t> order_;  // of the keys of a pass; empty: as they are numbered
    std::uint64_t number_ = w_.seed * 1'000'003;  // another value than the run before stored
    figures result_;
};

}  // namespace

figures run_on_sockets(work const& w, protocol const& p) { return runner{w, p}.run(); }

}  // namespace mykeyv::bench
