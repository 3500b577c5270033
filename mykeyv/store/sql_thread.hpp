// SPDX-License-Identifier: Apache-2.0
// A thread that talks to MySQL, and may be stuck there when it has to end.
#pragma once

#include "mykeyv/base/thread_name.hpp"

#include <chrono>
#include <semaphore>
#include <thread>
#include <utility>

namespace mykeyv::store {

class sql_thread {
public:
    sql_thread() = default;
    sql_thread(sql_thread const&) = delete;
    sql_thread& operator=(sql_thread const&) = delete;

    /// Once. `name`: a literal of 15 bytes at most.
    template <class Run>
    void start(char const* name, Run run)
    {
        thread_ = std::thread{[this, name, run = std::move(run)] {
            name_this_thread(name);
            run();
            ended_.release();
        }};
    }

    /// Waits for its end, which it has been told to come to. Each time that `patience` is over, `interrupt` is called, which is to
    /// break off what the thread waits for. Does nothing where none was started, or again.
    template <class Interrupt>
    void join(Interrupt const& interrupt, std::chrono::milliseconds patience = std::chrono::seconds{5})
    {
        if (!thread_.joinable()) { return; }
        while (!ended_.try_acquire_for(patience)) { interrupt(); }
        thread_.join();
    }

private:
    std::binary_semaphore ended_{0};
    std::thread thread_;
};

}  // namespace mykeyv::store
