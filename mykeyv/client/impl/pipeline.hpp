// SPDX-License-Identifier: Apache-2.0
// Which requests wait for one connection, which were sent on it, and whose reply comes next. No I/O.
#pragma once

#include "mykeyv/resp/reply_parser.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::detail {

/// Names a request inside the engine; never used twice.
enum class ticket : std::uint64_t {};

/// Replies come in the order of the requests, so both are queues. A request may be several commands (something in front of the one
/// that matters); it is answered by the last of their replies, or, where that says NOSCRIPT,
/// by the first that is an error.
class pipeline {
public:
    explicit pipeline(std::size_t queue_bytes_max) noexcept : queue_bytes_max_{queue_bytes_max} {}

    /// Queues a request of about `bytes` bytes. False, and nothing happens, if too much waits already.
    bool push(ticket, std::size_t bytes);

    /// Counts one command as sent that did not wait in the queue: the greeting.
    void begin(ticket who) { sent_.push_back({who, 1, {}}); }

    /// Moves queued requests to those that were sent, and their bytes to one batch for the socket. `write(ticket, std::string& out)`
    /// appends a request's commands and returns how many they are; 0: nobody wants it any more.
    template <class Write>
    std::string take_batch(Write&& write)
    {
        std::string batch;
        while (!queue_.empty() && batch.size() < batch_bytes) {
            auto const next = queue_.front();
            queue_.pop_front();
            queued_bytes_ -= next.bytes;
            if (int const commands = write(next.who, batch); commands > 0) { sent_.push_back({next.who, commands, {}}); }
        }
        return batch;
    }

    struct delivery {
        ticket who;
        resp::value reply;
    };
    /// Gives it what was received; then next_delivery until there is none.
    void receive(std::string_view input) { input_.append(input); }
    /// Nothing: more bytes are needed, or the stream is broken().
    std::optional<delivery> next_delivery();
    /// The peer does not speak RESP, or answers what nobody asked; the connection is of no more use.
    bool broken() const noexcept { return broken_; }

    /// A request that was sent is not waited for any more; its reply will be passed over by whoever gets it.
    void abandon() noexcept { ++abandoned_; }
    /// Tells that a delivery met nobody.
    void passed_over() noexcept { --abandoned_; }
    /// True: replies are owed, and nobody waits for any of them.
    bool all_abandoned() const noexcept { return !sent_.empty() && abandoned_ >= sent_.size(); }

    std::size_t queued() const noexcept { return queue_.size(); }
    bool has_sent() const noexcept { return !sent_.empty(); }

    /// Everything sent and queued, in order; afterwards it is as new.
    std::vector<ticket> reset();

private:
    // What one write carries: enough to be worth a system call, little enough that "sent" stays near the truth.
    static constexpr std::size_t batch_bytes = 256u << 10;

    struct waiting {
        ticket who;
        std::size_t bytes;
    };
    struct awaited {
        ticket who;
        int replies_left;
        std::optional<resp::value> first_error;
    };

    std::size_t queue_bytes_max_;
    std::size_t queued_bytes_ = 0;
    std::deque<waiting> queue_;
    std::deque<awaited> sent_;
    std::size_t abandoned_ = 0;
    std::string input_;
    std::size_t parsed_ = 0;  // bytes at the front of input_ that are done with
    resp::reply_parser parser_;
    bool broken_ = false;
};

}  // namespace mykeyv::detail
