// SPDX-License-Identifier: Apache-2.0
// Lengths of time as people write them.
#include "apps/mykeyv/duration.hpp"

#include <gtest/gtest.h>

namespace mykeyv::cli {
namespace {

using std::chrono::milliseconds;

TEST(parse_duration, takes_each_unit)
{
    EXPECT_EQ(parse_duration("500ms"), milliseconds{500});
    EXPECT_EQ(parse_duration("30s"), milliseconds{30'000});
    EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
    EXPECT_EQ(parse_duration("2h"), milliseconds{7'200'000});
    EXPECT_EQ(parse_duration("7d"), milliseconds{604'800'000});
}

TEST(parse_duration, takes_a_bare_number_for_seconds) { EXPECT_EQ(parse_duration("3"), milliseconds{3000}); }

TEST(parse_duration, refuses_what_is_no_time)
{
    for (auto const* text : {"", "s", "-1s", "1.5s", "1 s", " 1s", "1x", "1sec", "1s2", "99999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(parse_duration, ends_at_a_hundred_thousand_days)
{
    EXPECT_EQ(parse_duration("100000d"), std::chrono::hours{24 * 100'000});
    EXPECT_FALSE(parse_duration("100001d"));
    EXPECT_FALSE(parse_duration("18446744073709551615ms"));
}

TEST(duration_text, shows_the_two_greatest_units)
{
    EXPECT_EQ(duration_text(std::chrono::hours{28} + std::chrono::seconds{3}), "1d 4h");
    EXPECT_EQ(duration_text(std::chrono::seconds{61}), "1m 1s");
    EXPECT_EQ(duration_text(std::chrono::seconds{3600}), "1h");
}

TEST(duration_text, leaves_out_milliseconds_beside_seconds)
{
    EXPECT_EQ(duration_text(milliseconds{59'999}), "59s");
    EXPECT_EQ(duration_text(milliseconds{850}), "850ms");
}

TEST(duration_text, shows_nothing_left_as_zero)
{
    EXPECT_EQ(duration_text(milliseconds{0}), "0ms");
    EXPECT_EQ(duration_text(milliseconds{-5}), "0ms");
}

}  // namespace
}  // namespace mykeyv::cli
