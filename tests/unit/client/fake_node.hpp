// SPDX-License-Identifier: Apache-2.0
// A node that says what a test tells it to, on a free port of the loopback interface, in the test's own io_context.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/resp/request_parser.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mykeyv::test {

using words = std::vector<std::string>;

class fake_node {
public:
    explicit fake_node(boost::asio::io_context&);
    ~fake_node();

    endpoint address() const;

    // What it answers, as RESP. To HELLO, CLUSTER SLOTS and KV.LOAD by itself, unless they are overridden here.
    static inline std::string const silence;
    static inline std::string const hang_up = "hang up";
    /// The beginning of a reply, then the connection breaks.
    static std::string cut_off(std::string beginning) { return std::move(beginning) + hang_up; }
    std::function<std::string(words const&)> answer = [](words const&) { return "+OK\r\n"; };
    std::string hello = "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n";
    std::string slots;  // empty: it owns all
    bool learns = true;  // code, and says nothing about it; else `answer` is asked
    /// One byte per write.
    bool dribbles = false;

    // What it saw: commands but for those that it answers by itself; the code that it learned; connections; how often it was asked for
    // the slots.
    std::vector<words> received;
    std::vector<std::string> learned;
    int connections = 0;
    int maps_given = 0;

    /// Nobody listens any more; what is connected is cut off.
    void die();
    /// Again on the same port.
    void revive();
    /// Cuts off what is connected.
    void drop_connections();

    /// CLUSTER SLOTS with ranges of (first, last, node).
    struct share {
        unsigned first, last;
        endpoint node;
    };
    static std::string slots_reply(std::vector<share> const&);

private:
    struct peer;
    void listen(std::uint16_t port);
    void accept();
    std::string reply_to(words const&);

    boost::asio::io_context& context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::vector<std::weak_ptr<peer>> peers_;
};

}  // namespace mykeyv::test
