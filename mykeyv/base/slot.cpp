// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/slot.hpp"

#include <array>

namespace mykeyv {
namespace {

constexpr std::size_t stride = 8;

/// What a byte adds to the sum, when 0 to 7 more come behind it: so eight bytes are summed up in one step ("slicing-by-8",
/// Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008).
constexpr auto crc16_tables = [] {
    std::array<std::array<std::uint16_t, 256>, stride> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << 8;
        for (auto& table : tables) {
            for (int bit = 0; bit < 8; ++bit) { crc = (crc & 0x8000u) != 0 ? ((crc << 1) ^ 0x1021u) & 0xffffu : crc << 1; }
            table[byte] = static_cast<std::uint16_t>(crc);
        }
    }
    return tables;
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
    auto const byte_at = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    unsigned crc = 0;
    for (; bytes.size() >= stride; bytes.remove_prefix(stride)) {
        auto const begun = crc;
        crc = crc16_tables[stride - 1][(begun >> 8) ^ byte_at(0)] ^ crc16_tables[stride - 2][(begun & 0xffu) ^ byte_at(1)];
        for (std::size_t i = 2; i < stride; ++i) { crc ^= crc16_tables[stride - 1 - i][byte_at(i)]; }
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) { crc = ((crc << 8) & 0xffffu) ^ crc16_tables[0][(crc >> 8) ^ byte_at(i)]; }
    return static_cast<std::uint16_t>(crc);
}

slot slot_of(std::string_view key) noexcept { return slot{crc16(hashed_part(key)) % slot::count}; }

}  // namespace mykeyv
