// SPDX-License-Identifier: Apache-2.0
// Where keys lie: the checksum, and what of a key is hashed.
#include "mykeyv/base/slot.hpp"

#include <gtest/gtest.h>

namespace mykeyv {
namespace {

TEST(crc16, is_the_same_however_many_bytes_are_summed_up_at_once)
{
    std::string bytes;
    unsigned bit_by_bit = 0;
    for (unsigned i = 0; i < 100; ++i) {
        EXPECT_EQ(crc16(bytes), bit_by_bit) << i << " bytes";
        auto const byte = static_cast<unsigned char>(i * 151 + 13);
        bytes += static_cast<char>(byte);
        bit_by_bit ^= unsigned{byte} << 8;
        for (int bit = 0; bit < 8; ++bit) { bit_by_bit = ((bit_by_bit << 1) ^ ((bit_by_bit & 0x8000u) != 0 ? 0x1021u : 0u)) & 0xffffu; }
    }
}

TEST(crc16, of_the_known_vectors)
{
    EXPECT_EQ(crc16("123456789"), 0x31C3);
    EXPECT_EQ(crc16(""), 0);
    EXPECT_EQ(crc16("A"), 0x58E5);
}

TEST(slot_of, known_keys_is_what_redis_says)
{
    EXPECT_EQ(slot_of("foo"), slot{12182});
    EXPECT_EQ(slot_of("bar"), slot{5061});
    EXPECT_EQ(slot_of("123456789"), slot{12739});
    EXPECT_EQ(slot_of(""), slot{0});
}

TEST(slot_of, a_hash_tag_is_that_of_its_content)
{
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
    EXPECT_EQ(slot_of("a{user1000}"), slot_of("user1000"));
    EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
}

TEST(slot_of, braces_that_are_no_tag_hashes_the_whole_key)
{
    for (auto const* key : {"foo{}{bar}", "{}", "foo{bar", "foo}bar{", "}{"}) {
        EXPECT_EQ(slot_of(key), slot{crc16(key) % slot::count}) << key;
    }
}

TEST(slot_of, keys_that_differ_in_case_or_a_byte_differs)
{
    EXPECT_NE(slot_of("Foo"), slot_of("foo"));
    EXPECT_NE(slot_of("foo "), slot_of("foo"));
    EXPECT_NE(slot_of(std::string_view{"foo\0", 4}), slot_of("foo"));
}

}  // namespace
}  // namespace mykeyv
