// SPDX-License-Identifier: Apache-2.0
// Hosts and ports as people write them.
#include "mykeyv/base/endpoint.hpp"

#include <gtest/gtest.h>

namespace mykeyv {
namespace {

std::optional<endpoint> read(std::string_view text) { return endpoint::parse(text, 6958); }

TEST(endpoint, is_a_host_and_a_port)
{
    EXPECT_EQ(read("127.0.0.1:7000"), (endpoint{"127.0.0.1", 7000}));
    EXPECT_EQ(read("db-1.example.com:65535"), (endpoint{"db-1.example.com", 65535}));
}

TEST(endpoint, without_a_port_has_the_default) { EXPECT_EQ(read("localhost"), (endpoint{"localhost", 6958})); }

TEST(endpoint, of_ipv6_stands_in_brackets)
{
    EXPECT_EQ(read("[::1]:7000"), (endpoint{"::1", 7000}));
    EXPECT_EQ(read("[::1]"), (endpoint{"::1", 6958}));
}

TEST(endpoint, text_reads_back_also_for_ipv6)
{
    EXPECT_EQ(read("[::1]:7000")->text(), "::1:7000");
    EXPECT_EQ(read("::1:7000"), (endpoint{"::1", 7000}));
}

TEST(endpoint, with_no_host_or_no_port_in_range_is_none)
{
    for (auto const* text : {"", ":", ":7000", "host:", "host:0", "host:65536", "host:x", "host:-1",
                             "host: 1", "host:070", "[::1", "[::1]7000", "[]:1"}) {
        EXPECT_EQ(read(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace mykeyv
