// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/dial.hpp"

#include "mykeyv/base/error.hpp"
#include "mykeyv/net/socket.hpp"

#include <boost/asio/connect.hpp>

#include <utility>

namespace mykeyv::net {
namespace {

namespace asio = boost::asio;

/// One attempt; kept alive by what it waits for.
struct attempt : std::enable_shared_from_this<attempt> {
    attempt(async::io_thread& thread, endpoint const& to) : where{to}, resolver{thread.context()}, socket{thread.context()}, limit{thread}
    {
    }

    endpoint where;
    asio::ip::tcp::resolver resolver;
    tcp_socket socket;
    async::timer limit;
    unique_function<void(std::shared_ptr<connection>, std::string)> done;

    void start(std::chrono::milliseconds patience)
    {
        limit.start(patience, [self = shared_from_this()] { self->fail("no answer in time"); });
        resolver.async_resolve(where.host, std::to_string(where.port), [self = shared_from_this()](error_code ec, auto const& found) {
            if (ec) { return self->fail(ec.message()); }
            asio::async_connect(self->socket, found, [self](error_code failed, asio::ip::tcp::endpoint const&) {
                if (failed) { return self->fail(failed.message()); }
                self->end(std::make_shared<connection>(std::make_unique<connection::parts>(std::move(self->socket))), {});
            });
        });
    }
    void fail(std::string const& why)
    {
        resolver.cancel();
        error_code ignored;
        socket.close(ignored);
        end(nullptr, "cannot connect to " + where.text() + ": " + why);
    }
    void end(std::shared_ptr<connection> made, std::string why)
    {
        limit.cancel();
        if (auto last = std::exchange(done, {})) { last(std::move(made), std::move(why)); }
    }
};

}  // namespace

void dial(async::io_thread& thread, endpoint const& where, std::chrono::milliseconds patience,
          unique_function<void(std::shared_ptr<connection>, std::string)> done)
{
    auto const one = std::make_shared<attempt>(thread, where);
    one->done = std::move(done);
    one->start(patience);
}

}  // namespace mykeyv::net
