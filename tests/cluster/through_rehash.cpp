// SPDX-License-Identifier: Apache-2.0
// The client library under steady load: through_rehash HOST:PORT. Every key has several operations under way all the time, and
// each must be answered as if they ran one after another in the order in which they were begun. Prints `operations N` ten times a
// second. When its input ends it awaits what is under way and prints `done N`; at the first answer that is wrong it says so and exits 1.
#include "mykeyv/client/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

constexpr int keys_of_each_kind = 24;
constexpr int under_way = 4;  // operations on one key

struct load {
    explicit load(std::string seed) : kv{context, {.seeds = {std::move(seed)}, .operation_timeout = std::chrono::seconds{30}}} {}

    boost::asio::io_context context;
    mykeyv::client kv;
    std::uint64_t operations = 0;
    bool is_stopping = false;
};

[[noreturn]] void fail(std::string const& what)
{
    std::cout << "failed: " << what << std::endl;
    std::_Exit(1);
}

std::string shown(mykeyv::resp::value const& reply)
{
    if (auto const* const number = reply.integer()) { return std::to_string(*number); }
    return reply.text() != nullptr ? *reply.text() : "nothing";
}

/// A number that only this program changes, by each of the ways there are to change one.
class counter {
public:
    counter(load& of, std::string name) : load_{of}, name_{std::move(name)} {}

    void begin()
    {
        switch (++begun_ % 4) {
        case 0: return command({"GET", name_}, std::to_string(value_));
        case 1: return command({"INCR", name_}, std::to_string(++value_));
        case 2: return command({"INCRBY", name_, "3"}, std::to_string(value_ += 3));
        default: value_ += 2; return set(value_);
        }
    }

private:
    void command(std::vector<std::string> words, std::string expected)
    {
        auto const what = words.front() + " " + name_;
        load_.kv.async_command_by_key(name_, std::move(words), [this, what, expected](mykeyv::error_code ec, auto const& reply) {
            if (ec) { fail(what + ": " + ec.message() + ", " + shown(reply)); }
            if (shown(reply) != expected) { fail(what + " is " + shown(reply) + ", not " + expected); }
            ended();
        });
    }

    void set(std::int64_t value)
    {
        load_.kv.async_set(name_, mykeyv::bytes{std::to_string(value)}, [this](mykeyv::error_code ec, std::uint64_t version) {
            if (ec) { fail("set " + name_ + ": " + ec.message()); }
            if (version <= version_) { fail(name_ + ": its version went back"); }
            version_ = version;
            ended();
        });
    }

    void ended()
    {
        ++load_.operations;
        if (!load_.is_stopping) { begin(); }
    }

    load& load_;
    std::string name_;
    int begun_ = 0;
    std::int64_t value_ = 0;
    std::uint64_t version_ = 0;
};

/// A document that code counts in.
class document {
public:
    document(load& of, std::string name) : load_{of}, name_{std::move(name)} {}

    void begin()
    {
        auto const* const code = "local r, add = ... local n = (r and r.n or 0) + add return kv.put({n = n}), n";
        auto const expected = ++value_;
        load_.kv.async_update(name_, code, 1, [this, expected](mykeyv::error_code ec, std::vector<mykeyv::update_outcome> const& outcomes) {
            if (ec) { fail("update " + name_ + ": " + ec.message() + (outcomes.empty() ? "" : ", " + outcomes[0].detail)); }
            if (outcomes.size() != 1) { fail("update " + name_ + ": " + std::to_string(outcomes.size()) + " outcomes"); }
            auto const& one = outcomes[0];
            if (one.error) { fail("update " + name_ + ": " + one.error.message() + ", " + one.detail); }
            if (one.result != expected) { fail("update " + name_ + " is " + one.result.dump() + ", not " + std::to_string(expected)); }
            ++load_.operations;
            if (!load_.is_stopping) { begin(); }
        });
    }

private:
    load& load_;
    std::string name_;
    std::int64_t value_ = 0;
};

/// Says how far it is, and hears when to stop.
class overseer {
public:
    explicit overseer(load& of) : load_{of}, input_{of.context, STDIN_FILENO}, timer_{of.context} {}

    void start()
    {
        input_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](auto...) {
            load_.is_stopping = true;
            timer_.cancel();
        });
        report();
    }

private:
    void report()
    {
        std::cout << "operations " << load_.operations << std::endl;
        timer_.expires_after(std::chrono::milliseconds{100});
        timer_.async_wait([this](auto ec) {
            if (!ec && !load_.is_stopping) { report(); }
        });
    }

    load& load_;
    boost::asio::posix::stream_descriptor input_;
    boost::asio::steady_timer timer_;
};

}  // namespace

int main(int count, char** words)
{
    if (count != 2) { fail("usage: through_rehash HOST:PORT"); }
    load all{words[1]};
    std::vector<counter> counters;
    std::vector<document> documents;
    for (int i = 0; i < keys_of_each_kind; ++i) {
        counters.emplace_back(all, "library:counter:" + std::to_string(i));
        documents.emplace_back(all, "library:document:" + std::to_string(i));
    }
    for (int i = 0; i < under_way; ++i) {
        for (auto& each : counters) { each.begin(); }
        for (auto& each : documents) { each.begin(); }
    }
    overseer overseer{all};
    overseer.start();
    all.context.run();
    std::cout << "done " << all.operations << std::endl;
}
