// SPDX-License-Identifier: Apache-2.0
// The end of a thread that may be stuck in MySQL.
#include "mykeyv/store/sql_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace mykeyv::store {
namespace {

TEST(a_sql_thread, that_ends_by_itself_is_not_interrupted)
{
    std::atomic<bool> ran = false;
    int interrupts = 0;
    sql_thread thread;
    thread.start("test", [&] { ran = true; });
    thread.join([&] { ++interrupts; }, std::chrono::minutes{1});
    EXPECT_TRUE(ran);
    EXPECT_EQ(interrupts, 0);
    thread.join([&] { ++interrupts; });
    EXPECT_EQ(interrupts, 0);
}

TEST(a_sql_thread, that_is_stuck_is_interrupted_until_it_ends)
{
    std::counting_semaphore<> answer{0};
    int interrupts = 0;
    sql_thread thread;
    thread.start("test", [&] {
        answer.acquire();
        answer.acquire();
    });
    thread.join(
        [&] {
            ++interrupts;
            answer.release();
        },
        std::chrono::milliseconds{1});
    EXPECT_GE(interrupts, 2);
}

TEST(a_sql_thread, that_was_never_started_has_ended)
{
    sql_thread thread;
    thread.join([] { FAIL() << "nobody is stuck"; });
}

}  // namespace
}  // namespace mykeyv::store
