// SPDX-License-Identifier: Apache-2.0
// When records end: the times that commands name, and EXPIRE, TTL, EXPIRETIME, PERSIST.
#pragma once

#include "mykeyv/record/record.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace mykeyv {

enum class time_unit { seconds, milliseconds };

/// A point in time as a command names it. One that counts from now becomes absolute when the operation runs, so that its
/// time is that of the batch and not that of the parser.
struct moment {
    enum class origin { now, epoch };

    std::int64_t ms = 0;  ///< may be negative: a moment in the past
    origin from = origin::now;

    /// errc::invalid_expire where 64 bits cannot hold the sum.
    result<unix_ms> resolve(unix_ms now) const noexcept;
};

inline constexpr moment in_ms(std::int64_t ms) noexcept { return {ms, moment::origin::now}; }
inline constexpr moment at_ms(std::int64_t ms) noexcept { return {ms, moment::origin::epoch}; }

/// What the EXPIRE family accepts: any amount, also zero and below. errc::invalid_expire where 64 bits cannot hold it in ms.
result<moment> any_moment(std::int64_t amount, time_unit, moment::origin) noexcept;

/// What SET and GETEX accept (EX PX EXAT PXAT): as any_moment, but an amount of zero or below is errc::invalid_expire too.
result<moment> positive_moment(std::int64_t amount, time_unit, moment::origin) noexcept;

struct no_expiry {};
/// KEEPTTL: as the record had it; an absent record had none.
struct keep_expiry {};

/// What a write does to the expiry of its record.
using expiry = std::variant<no_expiry, keep_expiry, moment>;

/// When the record will end; nothing: never. errc::invalid_expire as moment::resolve.
result<std::optional<unix_ms>> resolve(expiry const&, record_view const* before, unix_ms now) noexcept;

/// Milliseconds that the record still has at `now`, not below 0; nothing if it does not expire.
std::optional<std::int64_t> ms_left(record_view const&, unix_ms now) noexcept;

namespace op {

/// EXPIRE PEXPIRE EXPIREAT PEXPIREAT. 1: done; 0: absent, or a condition did not hold. A moment that is not after now erases the
/// record, and replies 1. Conditions: nx only without an expiry, xx only with one, gt only to later, lt only to sooner, where
/// no expiry counts as never. All that are set must hold; which go together is the parser's to say.
struct expire {
    moment when;
    bool nx = false;
    bool xx = false;
    bool gt = false;
    bool lt = false;
    decision operator()(record_view const* before, context const&) const;
};

/// TTL PTTL: time left; -1 without an expiry, -2 absent. Seconds are rounded to the nearest.
struct ttl {
    static constexpr bool read_only = true;
    time_unit unit = time_unit::seconds;
    decision operator()(record_view const* before, context const&) const;
};

/// EXPIRETIME PEXPIRETIME: time since 1970; -1, -2 and rounding as ttl.
struct expire_time {
    static constexpr bool read_only = true;
    time_unit unit = time_unit::seconds;
    decision operator()(record_view const* before, context const&) const;
};

/// PERSIST. 1: the expiry is gone; 0: there was none, or no record.
struct persist {
    decision operator()(record_view const* before, context const&) const;
};

}  // namespace op
}  // namespace mykeyv
