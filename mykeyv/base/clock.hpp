// SPDX-License-Identifier: Apache-2.0
// Time as a value, and where it comes from.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace mykeyv {

/// Milliseconds since 1970-01-01 UTC; what expiries are written in.
struct unix_ms {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(unix_ms, unix_ms) = default;
};

/// Where time comes from; passed in, so that tests and simulations hold their own.
class clock {
public:
    virtual ~clock() = default;
    /// The time of day, which may jump.
    virtual unix_ms now() const noexcept = 0;
    /// For measuring how long something takes; never goes back.
    virtual std::chrono::steady_clock::time_point steady() const noexcept { return std::chrono::steady_clock::now(); }
};

/// The clock of this machine. Safe from any thread.
class system_clock final : public clock {
public:
    unix_ms now() const noexcept override;
};

}  // namespace mykeyv
