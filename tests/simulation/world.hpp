// SPDX-License-Identifier: Apache-2.0
// Time, chance and what happens next: everything in a simulated cluster that is not Mykeyv. One seed, one history.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/unique_function.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mykeyv::simulation {

using microseconds = std::chrono::microseconds;
using time_point = std::chrono::steady_clock::time_point;

/// A promise is broken; the sentence says which.
class violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class world final : public clock {
public:
    world(std::uint64_t seed, bool traced) : traced_{traced}, chance_{seed} {}

    // Chance
    bool one_in(unsigned n) { return n != 0 && below(n) == 0; }
    unsigned below(unsigned n) { return static_cast<unsigned>(chance_() % n); }
    microseconds between(unsigned low_us, unsigned high_us) { return microseconds{low_us + below(high_us - low_us + 1)}; }

    // Time
    unix_ms now() const noexcept override { return {1'000'000 + std::chrono::duration_cast<std::chrono::milliseconds>(passed()).count()}; }
    time_point steady() const noexcept override { return now_; }
    microseconds passed() const noexcept { return std::chrono::duration_cast<microseconds>(now_ - time_point{}); }
    /// Somebody holds everything up.
    void stall(microseconds by) { now_ += by; }

    void after(microseconds delay, unique_function<void()> what) { at(now_ + delay, std::move(what)); }
    void at(time_point when, unique_function<void()> what) { events_.emplace(std::pair{when, next_event_++}, std::move(what)); }
    /// Runs what is due until then.
    void run_until(time_point end)
    {
        while (!events_.empty() && events_.begin()->first.first <= end) {
            auto event = events_.extract(events_.begin());
            now_ = std::max(now_, event.key().first);
            ++events_run;
            event.mapped()();
            if (broken_) { throw violation{*std::exchange(broken_, {})}; }
        }
        now_ = std::max(now_, end);
    }

    /// A promise is broken, said where nothing may be thrown.
    void breaks(std::string what)
    {
        if (!broken_) { broken_ = std::move(what); }
    }
    /// Nothing more is to happen. What that destroys may still call in.
    void end()
    {
        while (!events_.empty()) { auto const never = std::exchange(events_, {}); }
    }

    // What a person reads of it
    template <class... Args>
    void note(fmt::format_string<Args...> text, Args&&... args)
    {
        if (traced_) {
            fmt::print("{:>10.3f} ms  {}\n", static_cast<double>(passed().count()) / 1000, fmt::format(text, std::forward<Args>(args)...));
        }
    }
    bool traced() const noexcept { return traced_; }

    /// How much goes wrong; 0 of anything: never.
    struct troubles {
        unsigned statement_lost = 0;    // one statement in so many loses its connection
        unsigned statement_refused = 0;
        unsigned statement_crashes = 0; // the daemon dies in it
        unsigned message_lost = 0;
        unsigned message_twice = 0;
        unsigned message_late = 0;
        unsigned slow_sending = 8;
        unsigned read_late = 0;         // one read of a record ends when a slot has had time to go, and to come back
    } trouble;

    std::uint64_t events_run = 0;
    std::map<std::string, std::uint64_t> seen;  // what has happened how often: the cells that a run has hit

private:
    bool traced_;
    std::optional<std::string> broken_;
    std::mt19937_64 chance_;
    time_point now_{};
    std::uint64_t next_event_ = 0;
    std::map<std::pair<time_point, std::uint64_t>, unique_function<void()>> events_;
};

}  // namespace mykeyv::simulation
