// SPDX-License-Identifier: Apache-2.0
// The callable that is moved, not copied.
#include "mykeyv/base/unique_function.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace mykeyv {
namespace {

TEST(unique_function, holds_what_cannot_be_copied)
{
    unique_function<int(int)> add = [held = std::make_unique<int>(40)](int more) { return *held + more; };
    EXPECT_EQ(add(2), 42);
}

TEST(unique_function, passes_arguments_that_cannot_be_copied)
{
    unique_function<int(std::unique_ptr<int>)> open = [](std::unique_ptr<int> box) { return *box; };
    EXPECT_EQ(open(std::make_unique<int>(7)), 7);
}

TEST(unique_function, is_empty_when_default_made_or_moved_from)
{
    unique_function<void()> none;
    EXPECT_FALSE(none);
    unique_function<void()> some = [] {};
    EXPECT_TRUE(some);
    auto const taken = std::move(some);
    EXPECT_TRUE(taken);
    EXPECT_FALSE(some);  // NOLINT(bugprone-use-after-move): this is the fact
}

// Counts how many of its kind live.
struct counted {
    explicit counted(int& living) noexcept : living_{&living} { ++*living_; }
    counted(counted&& other) noexcept : living_{other.living_} { ++*living_; }
    ~counted() { --*living_; }
    int* living_;
};

TEST(unique_function, keeps_one_of_what_it_holds_wherever_that_lies)
{
    int near = 0;
    int far = 0;
    {
        unique_function<int()> small = [held = counted{near}] { return *held.living_; };
        unique_function<int()> large = [held = counted{far}, room = std::array<char, 100>{}] { return *held.living_ + room[99]; };
        EXPECT_EQ(small(), 1);
        EXPECT_EQ(large(), 1);
        auto moved = std::move(small);
        small = std::move(large);
        EXPECT_EQ(moved(), 1);
        EXPECT_EQ(small(), 1);
        small = std::move(moved);
        EXPECT_EQ(small(), 1);
        EXPECT_EQ(far, 0);
        small = {};
        EXPECT_EQ(near, 0);
    }
    EXPECT_EQ(near, 0);
    EXPECT_EQ(far, 0);
}

// Moving it may throw, so it lies where it need not be moved.
TEST(unique_function, holds_what_may_throw_when_it_is_moved)
{
    struct throwing {
        explicit throwing(int n) : number{n} {}
        throwing(throwing&& other) noexcept(false) : number{other.number} {}
        int operator()() const { return number; }
        int number;
    };
    unique_function<int()> some = throwing{7};
    auto taken = std::move(some);
    EXPECT_EQ(taken(), 7);
}

}  // namespace
}  // namespace mykeyv
