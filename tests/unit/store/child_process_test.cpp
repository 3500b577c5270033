// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/child_process.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mykeyv::store {
namespace {

// A daemon could not start because some process ended just when its arguments were read.
TEST(processes_with_argument, does_not_mind_that_processes_end_meanwhile)
{
    std::jthread const bustle{[](std::stop_token const& stop) {
        while (!stop.stop_requested()) {
            auto const child = ::fork();
            if (child == 0) { ::_exit(0); }
            ::waitpid(child, nullptr, 0);
        }
    }};
    for (int i = 0; i < 1500; ++i) { EXPECT_TRUE(processes_with_argument("no process has this argument").empty()); }
}

}  // namespace
}  // namespace mykeyv::store
