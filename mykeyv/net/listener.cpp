// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/listener.hpp"

#include "mykeyv/base/error.hpp"
#include "mykeyv/net/socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <future>
#include <utility>

namespace mykeyv::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Out of descriptors or memory: a while until some are given back.
constexpr std::chrono::milliseconds pause_after_failure{100};

tcp::endpoint resolve(asio::io_context& context, endpoint const& at)
{
    if (at.host.empty() || at.host == "*") { return {tcp::v4(), at.port}; }
    error_code ec;
    if (auto const address = asio::ip::make_address(at.host, ec); !ec) { return {address, at.port}; }
    auto const found = tcp::resolver{context}.resolve(at.host, std::to_string(at.port), ec);
    if (ec || found.empty()) { throw listen_error{fmt::format("cannot listen on {}: {}", at.text(), ec.message())}; }
    return *found.begin();
}

}  // namespace

struct listener::parts {
    parts(std::vector<async::io_thread*> dealt_to, class log& written_to)
        : threads{std::move(dealt_to)}, log{written_to}, acceptor{threads[0]->context()}, waiting{*threads[0]}
    {
    }

    std::vector<async::io_thread*> threads;
    class log& log;
    unique_function<void(std::size_t, std::shared_ptr<connection>)> accepted;
    tcp::acceptor acceptor;
    async::timer waiting;
    endpoint local;
    std::size_t next_thread = 0;
    bool failing = false;
    bool accepting = false;    // a handler is to come: it holds a socket of another thread's context, so stop() awaits it
    std::promise<void> ended;  // the door is closed and no handler is to come

    void bind(endpoint const& at)
    {
        try {
            auto const where = resolve(threads[0]->context(), at);
            acceptor.open(where.protocol());
            acceptor.set_option(tcp::acceptor::reuse_address{true});
            acceptor.bind(where);
            local = endpoint_of(acceptor.local_endpoint());
        } catch (boost::system::system_error const& failed) {
            throw listen_error{fmt::format("cannot listen on {}: {}", at.text(), failed.code().message())};
        }
    }

    void accept()
    {
        auto const index = next_thread;
        next_thread = (next_thread + 1) % threads.size();
        accepting = true;
        acceptor.async_accept(threads[index]->context(), [this, index](error_code ec, tcp_socket socket) {
            accepting = false;
            if (!ec) { hand_over(index, std::move(socket)); }
            if (!acceptor.is_open()) { return ended.set_value(); }
            if (ec) { return failed(ec); }
            failing = false;
            accept();
        });
    }

    void hand_over(std::size_t index, tcp_socket socket)
    {
        auto fresh = std::make_shared<connection>(std::make_unique<connection::parts>(std::move(socket)));
        threads[index]->post([this, index, fresh = std::move(fresh)]() mutable { accepted(index, std::move(fresh)); });
    }

    void failed(error_code const& ec)
    {
        if (ec == asio::error::connection_aborted) { return accept(); }
        if (!failing) { log.error("cannot accept connections: {}; trying again", ec.message()); }
        failing = true;
        waiting.start(pause_after_failure, [this] { accept(); });
    }
};

listener::listener(std::vector<async::io_thread*> threads, endpoint const& at, class log& log,
                   unique_function<void(std::size_t, std::shared_ptr<connection>)> accepted)
    : parts_{std::make_unique<parts>(std::move(threads), log)}
{
    parts_->accepted = std::move(accepted);
    parts_->bind(at);
}

listener::~listener() = default;

endpoint const& listener::local() const noexcept { return parts_->local; }

void listener::start()
{
    error_code ec;
    parts_->acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) { throw listen_error{fmt::format("cannot listen on {}: {}", parts_->local.text(), ec.message())}; }
    parts_->threads[0]->post([p = parts_.get()] { p->accept(); });
}

void listener::stop()
{
    parts_->threads[0]->post([p = parts_.get()] {
        error_code ec;
        p->acceptor.close(ec);
        p->waiting.cancel();
        if (!p->accepting) { p->ended.set_value(); }
    });
    parts_->ended.get_future().wait();
    for (auto* thread : parts_->threads) { thread->run_and_wait([] {}); }
}

}  // namespace mykeyv::net
