// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/input_buffer.hpp"
#include "mykeyv/net/output_buffer.hpp"

#include "mykeyv/base/limits.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace mykeyv::net {
namespace {

void arrive(input_buffer& buffer, std::string_view bytes)
{
    auto const room = buffer.room(bytes.size());
    ASSERT_GE(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    buffer.filled(bytes.size());
}

TEST(input_buffer, shows_what_arrived_until_it_is_dropped)
{
    input_buffer buffer;
    arrive(buffer, "abc");
    arrive(buffer, "def");
    EXPECT_EQ(buffer.unread(), "abcdef");
    buffer.drop(4);
    EXPECT_EQ(buffer.unread(), "ef");
}

TEST(input_buffer, keeps_what_is_unread_when_it_makes_room)
{
    input_buffer buffer;
    arrive(buffer, std::string(100, 'x') + "rest");
    buffer.drop(100);
    arrive(buffer, std::string(5000, 'y'));
    EXPECT_EQ(buffer.unread(), "rest" + std::string(5000, 'y'));
}

TEST(input_buffer, has_at_most_twice_what_is_in_it_and_one_read)
{
    input_buffer buffer;
    std::size_t total = 0;
    for (int i = 0; i < 100; ++i) {
        arrive(buffer, std::string(1000, 'z'));
        total += 1000;
        EXPECT_LE(buffer.capacity(), 2 * total + 1000);
    }
}

TEST(input_buffer, that_grew_large_gives_its_memory_back_when_empty)
{
    input_buffer buffer;
    arrive(buffer, std::string(10 * limits::read_chunk_bytes, 'z'));
    buffer.drop(10 * limits::read_chunk_bytes);
    EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(output_buffer, hands_out_everything_that_is_queued_at_once)
{
    output_buffer buffer;
    buffer.tail() += "+OK\r\n";
    buffer.tail() += ":1\r\n";
    EXPECT_EQ(buffer.unsent(), "+OK\r\n:1\r\n");
}

TEST(output_buffer, goes_on_where_the_socket_stopped)
{
    output_buffer buffer;
    buffer.tail() += "abcdef";
    buffer.sent(2);
    buffer.tail() += "gh";
    EXPECT_EQ(buffer.unsent(), "cdefgh");
    EXPECT_EQ(buffer.size(), 6u);
    buffer.sent(6);
    EXPECT_EQ(buffer.size(), 0u);
}

TEST(output_buffer, drops_a_long_front_that_was_sent)
{
    output_buffer buffer;
    buffer.tail().assign(3u << 20, 'x');
    buffer.sent(2u << 20);
    EXPECT_EQ(buffer.tail().size(), std::size_t{1} << 20);
    EXPECT_EQ(buffer.size(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace mykeyv::net
