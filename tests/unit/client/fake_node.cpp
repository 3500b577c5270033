// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/fake_node.hpp"

#include "mykeyv/base/error.hpp"
#include "mykeyv/resp/writer.hpp"

#include <boost/asio/write.hpp>

#include <utility>

namespace mykeyv::test {

namespace asio = boost::asio;
using asio::ip::tcp;

struct fake_node::peer : std::enable_shared_from_this<peer> {
    peer(fake_node& owner, tcp::socket accepted) : node{&owner}, socket{std::move(accepted)} {}

    void read()
    {
        socket.async_read_some(asio::buffer(chunk), [self = shared_from_this()](error_code ec, std::size_t bytes) {
            if (ec || self->node == nullptr) { return; }
            self->input.append(self->chunk, bytes);
            self->work();
        });
    }

    void work()
    {
        for (;;) {
            auto const parsed = parser.parse(input);
            if (parsed.state != resp::progress::complete) { break; }
            words const command{parsed.arguments.begin(), parsed.arguments.end()};
            input.erase(0, parsed.consumed);
            output += node->reply_to(command);
        }
        write();
        read();
    }

    void write()
    {
        if (writing || output.empty()) { return; }
        if (output.starts_with(hang_up)) { return close(); }
        auto const end = node->dribbles ? 1 : output.find(hang_up);
        batch = output.substr(0, end);
        output.erase(0, batch.size());
        writing = true;
        asio::async_write(socket, asio::buffer(batch), [self = shared_from_this()](error_code ec, std::size_t) {
            self->writing = false;
            if (!ec && self->node != nullptr) { self->write(); }
        });
    }

    void close()
    {
        node = nullptr;
        error_code ignored;
        socket.close(ignored);
    }

    fake_node* node;
    tcp::socket socket;
    char chunk[4096];
    std::string input;
    std::string output;
    std::string batch;
    bool writing = false;
    resp::request_parser parser;
};

fake_node::fake_node(asio::io_context& context) : context_{context}, acceptor_{context} { listen(0); }

fake_node::~fake_node() { die(); }

endpoint fake_node::address() const { return {"127.0.0.1", port_}; }

void fake_node::die()
{
    error_code ignored;
    acceptor_.close(ignored);
    drop_connections();
}

void fake_node::revive() { listen(port_); }

void fake_node::drop_connections()
{
    for (auto const& each : std::exchange(peers_, {})) {
        if (auto const alive = each.lock()) { alive->close(); }
    }
}

void fake_node::listen(std::uint16_t port)
{
    tcp::endpoint const where{asio::ip::address_v4::loopback(), port};
    acceptor_.open(where.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address{true});
    acceptor_.bind(where);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    accept();
}

void fake_node::accept()
{
    acceptor_.async_accept([this](error_code ec, tcp::socket accepted) {
        if (ec) { return; }
        ++connections;
        auto const made = std::make_shared<peer>(*this, std::move(accepted));
        peers_.push_back(made);
        made->read();
        accept();
    });
}

std::string fake_node::reply_to(words const& command)
{
    if (command[0] == "HELLO") { return hello; }
    if (command[0] == "CLUSTER") {
        ++maps_given;
        return slots.empty() ? slots_reply({{0, 16383, address()}}) : slots;
    }
    if (command[0] == "KV.LOAD" && learns) {
        learned.push_back(command[1]);
        return "+OK\r\n";
    }
    received.push_back(command);
    return answer(command);
}

std::string fake_node::slots_reply(std::vector<share> const& shares)
{
    std::string text;
    resp::writer out{text};
    out.array(shares.size());
    for (auto const& each : shares) {
        out.array(3);
        out.integer(each.first);
        out.integer(each.last);
        out.array(3);
        out.bulk(each.node.host);
        out.integer(each.node.port);
        out.bulk(std::string(40, 'a'));
    }
    return text;
}

}  // namespace mykeyv::test
