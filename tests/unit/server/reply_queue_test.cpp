// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/reply_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mykeyv::server {
namespace {

struct reply_queue_test : testing::Test {
    reply_queue queue;
    std::string out;
    void fill(reply_queue::ticket t, std::string text) { queue.fill(t, std::move(text)); }
    std::string released()
    {
        out.clear();
        queue.release(out);
        return out;
    }
};

TEST_F(reply_queue_test, gives_replies_in_the_order_of_their_places)
{
    auto const first = queue.reserve();
    auto const second = queue.reserve();
    fill(second, "2");
    EXPECT_EQ(released(), "");
    fill(first, "1");
    EXPECT_EQ(released(), "12");
    EXPECT_TRUE(queue.empty());
}

TEST_F(reply_queue_test, stops_at_the_first_that_is_missing)
{
    auto const first = queue.reserve();
    queue.reserve();
    auto const third = queue.reserve();
    fill(third, "3");
    fill(first, "1");
    EXPECT_EQ(released(), "1");
    EXPECT_EQ(queue.size(), 2u);
}

TEST_F(reply_queue_test, a_reply_that_is_written_in_place_waits_for_those_before_it)
{
    auto const first = queue.reserve();
    auto const second = queue.reserve();
    queue.text(second) += "PONG";
    queue.written(second);
    EXPECT_EQ(released(), "");
    fill(first, "1");
    EXPECT_EQ(released(), "1PONG");
}

TEST_F(reply_queue_test, a_place_is_empty_when_it_is_used_again)
{
    for (int i = 0; i < 100; ++i) {
        auto const t = queue.reserve();
        EXPECT_EQ(queue.text(t), "");
        fill(t, std::to_string(i));
        EXPECT_EQ(released(), std::to_string(i));
    }
}

TEST_F(reply_queue_test, grows_without_losing_its_order)
{
    std::vector<reply_queue::ticket> tickets;
    fill(queue.reserve(), "x");
    released();
    for (int i = 0; i < 1000; ++i) { tickets.push_back(queue.reserve()); }
    std::string expected;
    for (std::size_t i = tickets.size(); i-- > 0;) { fill(tickets[i], std::to_string(i) + ','); }
    for (std::size_t i = 0; i < tickets.size(); ++i) { expected += std::to_string(i) + ','; }
    EXPECT_EQ(released(), expected);
}

TEST_F(reply_queue_test, counts_the_bytes_that_wait)
{
    auto const first = queue.reserve();
    fill(queue.reserve(), "12345");
    EXPECT_EQ(queue.bytes(), 5u);
    fill(first, "1");
    released();
    EXPECT_EQ(queue.bytes(), 0u);
}

}  // namespace
}  // namespace mykeyv::server
