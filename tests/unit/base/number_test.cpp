// SPDX-License-Identifier: Apache-2.0
// Numbers as text: what is one, and above all what is none.
#include "mykeyv/base/number.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mykeyv {
namespace {

using namespace std::string_view_literals;

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

TEST(parse_integer, reads_all_of_64_bits)
{
    EXPECT_EQ(parse_integer("0"), 0);
    EXPECT_EQ(parse_integer("-1"), -1);
    EXPECT_EQ(parse_integer("9007199254740993"), 9007199254740993);
    EXPECT_EQ(parse_integer("999999999999999999"), 999999999999999999);
    EXPECT_EQ(parse_integer("-999999999999999999"), -999999999999999999);
    EXPECT_EQ(parse_integer("1000000000000000000"), 1000000000000000000);
    EXPECT_EQ(parse_integer("-9223372036854775808"), lowest);
    EXPECT_EQ(parse_integer("9223372036854775807"), highest);
}

TEST(parse_integer, refuses_all_but_the_canonical_form)
{
    for (auto const text : {""sv, "-"sv, "+1"sv, " 1"sv, "1 "sv, "01"sv, "-0"sv, "-01"sv,
                            "00"sv, "1.0"sv, "1e3"sv, "0x10"sv, "--1"sv, "1\0"sv, "one"sv}) {
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
    }
}

TEST(parse_integer, refuses_what_64_bits_cannot_hold)
{
    EXPECT_EQ(parse_integer("9223372036854775808"), std::nullopt);
    EXPECT_EQ(parse_integer("-9223372036854775809"), std::nullopt);
    EXPECT_EQ(parse_integer("100000000000000000000"), std::nullopt);
}

TEST(parse_unsigned, reads_up_to_64_bits_and_no_sign)
{
    EXPECT_EQ(parse_unsigned("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_unsigned("-1"), std::nullopt);
    EXPECT_EQ(parse_unsigned("-0"), std::nullopt);
    EXPECT_EQ(parse_unsigned("+1"), std::nullopt);
}

TEST(parse_float, reads_what_redis_reads)
{
    EXPECT_EQ(parse_float("1.5"), 1.5L);
    EXPECT_EQ(parse_float("-2e3"), -2000.0L);
    EXPECT_EQ(parse_float("+1"), 1.0L);
    EXPECT_EQ(parse_float(".5"), 0.5L);
    EXPECT_EQ(parse_float("inf"), std::numeric_limits<long double>::infinity());
}

TEST(parse_float, refuses_what_is_not_all_a_number)
{
    for (auto const text : {""sv, " 1"sv, "1 "sv, "\t1"sv, "1,5"sv, "1.5x"sv, "nan"sv, "-nan"sv, "1\0"sv, "1\0002"sv, "abc"sv}) {
        EXPECT_EQ(parse_float(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_float(std::string(5 * 1024, '1')), std::nullopt);
}

TEST(format_float, cuts_trailing_zeros_and_has_no_exponent)
{
    EXPECT_EQ(format_float(10.6L), "10.6");
    EXPECT_EQ(format_float(3.0L), "3");
    EXPECT_EQ(format_float(0.0L), "0");
    EXPECT_EQ(format_float(-0.0L), "0");
    EXPECT_EQ(format_float(100.0L), "100");
    EXPECT_EQ(format_float(5e20L), "500000000000000000000");
    EXPECT_EQ(format_float(-0.125L), "-0.125");
}

TEST(format_float, of_the_largest_number_is_read_back)
{
    auto const largest = std::numeric_limits<long double>::max();
    EXPECT_EQ(parse_float(format_float(largest)), largest);
}

}  // namespace
}  // namespace mykeyv
