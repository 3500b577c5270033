// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/connection.hpp"

#include "mykeyv/base/error.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/net/socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/defer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mykeyv::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t first_read_bytes = 4u << 10;  // what an idle connection costs; busy ones read more at once

}  // namespace

endpoint endpoint_of(asio::ip::tcp::endpoint const& of) { return {of.address().to_string(), of.port()}; }

connection::connection(std::unique_ptr<parts> accepted) : parts_{std::move(accepted)} {}
connection::~connection() = default;

std::string& connection::output() { return parts_->output.tail(); }
std::size_t connection::output_bytes() const noexcept { return parts_->output.size(); }
endpoint const& connection::peer() const noexcept { return parts_->peer; }
endpoint const& connection::local() const noexcept { return parts_->local; }

void connection::start(std::shared_ptr<connection_owner> owner, output_limits may_wait)
{
    auto& p = *parts_;
    p.owner = std::move(owner);
    p.may_wait = may_wait;
    p.next_read_bytes = first_read_bytes;
    error_code ec;
    p.socket.non_blocking(true, ec);
    p.socket.set_option(asio::ip::tcp::no_delay{true}, ec);
    p.socket.set_option(asio::socket_base::keep_alive{true}, ec);
    if (auto const peer = p.socket.remote_endpoint(ec); !ec) { p.peer = endpoint_of(peer); }
    if (auto const local = p.socket.local_endpoint(ec); !ec) { p.local = endpoint_of(local); }
    read();
}

void connection::read()
{
    auto& p = *parts_;
    if (p.reading || p.paused || p.input_over || !p.owner || p.output.size() > p.may_wait.pause_bytes) { return; }
    if (p.peer_done) {
        p.input_over = true;
        return p.owner->input_ended();
    }
    p.reading = true;
    auto const room = p.input.room(p.next_read_bytes);
    p.socket.async_read_some(asio::buffer(room.data(), room.size()), [self = shared_from_this()](error_code ec, std::size_t bytes) {
        self->arrived(!ec, bytes);
    });
}

void connection::arrived(bool ok, std::size_t bytes)
{
    auto& p = *parts_;
    p.reading = false;
    if (p.lingering) { return ok ? drop_input() : close(); }
    if (!p.owner || p.input_over) { return; }
    if (!ok) {
        p.peer_done = true;
        return read();
    }
    p.next_read_bytes = bytes < p.next_read_bytes ? std::max(first_read_bytes, p.next_read_bytes / 2)
                                                  : std::min(limits::read_chunk_bytes, p.next_read_bytes * 2);
    p.input.filled(bytes);
    offer();
}

/// Shows the owner what is unread until it takes no more of it. Replies are sent, and more is read, when all else that has arrived at this
/// thread has been shown, too: a peer that is woken for each reply by itself costs more than the reply.
void connection::offer()
{
    auto& p = *parts_;
    auto const self = shared_from_this();  // the owner may close
    for (;;) {
        // Replies that filled the output may have made the owner stop early: once they are sent it can go on.
        if (p.output.size() > p.may_wait.pause_bytes) { flush(); }
        if (!p.owner || p.paused || p.input_over || p.output.size() > p.may_wait.pause_bytes) { break; }
        auto const unread = p.input.unread();
        if (unread.empty()) { break; }
        p.offering = true;
        auto const taken = p.owner->received(unread);
        p.offering = false;
        p.input.drop(taken.bytes);
        p.paused = taken.pause;
        if (taken.bytes == 0) { break; }
    }
    if (p.owner && !p.waiting_to_write && (p.output.size() > 0 || p.close_when_sent)) { return take_turn_soon(); }
    read();
}

void connection::resume()
{
    parts_->paused = false;
    take_turn_soon();
}

void connection::flush()
{
    auto& p = *parts_;
    if (!p.owner || p.waiting_to_write) { return; }
    if (p.output.size() > p.may_wait.close_bytes) { return close(); }
    while (p.output.size() > 0) {
        error_code ec;
        auto const unsent = p.output.unsent();
        auto const bytes = p.socket.write_some(asio::buffer(unsent.data(), unsent.size()), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) { return wait_until_writable(); }
        if (ec) { return close(); }
        p.output.sent(bytes);
    }
    if (p.close_when_sent) { linger(); }
}

void connection::wait_until_writable()
{
    parts_->waiting_to_write = true;
    parts_->socket.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code ec) {
        auto& p = *self->parts_;
        p.waiting_to_write = false;
        if (ec || !p.owner) { return self->close(); }
        self->flush();
        if (!p.waiting_to_write) { self->offer(); }
    });
}

void connection::flush_soon() { take_turn_soon(); }

void connection::take_turn_soon()
{
    auto& p = *parts_;
    if (p.turn_is_due || p.offering) { return; }  // offer() sees to it by itself
    p.turn_is_due = true;
    asio::defer(p.socket.get_executor(), [self = shared_from_this()] {
        self->parts_->turn_is_due = false;
        self->flush();
        if (!self->parts_->waiting_to_write) { self->offer(); }
    });
}

void connection::close_after_flush()
{
    parts_->input_over = true;
    parts_->close_when_sent = true;
    flush_soon();
}

/// A socket that is closed with bytes unread answers them with a reset, and a reset takes from the peer what it has not read yet:
/// it would never see the reply that says what was wrong with what it is still sending.
void connection::linger()
{
    auto& p = *parts_;
    error_code ec;
    if (!p.peer_done) { p.socket.shutdown(tcp_socket::shutdown_send, ec); }
    if (p.peer_done || ec) { return close(); }
    p.lingering.emplace(p.socket.get_executor(), p.may_wait.linger_time);
    p.lingering->async_wait([self = shared_from_this()](error_code ended) {
        if (!ended) { self->close(); }
    });
    if (!p.reading) {
        if (!p.offering) { p.input = {}; }
        drop_input();
    }
    std::exchange(p.owner, nullptr)->closed();
}

void connection::drop_input()
{
    parts_->socket.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code ec) {
        std::array<char, limits::read_chunk_bytes> dropped;
        if (!ec) { self->parts_->socket.read_some(asio::buffer(dropped), ec); }
        if (ec && ec != asio::error::would_block) { return self->close(); }
        self->drop_input();
    });
}

void connection::close()
{
    auto const owner = std::exchange(parts_->owner, nullptr);
    if (parts_->lingering) { parts_->lingering->cancel(); }
    error_code ec;
    parts_->socket.close(ec);
    if (owner) { owner->closed(); }
}

}  // namespace mykeyv::net
