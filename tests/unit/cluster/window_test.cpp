// SPDX-License-Identifier: Apache-2.0
// How many slots are on their way to a node that answers, and to one that does not.
#include "mykeyv/cluster/migration/window.hpp"

#include <gtest/gtest.h>

namespace mykeyv::cluster {
namespace {

void taken(window& of, int times)
{
    for (int i = 0; i < times; ++i) { of.taken(); }
}

TEST(window, begins_with_the_most_and_has_never_more)
{
    window w{64};
    EXPECT_EQ(w.size(), 64u);
    taken(w, 10);
    EXPECT_EQ(w.size(), 64u);
}

TEST(window, is_one_after_a_loss_and_grows_fast_up_to_half_of_what_was_too_much)
{
    window w{64};
    w.lost();
    EXPECT_EQ(w.size(), 1u);
    taken(w, 31);
    EXPECT_EQ(w.size(), 32u);
}

TEST(window, grows_by_one_for_as_many_as_it_has_behind_that)
{
    window w{64};
    w.lost();
    taken(w, 31 + 30);
    EXPECT_EQ(w.size(), 32u);
    taken(w, 4);
    EXPECT_EQ(w.size(), 33u);
}

TEST(window, takes_many_losses_at_once_for_one)
{
    window w{64};
    for (int i = 0; i < 64; ++i) { w.lost(); }
    taken(w, 31);
    EXPECT_EQ(w.size(), 32u);
}

TEST(window, is_smaller_by_three_in_ten_for_those_that_are_late_at_once)
{
    window w{32};
    for (int i = 0; i < 33; ++i) { w.late(8); }
    EXPECT_EQ(w.size(), 22u);
    w.late(8);
    EXPECT_EQ(w.size(), 15u);
    taken(w, 15 + 15 + 2);
    EXPECT_EQ(w.size(), 17u);
}

TEST(window, is_not_smaller_than_the_least_for_being_late)
{
    window w{32};
    for (int i = 0; i < 1000; ++i) { w.late(8); }
    EXPECT_EQ(w.size(), 8u);
    window small{3};
    small.late(8);
    EXPECT_EQ(small.size(), 3u);
}

TEST(window, of_one_stays_one)
{
    window w{1};
    w.lost();
    w.taken();
    EXPECT_EQ(w.size(), 1u);
}

}  // namespace
}  // namespace mykeyv::cluster
