// SPDX-License-Identifier: Apache-2.0
// The classes in which a lane counts how long operations of its slots had to wait.
#include "mykeyv/server/lane_port.hpp"

#include <gtest/gtest.h>

namespace mykeyv::server {
namespace {

TEST(lane_figures, has_for_every_wait_up_to_a_minute_a_class_whose_bound_is_above_it_by_a_sixteenth_at_most)
{
    for (std::uint64_t us = 16; us < 60'000'000; us += 1 + us / 1000) {
        auto const bound = lane_figures::bound_of(lane_figures::place_of(us));
        ASSERT_GT(bound, us);
        ASSERT_LE(bound, us + us / 16 + 1);
    }
}

TEST(lane_figures, counts_the_shortest_waits_in_the_first_class_and_the_longest_in_the_last)
{
    EXPECT_EQ(lane_figures::place_of(0), 0u);
    EXPECT_EQ(lane_figures::place_of(15), 0u);
    EXPECT_EQ(lane_figures::place_of(16), 1u);
    EXPECT_EQ(lane_figures::place_of(std::uint64_t{1} << 60), lane_figures::places - 1);
}

}  // namespace
}  // namespace mykeyv::server
