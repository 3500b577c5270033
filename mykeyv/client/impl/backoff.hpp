// SPDX-License-Identifier: Apache-2.0
// How long to pause before trying again.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace mykeyv::detail {

/// Doubles from `min` to `max`, then takes off up to half at random, so that many clients do not come back at once.
class backoff {
public:
    backoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint32_t seed) : min_{min}, max_{max}, random_{seed} {}

    /// The pause after `attempt` others. Not negative.
    std::chrono::milliseconds pause(int attempt)
    {
        auto const whole = std::min(max_, min_ * (std::int64_t{1} << std::min(attempt, 20)));
        return std::chrono::milliseconds{std::uniform_int_distribution<std::int64_t>{(whole.count() + 1) / 2, whole.count()}(random_)};
    }

private:
    std::chrono::milliseconds min_;
    std::chrono::milliseconds max_;
    std::minstd_rand random_;
};

}  // namespace mykeyv::detail
