// SPDX-License-Identifier: Apache-2.0
// Forty hex digits: node ids and the names of code.
#include "mykeyv/base/hex.hpp"

#include <gtest/gtest.h>

namespace mykeyv {
namespace {

TEST(script_id, is_the_sha1_of_the_code)
{
    EXPECT_EQ(script_id::of("").text(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(script_id::of("abc").text(), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(script_id, is_read_in_either_case)
{
    EXPECT_EQ(script_id::parse("A9993E364706816ABA3E25717850C26C9CD0D89D"), script_id::of("abc"));
    EXPECT_EQ(script_id::parse("a9993e364706816aba3e25717850c26c9cd0d89d"), script_id::of("abc"));
}

TEST(node_id, that_is_not_forty_hex_digits_is_none)
{
    for (auto const& text : {std::string{}, std::string(39, 'a'), std::string(41, 'a'), std::string(40, 'g'), std::string(39, 'a') + " ",
                             std::string(40, '\0')}) {
        EXPECT_EQ(node_id::parse(text), std::nullopt) << text;
    }
}

TEST(node_id, at_random_is_another_each_time_and_reads_back)
{
    auto const one = node_id::random();
    EXPECT_NE(one, node_id::random());
    EXPECT_EQ(node_id::parse(one.text()), one);
}

TEST(node_id, text_is_lower_case) { EXPECT_EQ(node_id::parse(std::string(40, 'F'))->text(), std::string(40, 'f')); }

}  // namespace
}  // namespace mykeyv
