// SPDX-License-Identifier: Apache-2.0
// What a generator is asked to do, and the keys and values it does it with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::bench {

/// One kind of operation, repeated for `seconds` by `connections` that each wait for the replies to `pipeline` of them.
struct work {
    std::string protocol;   ///< resp, memcached, handlersocket, mysql, client, hiredis
    std::string operation;  ///< see main.cpp
    int port = 0;
    std::string socket;     ///< of MariaDB
    std::size_t connections = 50;
    std::size_t pipeline = 1;
    double seconds = 1;
    double rate = 0;        ///< operations per second, begun at their time whatever the replies do; 0: as fast as replies come
    std::string prefix = "key:";
    std::uint64_t keys = 100'000;
    std::size_t value_bytes = 100;
    double zipf = 0;        ///< how unevenly keys are chosen: the exponent, below 1; 0: all alike
    std::string sha1;       ///< of the code for update
    std::uint64_t seed = 1;
};

/// Keys that mget reads in one command; they share a hash tag, hence a slot.
inline constexpr std::uint64_t mget_keys = 50;

/// PREFIX and twelve digits, as redis-benchmark makes them of PREFIX__rand_int__.
std::string key_of(std::string_view prefix, std::uint64_t i);
/// The numbers below `count` in the order of the slots of their keys, as the table has its rows: stored so, each page is written once,
/// however many more there are than MariaDB holds in memory. `count` is at most 2^32.
std::vector<std::uint32_t> in_order_of_slots(std::string_view prefix, std::uint64_t count);
/// The keys of mget: `i` counts through groups of mget_keys.
std::string grouped_key_of(std::string_view prefix, std::uint64_t i);
/// What `fill` stores under a key.
std::string value_of(std::string_view key, std::size_t bytes);
/// What `set` stores as its `number`th value: never the same twice, or MariaDB would not write it.
std::string value_number(std::uint64_t number, std::size_t bytes);
/// The document of update: what `fill` stores there, and where its one number stands.
std::string document_of(std::uint64_t n, std::size_t bytes);

/// Chooses keys by their number.
class key_choice {
public:
    /// `exponent` 0: each of `count` alike; else zipfian, as in YCSB: rank r with a chance of 1/r^exponent, ranks scattered over the keys.
    key_choice(std::uint64_t count, double exponent, std::uint64_t seed);
    std::uint64_t next();

private:
    std::uint64_t count_;
    double exponent_, zeta_ = 0, alpha_ = 0, eta_ = 0;
    std::mt19937_64 random_;
};

/// How long a run lasts: `seconds`, and longer where a server paused so long that nothing was answered in them: a rate is never 0.
class period {
public:
    using steady = std::chrono::steady_clock;

    period() = default;
    period(steady::time_point begin, double seconds);

    steady::time_point begin() const { return begin_; }
    steady::time_point end() const { return end_; }
    /// Whether what is answered `now` is answered in time. The first answer is, and the run lasts until then.
    bool counts_answer_at(steady::time_point now);
    /// From the beginning to `now`, or to the end.
    double seconds_until(steady::time_point now) const;

private:
    steady::time_point begin_, end_;
    bool is_answered_ = false;
};

/// What was measured. Latencies count from the sending of a pipeline, or from when a paced operation should have begun.
struct figures {
    double seconds = 0;
    std::uint64_t operations = 0;  ///< answered in time; rates are of these
    std::uint64_t completed = 0;   ///< all that were answered
    std::uint64_t wrong = 0, errors = 0;
    std::string last_error;
    std::vector<std::uint32_t> latencies_ns;

    void add(figures&& other);
    /// One line of JSON.
    std::string text();
};

}  // namespace mykeyv::bench
