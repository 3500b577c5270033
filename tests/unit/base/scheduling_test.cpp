// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/scheduling.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace {

using mykeyv::interrupt_nobody;

/// Of a thread that does `first`; nothing of it is left in the threads of other tests.
template <class First>
int policy_after(First const& first)
{
    int policy = -1;
    std::thread{[&] {
        first();
        policy = ::sched_getscheduler(0);
    }}.join();
    return policy;
}

TEST(scheduling, a_thread_that_interrupts_nobody_waits_for_its_turn) { EXPECT_EQ(policy_after(interrupt_nobody), SCHED_BATCH); }

TEST(scheduling, threads_that_it_starts_do_so_too)
{
    int inner = -1;
    policy_after([&] {
        interrupt_nobody();
        inner = policy_after([] {});
    });
    EXPECT_EQ(inner, SCHED_BATCH);
}

TEST(scheduling, a_policy_that_was_chosen_is_kept)
{
    auto const with_idle = [] {
        sched_param const none{};
        ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
        interrupt_nobody();
    };
    EXPECT_EQ(policy_after(with_idle), SCHED_IDLE);
}

}  // namespace
