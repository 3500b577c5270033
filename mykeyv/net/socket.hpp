// SPDX-License-Identifier: Apache-2.0
// What is behind net::connection; the only header of this floor that shows Asio.
#pragma once

#include "mykeyv/net/connection.hpp"
#include "mykeyv/net/input_buffer.hpp"
#include "mykeyv/net/output_buffer.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace mykeyv::net {

/// A socket that knows its executor's type, which saves a virtual call in every step.
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

struct connection::parts {
    explicit parts(tcp_socket accepted) : socket{std::move(accepted)} {}

    tcp_socket socket;
    std::shared_ptr<connection_owner> owner;
    output_limits may_wait;
    input_buffer input;
    output_buffer output;
    endpoint peer;
    endpoint local;
    std::size_t next_read_bytes = 0;
    bool paused = false;           // by the owner
    bool reading = false;          // a read is under way
    bool offering = false;         // inside owner::received
    bool waiting_to_write = false;
    bool turn_is_due = false;      // a flush and an offer at the end of what the thread is doing
    bool peer_done = false;        // the peer sends no more
    bool input_over = false;       // and the owner knows, or we want no more
    bool close_when_sent = false;
    std::optional<boost::asio::steady_timer> lingering;  // until it is over
};

/// An address of Asio as ours.
endpoint endpoint_of(boost::asio::ip::tcp::endpoint const&);

}  // namespace mykeyv::net
