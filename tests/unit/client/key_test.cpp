// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/key.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>

namespace mykeyv {
namespace {

TEST(key, of_a_number_is_its_text)
{
    EXPECT_EQ(key{42}, key{"42"});
    EXPECT_EQ(key{42u}, key{"42"});
    EXPECT_EQ(key{-7}, key{"-7"});
    EXPECT_EQ(key{std::uint8_t{200}}, key{"200"});
    EXPECT_EQ(key{std::numeric_limits<std::int64_t>::min()}, key{"-9223372036854775808"});
    EXPECT_EQ(key{std::numeric_limits<std::uint64_t>::max()}, key{"18446744073709551615"});
}

TEST(key, of_a_whole_floating_point_number_is_that_of_the_integer)
{
    EXPECT_EQ(key{42.0}, key{42});
    EXPECT_EQ(key{100000.0}, key{100000});
    EXPECT_EQ(key{-0.0}, key{0});
    EXPECT_EQ(key{9007199254740992.0}, key{9007199254740992});
}

TEST(key, of_another_floating_point_number_is_the_shortest_that_reads_back)
{
    EXPECT_EQ(key{0.1}, key{"0.1"});
    EXPECT_EQ(key{0.1f}, key{"0.1"});
    EXPECT_EQ(key{1e300}, key{"1e+300"});
    EXPECT_EQ(key{1.0 / 3}, key{"0.3333333333333333"});
}

TEST(key, of_a_bool_and_of_a_character_are_words)
{
    EXPECT_EQ(key{true}, key{"true"});
    EXPECT_EQ(key{'x'}, key{"x"});
}

TEST(key, may_hold_any_bytes) { EXPECT_EQ(key{std::string("foo\0", 4)}.text().size(), 4u); }

TEST(key_list, is_made_from_one_key_from_braces_and_from_ranges)
{
    auto const texts = [](key_list const& keys) {
        std::vector<std::string> all;
        for (auto const& each : keys) { all.push_back(each.text()); }
        return all;
    };
    using words = std::vector<std::string>;
    EXPECT_EQ(texts("jerry"), words{"jerry"});
    EXPECT_EQ(texts(std::string{"jerry"}), words{"jerry"});
    EXPECT_EQ(texts({"phil", 42, 0.5}), (words{"phil", "42", "0.5"}));
    EXPECT_EQ(texts(std::vector<int>{1, 2}), (words{"1", "2"}));
    EXPECT_EQ(texts(std::set<std::string>{"a", "b"}), (words{"a", "b"}));
}

}  // namespace
}  // namespace mykeyv
