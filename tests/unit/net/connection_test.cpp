// SPDX-License-Identifier: Apache-2.0
// Connections over loopback: an owner that echoes lines, and a blocking client.
#include "mykeyv/net/connection.hpp"

#include "mykeyv/base/error.hpp"
#include "mykeyv/net/listener.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <vector>

namespace mykeyv::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

constexpr std::size_t flood_bytes = 8u << 20;
constexpr std::size_t close_bytes = 20u << 20;

/// Echoes whole lines. "pause" pauses until the test resumes; "bye" closes after the answer; "flood" answers with 8 MiB.
class echo final : public connection_owner {
public:
    explicit echo(std::shared_ptr<connection> wire) : wire_{std::move(wire)} {}

    taken received(std::string_view unread) override
    {
        std::size_t done = 0;
        for (auto end = unread.find('\n'); end != unread.npos; end = unread.find('\n', done)) {
            auto const line = unread.substr(done, end + 1 - done);
            done = end + 1;
            if (line == "pause\n") {
                paused.set_value();
                return {done, true};
            }
            line == "flood\n" ? wire_->output().append(flood_bytes, 'x') : wire_->output().append(line);
            if (line == "bye\n") { wire_->close_after_flush(); }
        }
        return {done, false};
    }
    void input_ended() override { wire_->close_after_flush(); }
    void closed() override
    {
        ended.set_value();
        wire_.reset();
    }
    void resume() { wire_->resume(); }
    void close()
    {
        if (wire_) { wire_->close(); }
    }

    std::promise<void> paused;
    std::promise<void> ended;

private:
    std::shared_ptr<connection> wire_;
};

struct connection_test : testing::Test {
    class log quiet{log_level::off};
    async::io_thread first, second;
    std::promise<std::pair<std::size_t, std::shared_ptr<echo>>> arrival;
    std::chrono::milliseconds linger_time = 1h;
    listener door{{&first, &second}, {"127.0.0.1", 0}, quiet, [this](std::size_t index, std::shared_ptr<connection> wire) {
                      auto fresh = std::make_shared<echo>(wire);
                      wire->start(fresh, {.close_bytes = close_bytes, .linger_time = linger_time});
                      arrival.set_value({index, fresh});
                      std::lock_guard const lock{everybody_mutex};
                      everybody.emplace_back(index, fresh);
                  }};
    std::mutex everybody_mutex;
    std::vector<std::pair<std::size_t, std::shared_ptr<echo>>> everybody;
    boost::asio::io_context context;
    std::shared_ptr<echo> owner;
    std::size_t thread_index = 0;

    void SetUp() override { door.start(); }
    void TearDown() override
    {
        door.stop();
        for (auto& [index, each] : everybody) {
            thread(index).run_and_wait([o = each] { o->close(); });
        }
    }
    async::io_thread& thread(std::size_t index) { return index == 0 ? first : second; }

    tcp::socket connect()
    {
        arrival = {};
        tcp::socket socket{context};
        socket.connect({boost::asio::ip::make_address("127.0.0.1"), door.local().port});
        auto arrived = arrival.get_future();
        if (arrived.wait_for(10s) == std::future_status::ready) { std::tie(thread_index, owner) = arrived.get(); }
        return socket;
    }
    static void send(tcp::socket& socket, std::string_view text) { boost::asio::write(socket, boost::asio::buffer(text)); }
    static std::string receive(tcp::socket& socket, std::size_t bytes)
    {
        std::string text(bytes, '\0');
        error_code ec;
        text.resize(boost::asio::read(socket, boost::asio::buffer(text), ec));
        return text;
    }
    template <class T>
    static bool comes(std::promise<T>& promise)
    {
        return promise.get_future().wait_for(10s) == std::future_status::ready;
    }
};

TEST_F(connection_test, answers_what_arrives_in_pieces)
{
    auto socket = connect();
    send(socket, "hel");
    send(socket, "lo\nwor");
    EXPECT_EQ(receive(socket, 6), "hello\n");
    send(socket, "ld\n");
    EXPECT_EQ(receive(socket, 6), "world\n");
}

TEST_F(connection_test, are_dealt_out_in_turn)
{
    auto const one = connect();
    auto const index = thread_index;
    auto const two = connect();
    EXPECT_NE(thread_index, index);
}

TEST_F(connection_test, that_is_paused_takes_no_more_until_it_is_resumed)
{
    auto socket = connect();
    send(socket, "a\npause\nb\n");
    ASSERT_TRUE(comes(owner->paused));
    EXPECT_EQ(receive(socket, 2), "a\n");
    thread(thread_index).post([o = owner] { o->resume(); });
    EXPECT_EQ(receive(socket, 2), "b\n");
}

TEST_F(connection_test, sends_everything_before_it_closes)
{
    auto socket = connect();
    send(socket, "bye\n");
    EXPECT_EQ(receive(socket, 100), "bye\n");
    EXPECT_TRUE(comes(owner->ended));
}

TEST_F(connection_test, that_is_closed_by_its_owner_resets_no_peer_that_still_sends)
{
    auto socket = connect();
    send(socket, "bye\n");
    error_code failed;
    boost::asio::write(socket, boost::asio::buffer(std::string(flood_bytes, 'x')), failed);
    EXPECT_FALSE(failed) << failed.message();
    EXPECT_EQ(receive(socket, 4), "bye\n");
    char more = 0;
    socket.read_some(boost::asio::buffer(&more, 1), failed);
    EXPECT_EQ(failed, boost::asio::error::eof);
}

TEST_F(connection_test, is_over_for_its_owner_while_it_waits_for_the_peer_to_end)
{
    auto socket = connect();
    send(socket, "bye\n");
    EXPECT_TRUE(comes(owner->ended));
    EXPECT_EQ(receive(socket, 100), "bye\n");
}

TEST_F(connection_test, does_not_wait_for_ever_for_a_peer_to_end)
{
    linger_time = 20ms;
    auto socket = connect();
    send(socket, "bye\n");
    error_code failed;
    while (!failed) { boost::asio::write(socket, boost::asio::buffer(std::string(1000, 'x')), failed); }
    EXPECT_TRUE(comes(owner->ended));
}

TEST_F(connection_test, still_answers_a_peer_that_sends_no_more)
{
    auto socket = connect();
    send(socket, "last\n");
    socket.shutdown(tcp::socket::shutdown_send);
    EXPECT_EQ(receive(socket, 100), "last\n");
    EXPECT_TRUE(comes(owner->ended));
}

TEST_F(connection_test, delivers_more_than_the_socket_takes_at_once)
{
    auto socket = connect();
    send(socket, "flood\nafter\n");
    EXPECT_EQ(receive(socket, flood_bytes).size(), flood_bytes);
    EXPECT_EQ(receive(socket, 6), "after\n");
}

TEST_F(connection_test, of_a_peer_that_never_reads_is_closed)
{
    auto socket = connect();
    send(socket, "flood\nflood\nflood\nflood\n");  // the owner answers them all in one go
    EXPECT_TRUE(comes(owner->ended));
}

TEST_F(connection_test, ends_when_the_peer_is_gone)
{
    {
        auto const socket = connect();
    }
    EXPECT_TRUE(comes(owner->ended));
}

TEST(listener, refuses_an_address_that_is_taken)
{
    class log quiet{log_level::off};
    async::io_thread thread;
    auto const nobody = [](std::size_t, std::shared_ptr<connection>) {};
    listener holder{{&thread}, {"127.0.0.1", 0}, quiet, nobody};
    holder.start();
    EXPECT_THROW((listener{{&thread}, holder.local(), quiet, nobody}), listen_error);
    holder.stop();
}

TEST(listener, names_the_address_it_cannot_have)
{
    class log quiet{log_level::off};
    async::io_thread thread;
    try {
        listener{{&thread}, {"192.0.2.1", 6958}, quiet, [](std::size_t, std::shared_ptr<connection>) {}};
        FAIL() << "listened on an address of nobody";
    } catch (listen_error const& failed) {
        EXPECT_NE(std::string_view{failed.what()}.find("192.0.2.1:6958"), std::string_view::npos);
    }
}

}  // namespace
}  // namespace mykeyv::net
