// SPDX-License-Identifier: Apache-2.0
// One TCP connection to one node: made when something is to be sent, made again when it broke.
//
//     closed --(enqueue)--> connecting --(HELLO answered)--> ready --(error, close)--> closed
//       ^  \                    |
//       |   (too soon after a failure)
//       |    `--> cooling --(timer)--> connecting
//       `--(failure: on_unreachable for everything queued)
//
// It reads only while replies are owed, so that an idle client keeps its io_context free to return. The price: that the peer
// closed an idle connection is found out by a look at the socket just before the next request.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/error.hpp"
#include "mykeyv/client/impl/backoff.hpp"
#include "mykeyv/client/impl/pipeline.hpp"
#include "mykeyv/client/options.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace mykeyv::detail {

/// What a connection tells its owner. Called on the strand, never from within enqueue().
class connection_events {
public:
    /// The request goes to the socket now: append its commands and return how many; 0: it is not wanted any more.
    virtual int write(ticket, std::string& out) = 0;
    /// False: nobody waits for it any more.
    virtual bool on_reply(ticket, resp::value&&) = 0;
    /// The connection broke; `write` may have been called for it before, or not.
    virtual void on_lost(ticket) = 0;
    /// No connection could be made. Not executed. errc::ok: it is worth another try.
    virtual void on_unreachable(ticket, errc refused) = 0;

protected:
    ~connection_events() = default;
};

/// All functions on the strand.
class connection : public std::enable_shared_from_this<connection> {
public:
    connection(boost::asio::any_io_executor strand, endpoint node, client_options const&, std::uint32_t seed, connection_events&);

    /// Connects if need be. False: too many bytes wait.
    bool enqueue(ticket, std::size_t bytes);
    /// A request that was sent is not waited for any more. A connection on which nothing else is owed is closed, for it may be
    /// dead; so is one that has been silent for twice the operation timeout although it owed replies.
    void abandon();
    /// No more events from now on.
    void detach();
    /// True at the first call for each code since it was connected: then the node is taught that code in front of the request that needs
    /// it. Its answer that it lacks the code would come too late: what was sent behind that request could be executed before it.
    bool must_be_taught(std::string_view code);

    bool ready() const noexcept { return state_ == state::ready; }

private:
    enum class state { closed, cooling, connecting, ready };
    using clock = std::chrono::steady_clock;
    using tcp = boost::asio::ip::tcp;

    void connect();
    void cool();
    template <class Endpoints>
    void connect_to(Endpoints const&);
    void greet();
    void on_greeted(resp::value const&);
    void fail(errc refused);
    void lose();
    void close_socket();
    void pause_before_next_attempt();
    void flush_soon();
    void flush();
    bool peer_has_closed();
    void write(std::string batch);
    void read();
    void on_read(std::size_t bytes);

    // A handler of an earlier connection must do nothing, so each remembers the round it was made in.
    template <class Function>
    auto in_this_round(Function function)
    {
        return [self = shared_from_this(), round = round_, function = std::move(function)](auto const&... results) {
            if (self->round_ == round) { function(*self, results...); }
        };
    }

    boost::asio::any_io_executor strand_;
    endpoint node_;
    std::chrono::milliseconds connect_timeout_;
    std::chrono::milliseconds silence_max_;  // zero: no limit
    std::string hello_;
    connection_events* events_;
    pipeline pipeline_;
    backoff backoff_;
    tcp::socket socket_;
    tcp::resolver resolver_;
    boost::asio::steady_timer timer_;
    state state_ = state::closed;
    unsigned round_ = 0;
    int failures_ = 0;
    clock::time_point not_before_{};
    clock::time_point owed_since_{};  // the last time that it was heard of, or began to owe a reply
    std::unordered_set<std::size_t> taught_;  // hashes of code
    bool greeted_ = false;
    bool answered_ = false;  // something was, after the greeting
    bool flush_scheduled_ = false;
    bool writing_ = false;
    bool reading_ = false;
    std::string batch_;
    std::array<char, 64u << 10> chunk_;
};

}  // namespace mykeyv::detail
