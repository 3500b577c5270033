// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/async/io_thread.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace mykeyv::async {
namespace {

using namespace std::chrono_literals;
constexpr auto deadline = 10s;

TEST(io_thread, runs_what_is_posted_on_itself)
{
    io_thread thread;
    bool here = false;
    thread.run_and_wait([&] { here = thread.is_current(); });
    EXPECT_TRUE(here);
    EXPECT_FALSE(thread.is_current());
}

TEST(io_thread, keeps_the_order_of_one_sender)
{
    io_thread thread;
    std::vector<int> seen;
    for (int i = 0; i < 100; ++i) {
        thread.post([&, i] { seen.push_back(i); });
    }
    thread.run_and_wait([] {});
    ASSERT_EQ(seen.size(), 100u);
    EXPECT_EQ(seen.front(), 0);
    EXPECT_EQ(seen.back(), 99);
}

TEST(io_thread, may_be_stopped_twice)
{
    io_thread thread;
    thread.stop();
    thread.stop();
    bool ran = false;
    thread.post([&] { ran = true; });
    EXPECT_FALSE(ran);
}

TEST(timer, calls_once_after_its_delay)
{
    io_thread thread;
    std::promise<void> rang;
    std::unique_ptr<timer> bell;
    thread.run_and_wait([&] {
        bell = std::make_unique<timer>(thread);
        bell->start(1ms, [&] { rang.set_value(); });
    });
    EXPECT_EQ(rang.get_future().wait_for(deadline), std::future_status::ready);
    thread.run_and_wait([&] { bell.reset(); });
}

TEST(timer, started_again_forgets_the_first_call)
{
    io_thread thread;
    std::promise<int> rang;
    std::unique_ptr<timer> bell;
    thread.run_and_wait([&] {
        bell = std::make_unique<timer>(thread);
        bell->start(0ms, [&] { rang.set_value(1); });
        bell->start(1ms, [&] { rang.set_value(2); });
    });
    auto answer = rang.get_future();
    ASSERT_EQ(answer.wait_for(deadline), std::future_status::ready);
    EXPECT_EQ(answer.get(), 2);
    thread.run_and_wait([&] { bell.reset(); });
}

TEST(timer, that_is_cancelled_never_calls)
{
    io_thread thread;
    bool rang = false;
    std::promise<void> later;
    std::unique_ptr<timer> bell, witness;
    thread.run_and_wait([&] {
        bell = std::make_unique<timer>(thread);
        witness = std::make_unique<timer>(thread);
        bell->start(0ms, [&] { rang = true; });
        bell->cancel();
        witness->start(5ms, [&] { later.set_value(); });
    });
    ASSERT_EQ(later.get_future().wait_for(deadline), std::future_status::ready);
    EXPECT_FALSE(rang);
    thread.run_and_wait([&] { bell.reset(), witness.reset(); });
}

}  // namespace
}  // namespace mykeyv::async
