// SPDX-License-Identifier: Apache-2.0
// Slots: the 16384 shares that all keys are divided into.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

namespace mykeyv {

/// One of the 16384 shares of all keys. Every key lies in exactly one.
class slot {
public:
    static constexpr unsigned count = 16384;

    constexpr slot() = default;
    /// `number` must be below `count`.
    explicit constexpr slot(unsigned number) noexcept : number_{static_cast<std::uint16_t>(number)} {}

    constexpr std::uint16_t number() const noexcept { return number_; }
    friend constexpr auto operator<=>(slot, slot) = default;

private:
    std::uint16_t number_ = 0;
};

/// CRC-16/XMODEM (polynomial 0x1021, start 0), as the Redis Cluster specification gives it.
std::uint16_t crc16(std::string_view bytes) noexcept;

/// The slot of a key: crc16 mod 16384 over the key, or over its hash tag: what stands between the first `{` and the
/// first `}` after it, if that is not empty.
slot slot_of(std::string_view key) noexcept;

}  // namespace mykeyv

template <>
struct std::hash<mykeyv::slot> {
    std::size_t operator()(mykeyv::slot s) const noexcept { return s.number(); }
};
