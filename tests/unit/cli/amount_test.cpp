// SPDX-License-Identifier: Apache-2.0
// Amounts as people read and write them.
#include "apps/mykeyv/amount.hpp"

#include <gtest/gtest.h>

namespace mykeyv::cli {
namespace {

TEST(bytes_text, takes_the_unit_that_fits)
{
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(1000), "1.0 kB");
    EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
    EXPECT_EQ(bytes_text(5e12), "5.0 TB");
}

TEST(bytes_text, never_shows_a_thousand_of_a_unit) { EXPECT_EQ(bytes_text(999'999), "1.0 MB"); }

TEST(parse_megabytes, takes_whole_and_broken_numbers)
{
    EXPECT_EQ(parse_megabytes("20"), 20'000'000u);
    EXPECT_EQ(parse_megabytes("0.5"), 500'000u);
    EXPECT_EQ(parse_megabytes("0"), 0u);
}

TEST(parse_megabytes, refuses_what_is_no_speed)
{
    for (auto const* text : {"", "-1", "fast", "20MB", "nan", "inf", "1000001", " 1"}) { EXPECT_FALSE(parse_megabytes(text)) << text; }
}

}  // namespace
}  // namespace mykeyv::cli
