// SPDX-License-Identifier: Apache-2.0
// One connection of a client: bytes in, bytes out, and back-pressure between the two.
//
//            received() took all it could          flush(), a turn later, sent everything
//     reading ------------------------> writing ------------------------> reading
//        |  ^                              |
//        |  | resume(), or output drained  | the peer does not read
//        v  |                              v
//     paused: the owner said so, or more than output_pause_bytes wait    closed: output_close_bytes, an error, or close()
//
//     any ---- close_after_flush(), all is sent ----> lingering ---- the peer has ended too, or linger_time is over ----> closed
//
// 1. At most one read and one wait for room to write are under way.
// 2. Nothing is read while paused, so a peer that sends and never reads is stopped by TCP, not by our memory.
// 3. owner::closed is called exactly once, and nothing of the owner after it. A lingering connection has no owner any more.
// 4. Lingering takes no memory but the connection's own: what arrives is dropped.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/limits.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mykeyv::net {

/// Whoever speaks over a connection. All calls come on the connection's thread.
class connection_owner {
public:
    struct taken {
        std::size_t bytes = 0;  ///< at the front that are done with; the rest is shown again
        bool pause = false;     ///< take no more until connection::resume
    };

    virtual ~connection_owner() = default;
    /// Everything that arrived and was not taken yet. Valid during the call.
    virtual taken received(std::string_view unread) = 0;
    /// The peer sends no more; what it sent may still be answered. The owner closes the connection when that is done.
    virtual void input_ended() = 0;
    /// The connection is over; it must not be used after this.
    virtual void closed() = 0;
};

/// Bytes of replies that may wait for a client: above the first it is not read from, above the second it is closed. And how long the
/// end of a peer is awaited after the last reply: the longest value takes two seconds over 100 Mbit/s.
struct output_limits {
    std::size_t pause_bytes = limits::output_pause_bytes;
    std::size_t close_bytes = limits::output_close_bytes;
    std::chrono::milliseconds linger_time{5'000};
};

/// An accepted socket. Everything but adopt() is to be called on its thread.
class connection : public std::enable_shared_from_this<connection> {
public:
    struct parts;  // how Asio's socket gets in, seen by this floor only
    explicit connection(std::unique_ptr<parts>);
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// Begins to read. The connection lives until closed, keeping `owner` as long.
    void start(std::shared_ptr<connection_owner> owner, output_limits = {});

    /// Where replies are appended. Nothing is sent before a flush.
    std::string& output();
    /// Bytes that wait to be sent.
    std::size_t output_bytes() const noexcept;
    /// Sends what waits, now, in as few writes as the socket allows; what it does not take goes when it can.
    void flush();
    /// flush() at the end of what this thread is doing; many calls until then are one.
    void flush_soon();

    /// Ends a pause that `received` asked for: at the end of what this thread is doing, shows the unread bytes again and reads
    /// on. Not from within `received`.
    void resume();
    /// Shows the owner no more, sends what waits, closes: first the sending half, so that the peer reads the end behind the last
    /// reply, and the rest once the peer has ended too, or linger_time later. For the owner it is over when all is sent.
    void close_after_flush();
    void close();

    /// Addresses as text and number; empty and 0 when the socket no longer knows.
    endpoint const& peer() const noexcept;
    endpoint const& local() const noexcept;

private:
    void read();
    void arrived(bool ok, std::size_t bytes);
    void offer();
    void wait_until_writable();
    void take_turn_soon();
    void linger();
    void drop_input();

    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::net
