// SPDX-License-Identifier: Apache-2.0
// Closed-loop clients of a cluster: each has one command under way, GET or SET of some key, and follows MOVED. An operation's latency
// counts from its first sending to its last answer, redirects included. Clients that share connections pipeline: what several of them
// send at about the same time goes in one write.
//
// Reads lines: `count NAME` begins, or goes on, to count what happens under that name; `report` prints, as JSON, the figures of each name
// and forgets them; `check` stops, reads every key that was written and prints how many are not as last written. Ends
// with its input. No client writes a key that another one writes, so what a key is to be is known.
#include "bench/loopback.hpp"
#include "mykeyv/base/slot.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <deque>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace mykeyv;
using steady = std::chrono::steady_clock;

struct settings {
    std::vector<int> ports;
    unsigned clients = 32;
    unsigned per_connection = 1;
    unsigned writes_percent = 50;
    unsigned keys = 300'000;
    unsigned record_bytes = 100;
};

/// The `i`th key; as bench/rehash makes them.
std::string key_of(unsigned i) { return fmt::format("key:{:08}", i); }

std::string value_of(std::string const& key, std::uint64_t number, unsigned record_bytes)
{
    auto value = fmt::format("{}:", number);
    value.resize(std::max<std::size_t>(record_bytes - key.size(), value.size()), 'w');
    return value;
}

/// Bytes of the first reply in `in`; nothing: it is not whole.
std::optional<std::size_t> reply_bytes(std::string_view in)
{
    auto const end = in.find("\r\n");
    if (end == in.npos) { return std::nullopt; }
    if (in[0] != '$' || in[1] == '-') { return end + 2; }
    std::size_t length = 0;
    std::from_chars(in.data() + 1, in.data() + end, length);
    return in.size() < end + 2 + length + 2 ? std::nullopt : std::optional{end + 2 + length + 2};
}

struct figures {
    steady::duration lasted{};
    std::vector<std::uint32_t> reads_us, writes_us;
    std::uint64_t moved = 0, errors = 0;
};

struct client {
    unsigned key = 0;
    bool writes = false;
    std::string command;
    steady::time_point sent;
};

struct connection {
    int fd = -1;
    std::string output, input;
    std::deque<std::size_t> owed;  // clients, in the order of their commands
};

class fleet {
public:
    explicit fleet(settings const& s) : s_{s}, port_of_(slot::count, s.ports.front()), written_(s.keys), clients_(s.clients)
    {
        for (std::size_t i = 0; i < clients_.size(); ++i) { begin(i); }
    }

    void step()
    {
        std::array<epoll_event, 64> ready;
        flush();
        auto const count = epoll_wait(epoll_, ready.data(), ready.size(), 10);
        for (int i = 0; i < count; ++i) { arrived(*static_cast<connection*>(ready[i].data.ptr)); }
    }

    void count(std::string const& name)
    {
        auto const now = steady::now();
        now_->lasted += now - std::exchange(counts_since_, now);
        now_ = &all_[name];
    }

    void report()
    {
        count("");
        std::string between = "{";
        for (auto& [name, of] : all_) {
            if (name.empty()) { continue; }
            auto const seconds = std::chrono::duration<double>(of.lasted).count();
            fmt::print("{}\"{}\": {{\"seconds\": {:.3f}, \"moved\": {}, \"errors\": {}, \"last_error\": \"{}\", \"get\": {}, \"set\": {}}}",
                       std::exchange(between, ", "), name, seconds, of.moved, of.errors, last_error_, text_of(of.reads_us, seconds),
                       text_of(of.writes_us, seconds));
        }
        fmt::print("}}\n");
        std::fflush(stdout);
        all_.clear();
        now_ = &all_[""];
    }

    void check()
    {
        stopping_ = true;
        while (idle_ < clients_.size()) { step(); }
        stopping_ = false;
        checking_ = true;
        idle_ = 0;
        for (std::size_t i = 0; i < clients_.size(); ++i) { begin(i); }
        while (idle_ < clients_.size()) { step(); }
        auto const written = std::ranges::count_if(written_, [](auto number) { return number > 0; });
        fmt::print("{{\"written\": {}, \"wrong\": {}}}\n", written, wrong_);
        std::fflush(stdout);
    }

private:
    static std::string text_of(std::vector<std::uint32_t>& us, double seconds)
    {
        std::ranges::sort(us);
        auto const at = [&](double share) {
            return us.empty() ? 0u : us[static_cast<std::size_t>(share * static_cast<double>(us.size() - 1))];
        };
        return fmt::format("{{\"count\": {}, \"per_second\": {:.0f}, \"p50_us\": {}, \"p99_us\": {}, \"p999_us\": {}, \"max_us\": {}}}",
                           us.size(), static_cast<double>(us.size()) / seconds, at(0.5), at(0.99), at(0.999), at(1.0));
    }

    void begin(std::size_t i)
    {
        auto& c = clients_[i];
        if (stopping_ || (checking_ && !next_to_check(i))) {
            ++idle_;
            return;
        }
        if (!checking_) {
            c.key = static_cast<unsigned>(random_() % s_.keys);
            c.writes = random_() % 100 < s_.writes_percent;
            auto const own = c.key - c.key % s_.clients + static_cast<unsigned>(i);
            if (c.writes) { c.key = own < s_.keys ? own : own - s_.clients; }
        }
        auto const key = key_of(c.key);
        c.command = fmt::format("*{}\r\n$3\r\n{}\r\n${}\r\n{}\r\n", c.writes ? 3 : 2, c.writes ? "SET" : "GET", key.size(), key);
        if (c.writes) {
            auto const value = value_of(key, ++issued_, s_.record_bytes);
            c.command += fmt::format("${}\r\n{}\r\n", value.size(), value);
            written_[c.key] = issued_;
        }
        c.sent = steady::now();
        send(i);
    }

    bool next_to_check(std::size_t i)
    {
        auto& c = clients_[i];
        while (to_check_ < s_.keys && written_[to_check_] == 0) { ++to_check_; }
        if (to_check_ >= s_.keys) { return false; }
        c.key = to_check_++;
        c.writes = false;
        return true;
    }

    void send(std::size_t i)
    {
        auto const port = port_of_[slot_of(key_of(clients_[i].key)).number()];
        auto& on = connections_[{i / s_.per_connection, port}];
        if (on.fd < 0) {
            on.fd = bench::connect_to(port);
            epoll_event wanted{EPOLLIN, {.ptr = &on}};
            epoll_ctl(epoll_, EPOLL_CTL_ADD, on.fd, &wanted);
        }
        if (on.output.empty()) { to_flush_.push_back(&on); }
        on.output += clients_[i].command;
        on.owed.push_back(i);
    }

    void flush()
    {
        for (auto* on : to_flush_) {
            auto const sent = write(on->fd, on->output.data(), on->output.size());
            if (sent != static_cast<ssize_t>(on->output.size())) { throw std::runtime_error{"cannot send"}; }
            on->output.clear();
        }
        to_flush_.clear();
    }

    void arrived(connection& on)
    {
        std::array<char, 16384> some;
        auto const bytes = read(on.fd, some.data(), some.size());
        if (bytes <= 0) { throw std::runtime_error{"a node has closed a connection"}; }
        on.input.append(some.data(), static_cast<std::size_t>(bytes));
        std::size_t taken = 0;
        while (auto const size = reply_bytes(std::string_view{on.input}.substr(taken))) {
            auto const i = on.owed.front();
            on.owed.pop_front();
            answered(i, std::string_view{on.input}.substr(taken, *size));
            taken += *size;
        }
        on.input.erase(0, taken);
    }

    void answered(std::size_t i, std::string_view reply)
    {
        auto& c = clients_[i];
        if (reply.starts_with("-MOVED ")) {
            ++now_->moved;
            port_of_[slot_of(key_of(c.key)).number()] = std::atoi(reply.data() + reply.rfind(':') + 1);
            return send(i);
        }
        if (reply[0] == '-') {
            ++now_->errors;
            last_error_ = reply.substr(1, reply.find('\r') - 1);
            return send(i);
        }
        if (checking_) {
            wrong_ += reply.find("\r\n" + value_of(key_of(c.key), written_[c.key], s_.record_bytes) + "\r\n") == reply.npos ? 1 : 0;
        }
        auto const us = std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - c.sent).count();
        (c.writes ? now_->writes_us : now_->reads_us).push_back(static_cast<std::uint32_t>(us));
        begin(i);
    }

    settings const s_;
    std::vector<int> port_of_;
    std::vector<std::uint64_t> written_;  // the number in each key's last value; 0: not written here
    std::vector<client> clients_;
    std::map<std::pair<std::size_t, int>, connection> connections_;  // by who shares it, and the port
    std::vector<connection*> to_flush_;
    int const epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::mt19937 random_{1};
    std::map<std::string, figures> all_;  // by name; without a name: what does not count
    figures* now_ = &all_[""];
    steady::time_point counts_since_ = steady::now();
    std::string last_error_;
    std::uint64_t issued_ = 0, wrong_ = 0;
    unsigned to_check_ = 0;
    std::size_t idle_ = 0;
    bool stopping_ = false, checking_ = false;
};

}  // namespace

int main(int count, char** words)
{
    CLI::App app{"Closed-loop clients of a cluster; see bench/rehash"};
    settings s;
    app.add_option("--port", s.ports, "of a node on the loopback")->required();
    app.add_option("--clients", s.clients, "at once")->capture_default_str();
    app.add_option("--per-connection", s.per_connection, "clients that share a connection to each node")->capture_default_str()->check(
        CLI::PositiveNumber);
    app.add_option("--writes", s.writes_percent, "percent of SET; the rest is GET")->capture_default_str();
    app.add_option("--keys", s.keys, "that are used")->capture_default_str();
    app.add_option("--record-bytes", s.record_bytes, "of key and value")->capture_default_str();
    CLI11_PARSE(app, count, words);
    fleet all{s};
    for (;;) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (poll(&input, 1, 0) > 0) {
            std::string line;
            if (!std::getline(std::cin, line)) { return 0; }
            if (line.starts_with("count ")) {
                all.count(line.substr(6));
            } else if (line == "report") {
                all.report();
            } else {
                return all.check(), 0;
            }
        }
        all.step();
    }
}
