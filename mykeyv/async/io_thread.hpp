// SPDX-License-Identifier: Apache-2.0
// One thread that waits for sockets, timers and letters from other threads.
#pragma once

#include "mykeyv/async/mailbox.hpp"
#include "mykeyv/base/unique_function.hpp"

#include <chrono>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace mykeyv::async {

/// A thread with its own event loop. What belongs to it is touched on it alone, so needs no lock.
class io_thread {
public:
    explicit io_thread(char const* name = "io");  ///< starts the thread; `name`: a literal of 15 bytes at most
    ~io_thread();                                 ///< stops it, if stop() was not called; drops what was never delivered
    io_thread(io_thread const&) = delete;
    io_thread& operator=(io_thread const&) = delete;

    /// Any thread. The letter is delivered on this thread, unless the thread is stopped before. One wake-up serves all
    /// letters that arrive until it is answered.
    void send(std::unique_ptr<mail>) noexcept;
    /// As above for a function, at the price of an allocation.
    void post(unique_function<void()>);
    /// As post, and waits until it has run. Not from this thread.
    void run_and_wait(unique_function<void()>);

    /// True on this thread.
    bool is_current() const noexcept;

    /// Any other thread. Ends the loop and joins the thread; nothing runs on it from then on. Repeating it is harmless.
    void stop();

    /// For sockets and timers of floors above.
    boost::asio::io_context& context() noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// Calls a function later on an io_thread. To be used on that thread only, and destroyed before it.
class timer {
public:
    explicit timer(io_thread&);
    ~timer();  ///< cancels
    timer(timer const&) = delete;
    timer& operator=(timer const&) = delete;

    /// Calls `then` once after `delay`; a call that was waiting is cancelled. `then` is never called after cancel().
    void start(std::chrono::milliseconds delay, unique_function<void()> then);
    void cancel();

private:
    struct parts;
    std::shared_ptr<parts> parts_;
};

}  // namespace mykeyv::async
