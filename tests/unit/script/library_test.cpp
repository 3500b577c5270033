// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/library.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mykeyv::script {

TEST(library, finds_what_was_added_by_its_sha1)
{
    library codes;
    auto const id = codes.add("return true");
    EXPECT_EQ(id, script_id::of("return true"));
    ASSERT_NE(codes.find(id), nullptr);
    EXPECT_EQ(*codes.find(id), "return true");
}

TEST(library, does_not_find_what_was_never_added) { EXPECT_EQ(library{}.find(script_id::of("x")), nullptr); }

TEST(library, keeps_the_same_code_once)
{
    library codes;
    codes.add("a");
    codes.add("a");
    EXPECT_EQ(codes.count(), 1u);
    EXPECT_EQ(codes.bytes(), 1u);
}

TEST(library, forgets_what_was_used_longest_ago_when_its_bytes_are_full)
{
    library codes{10};
    auto const first = codes.add("first");
    auto const other = codes.add("other");
    auto const held = codes.find(first);
    codes.add("third");
    EXPECT_EQ(codes.find(other), nullptr);
    EXPECT_NE(codes.find(first), nullptr);
    EXPECT_EQ(codes.bytes(), 10u);
}

TEST(library, what_it_handed_out_outlives_its_memory_of_it)
{
    library codes{1};
    auto const held = codes.find(codes.add("code"));
    codes.add("more");
    EXPECT_EQ(codes.count(), 1u);
    EXPECT_EQ(*held, "code");
}

TEST(library, serves_many_threads)
{
    library codes{1000};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&codes] {
            for (int i = 0; i < 1000; ++i) {
                auto const text = std::string(static_cast<std::size_t>(10 + i % 50), 'x');
                auto const found = codes.find(codes.add(text));
                if (found != nullptr) { EXPECT_EQ(*found, text); }
            }
        });
    }
    for (auto& thread : threads) { thread.join(); }
    EXPECT_LE(codes.bytes(), 1000u);
}

}  // namespace mykeyv::script
