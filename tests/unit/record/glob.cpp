// SPDX-License-Identifier: Apache-2.0
// Patterns of keys, and that none of them is expensive.
#include "mykeyv/record/glob.hpp"

#include "mykeyv/base/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mykeyv {
namespace {

bool matches(std::string_view pattern, std::string_view text) { return glob_matches(pattern, text); }

TEST(glob, without_wildcards_is_equality)
{
    EXPECT_TRUE(matches("foo", "foo"));
    EXPECT_TRUE(matches("", ""));
    EXPECT_FALSE(matches("foo", "Foo"));
    EXPECT_FALSE(matches("foo", "fo"));
    EXPECT_FALSE(matches("foo", "fooo"));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_FALSE(matches("a", ""));
}
TEST(glob, star_is_any_bytes)
{
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("*", "anything"));
    EXPECT_TRUE(matches("***", ""));
    EXPECT_TRUE(matches("a*", "a"));
    EXPECT_TRUE(matches("*a", "bba"));
    EXPECT_TRUE(matches("a*b*c", "a--b-b--c"));
    EXPECT_FALSE(matches("a*b*c", "a--c--b"));
    EXPECT_FALSE(matches("*a", "ab"));
}
TEST(glob, star_takes_as_much_as_the_rest_needs)
{
    EXPECT_TRUE(matches("*ab", "aab"));
    EXPECT_TRUE(matches("*aab*b", "aaaabcb"));
    EXPECT_TRUE(matches("user:*:name", "user:1:name:name"));
}
TEST(glob, question_mark_is_one_byte)
{
    EXPECT_TRUE(matches("h?llo", "hello"));
    EXPECT_FALSE(matches("h?llo", "hllo"));
    EXPECT_FALSE(matches("?", ""));
    EXPECT_TRUE(matches("??", "\xc3\xa4"));
    EXPECT_TRUE(matches("*?", "a"));
}
TEST(glob, a_set_is_one_of_its_bytes)
{
    EXPECT_TRUE(matches("h[ae]llo", "hallo"));
    EXPECT_TRUE(matches("h[ae]llo", "hello"));
    EXPECT_FALSE(matches("h[ae]llo", "hillo"));
    EXPECT_FALSE(matches("h[ae]llo", "hllo"));
    EXPECT_TRUE(matches("*[0-9]", "key7"));
}
TEST(glob, a_range_goes_both_ways)
{
    EXPECT_TRUE(matches("[a-c]", "b"));
    EXPECT_TRUE(matches("[c-a]", "b"));
    EXPECT_FALSE(matches("[a-c]", "d"));
    EXPECT_TRUE(matches("[a-cx]", "x"));
    EXPECT_TRUE(matches("[\x80-\xff]", "\xc3"));
    EXPECT_FALSE(matches("[\x80-\xff]", "a"));
}
TEST(glob, a_minus_at_the_end_of_an_open_set_is_itself)
{
    EXPECT_TRUE(matches("[a-", "-"));
    EXPECT_TRUE(matches("[a-", "a"));
}
TEST(glob, a_negated_set_is_any_other_byte)
{
    EXPECT_TRUE(matches("h[^e]llo", "hallo"));
    EXPECT_FALSE(matches("h[^e]llo", "hello"));
    EXPECT_TRUE(matches("[^a-c]", "d"));
    EXPECT_FALSE(matches("[^a-c]", ""));
}
TEST(glob, an_empty_set_is_no_byte_and_its_negation_any)
{
    EXPECT_FALSE(matches("[]", "a"));
    EXPECT_TRUE(matches("[^]", "a"));
}
TEST(glob, a_set_that_is_not_closed_ends_with_the_pattern)
{
    EXPECT_TRUE(matches("[ab", "b"));
    EXPECT_FALSE(matches("[ab", "c"));
    EXPECT_FALSE(matches("[", "["));
    EXPECT_TRUE(matches("[^", "x"));
}
TEST(glob, a_backslash_takes_the_next_byte_as_it_is)
{
    EXPECT_TRUE(matches("\\*", "*"));
    EXPECT_FALSE(matches("\\*", "a"));
    EXPECT_TRUE(matches("\\\\", "\\"));
    EXPECT_TRUE(matches("a\\", "a\\"));
    EXPECT_TRUE(matches("[\\]]", "]"));
    EXPECT_TRUE(matches("[\\^a]", "^"));
    EXPECT_FALSE(matches("[\\]]", "\\"));
}
TEST(glob, matches_zero_bytes)
{
    EXPECT_TRUE(matches(std::string_view("a\0*", 3), std::string_view("a\0b", 3)));
    EXPECT_FALSE(matches("a", std::string_view("a\0", 2)));
}

std::string repeated(std::string_view part, std::size_t times)
{
    std::string all;
    for (std::size_t i = 0; i < times; ++i) { all += part; }
    return all;
}

TEST(glob, of_many_stars_is_exact_on_the_longest_key)
{
    std::string const key(limits::key_bytes_max, 'a');
    EXPECT_TRUE(matches(repeated("*a", 128), key));
    EXPECT_FALSE(matches(repeated("*a", 127) + "*b", key));
    EXPECT_TRUE(matches("*" + std::string(254, 'a') + "*", key));
    EXPECT_FALSE(matches("*" + std::string(254, 'a') + "b", key));
    EXPECT_TRUE(matches("*" + std::string(254, 'a') + "b", key + "b"));
}
TEST(glob, that_would_take_too_many_steps_matches_nothing)
{
    std::string const key(limits::key_bytes_max, 'a');
    auto const costly = "*[" + std::string(limits::glob_steps_max / 2, 'b') + "]";
    EXPECT_FALSE(matches(costly, key + 'b'));
    EXPECT_TRUE(matches(costly, "b")) << "it is the steps that count, not the length";
}

}  // namespace
}  // namespace mykeyv
