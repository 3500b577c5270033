// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/slot.hpp"

#include <array>

namespace mykeyv {
namespace {

constexpr std::array<std::uint16_t, 256> crc16_table = [] {
    std::array<std::uint16_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit) { crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1; }
        table[byte] = static_cast<std::uint16_t>(crc);
    }
    return table;
}();

std::string_view hashed_part(std::string_view key) noexcept
{
    auto const open = key.find('{');
    if (open == key.npos) { return key; }
    auto const close = key.find('}', open + 1);
    if (close == key.npos || close == open + 1) { return key; }
    return key.substr(open + 1, close - open - 1);
}

}  // namespace

std::uint16_t crc16(std::string_view bytes) noexcept
{
    unsigned crc = 0;
    for (unsigned char const byte : bytes) { crc = (crc << 8) ^ crc16_table[((crc >> 8) ^ byte) & 0xffu]; }
    return static_cast<std::uint16_t>(crc);
}

slot slot_of(std::string_view key) noexcept { return slot{crc16(hashed_part(key)) % slot::count}; }

}  // namespace mykeyv
