// SPDX-License-Identifier: Apache-2.0
// Closed-loop clients of a cluster: each has one command under way, GET or SET of some key, and follows MOVED. An operation's latency
// counts from its first sending to its last answer, redirects included.
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
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace mykeyv;
using steady = std::chrono::steady_clock;

struct settings {
    std::vector<int> ports;
    unsigned clients = 32;
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
std::optional<std::size_t> reply_bytes(std::string const& in)
{
    auto const end = in.find("\r\n");
    if (end == std::string::npos) { return std::nullopt; }
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
    std::map<int, int> sockets;  // by port
    unsigned key = 0;
    bool writes = false;
    std::string command, input;
    steady::time_point sent;
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
        auto const count = epoll_wait(epoll_, ready.data(), ready.size(), 10);
        for (int i = 0; i < count; ++i) { arrived(ready[i].data.u64 & 0xffffffff, static_cast<int>(ready[i].data.u64 >> 32)); }
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
        auto& c = clients_[i];
        auto const port = port_of_[slot_of(key_of(c.key)).number()];
        auto& fd = c.sockets[port];
        if (fd == 0) {
            fd = bench::connect_to(port);
            epoll_event wanted{EPOLLIN, {.u64 = i | static_cast<std::uint64_t>(port) << 32}};
            epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted);
        }
        auto const sent = write(fd, c.command.data(), c.command.size());
        if (sent != static_cast<ssize_t>(c.command.size())) { throw std::runtime_error{"cannot send"}; }
    }

    void arrived(std::size_t i, int port)
    {
        auto& c = clients_[i];
        std::array<char, 4096> some;
        auto const bytes = read(c.sockets[port], some.data(), some.size());
        if (bytes <= 0) { throw std::runtime_error{"a node has closed a connection"}; }
        c.input.append(some.data(), static_cast<std::size_t>(bytes));
        if (!reply_bytes(c.input)) { return; }
        auto const reply = std::exchange(c.input, {});
        if (reply.starts_with("-MOVED ")) {
            ++now_->moved;
            port_of_[slot_of(key_of(c.key)).number()] = std::atoi(reply.c_str() + reply.rfind(':') + 1);
            return send(i);
        }
        if (reply[0] == '-') {
            ++now_->errors;
            last_error_ = reply.substr(1, reply.find('\r') - 1);
            return send(i);
        }
        if (checking_) {
            wrong_ += reply.find("\r\n" + value_of(key_of(c.key), written_[c.key], s_.record_bytes) + "\r\n") == std::string::npos ? 1 : 0;
        }
        auto const us = std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - c.sent).count();
        (c.writes ? now_->writes_us : now_->reads_us).push_back(static_cast<std::uint32_t>(us));
        begin(i);
    }

    settings const s_;
    std::vector<int> port_of_;
    std::vector<std::uint64_t> written_;  // the number in each key's last value; 0: not written here
    std::vector<client> clients_;
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
