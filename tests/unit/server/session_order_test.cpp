// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/session_order.hpp"

#include <gtest/gtest.h>

namespace mykeyv::server {
namespace {

using way = session_order::way;

struct session_order_test : testing::Test {
    session_order order;
    slot const here{7};
    slot const same_bucket{7 + 256};
    slot const elsewhere{8};
};

TEST_F(session_order_test, a_read_of_an_idle_slot_goes_at_once) { EXPECT_EQ(order.way_of_read(here), way::at_once); }
TEST_F(session_order_test, a_write_of_an_idle_slot_goes_to_the_lane) { EXPECT_EQ(order.way_of_write(here), way::in_lane_order); }

TEST_F(session_order_test, a_read_behind_a_write_follows_it_through_the_lane)
{
    order.lane_begins(here);
    EXPECT_EQ(order.way_of_read(here), way::in_lane_order);
    EXPECT_EQ(order.way_of_read(same_bucket), way::in_lane_order);
    EXPECT_EQ(order.way_of_read(elsewhere), way::at_once);
}

TEST_F(session_order_test, a_read_goes_at_once_again_when_the_last_write_has_ended)
{
    order.lane_begins(here);
    order.lane_begins(here);
    order.lane_ends(here);
    EXPECT_EQ(order.way_of_read(here), way::in_lane_order);
    order.lane_ends(here);
    EXPECT_EQ(order.way_of_read(here), way::at_once);
}

TEST_F(session_order_test, a_write_does_not_overtake_a_read_at_a_reader)
{
    order.read_begins(here);
    EXPECT_EQ(order.way_of_write(here), way::wait);
    EXPECT_EQ(order.way_of_write(same_bucket), way::wait);
    EXPECT_EQ(order.way_of_write(elsewhere), way::in_lane_order);
    order.read_ends(here);
    EXPECT_EQ(order.way_of_write(here), way::in_lane_order);
}

TEST_F(session_order_test, a_second_read_of_a_slot_waits_for_the_first)
{
    order.read_begins(here);
    EXPECT_EQ(order.way_of_read(here), way::wait);
}

TEST_F(session_order_test, node_work_waits_for_everything_before_it)
{
    order.lane_begins(here);
    EXPECT_FALSE(order.node_may_begin());
    order.lane_ends(here);
    order.read_begins(here);
    EXPECT_FALSE(order.node_may_begin());
    order.read_ends(here);
    EXPECT_TRUE(order.node_may_begin());
}

TEST_F(session_order_test, everything_waits_for_node_work)
{
    order.node_begins();
    EXPECT_EQ(order.way_of_read(here), way::wait);
    EXPECT_EQ(order.way_of_write(elsewhere), way::wait);
    EXPECT_FALSE(order.node_may_begin());
    order.node_ends();
    EXPECT_EQ(order.way_of_read(here), way::at_once);
}

TEST_F(session_order_test, counts_what_is_unfinished)
{
    order.lane_begins(here);
    order.read_begins(elsewhere);
    EXPECT_EQ(order.unfinished(), 2u);
    order.read_ends(elsewhere);
    order.lane_ends(here);
    EXPECT_EQ(order.unfinished(), 0u);
}

}  // namespace
}  // namespace mykeyv::server
