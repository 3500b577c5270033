// SPDX-License-Identifier: Apache-2.0
// Wall-clock time as a value, and where it comes from.
#pragma once

#include <compare>
#include <cstdint>

namespace mykeyv {

/// Milliseconds since 1970-01-01 UTC; what expiries are written in.
struct unix_ms {
    std::int64_t value = 0;
    friend constexpr auto operator<=>(unix_ms, unix_ms) = default;
};

/// Where the wall-clock time comes from; passed in, so that tests and simulations hold their own.
class clock {
public:
    virtual ~clock() = default;
    virtual unix_ms now() const noexcept = 0;
};

/// The clock of this machine. Safe from any thread.
class system_clock final : public clock {
public:
    unix_ms now() const noexcept override;
};

}  // namespace mykeyv
