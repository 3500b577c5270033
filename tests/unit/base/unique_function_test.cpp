// SPDX-License-Identifier: Apache-2.0
// The callable that is moved, not copied.
#include "mykeyv/base/unique_function.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mykeyv
