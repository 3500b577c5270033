// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/connection.hpp"

#include "mykeyv/client/impl/answer.hpp"
#include "mykeyv/client/impl/request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <utility>

namespace mykeyv::detail {

namespace asio = boost::asio;

namespace {

// HELLO travels through the pipeline like any request, under a ticket that no request has.
constexpr ticket hello_ticket{0};

// So many requests are worth a write of their own. The node works on them while the next ones are made: of 64 that are always under
// way two halves take turns, and neither side waits for the other to have done all.
constexpr std::size_t enough_for_a_write = 32;

}  // namespace

connection::connection(asio::any_io_executor strand, endpoint node, client_options const& options, std::uint32_t seed,
                       connection_events& events)
    : strand_{std::move(strand)},
      node_{std::move(node)},
      connect_timeout_{options.connect_timeout},
      silence_max_{2 * options.operation_timeout},
      hello_{hello_wire(options.username, options.password)},
      events_{&events},
      pipeline_{options.queue_bytes_max},
      backoff_{options.backoff_min, options.backoff_max, seed},
      socket_{strand_},
      resolver_{strand_},
      timer_{strand_}
{
}

bool connection::enqueue(ticket who, std::size_t bytes)
{
    if (!pipeline_.push(who, bytes)) { return false; }
    if (state_ == state::ready) { pipeline_.queued() < enough_for_a_write ? flush_soon() : flush(); }
    if (state_ == state::closed) {
        if (clock::now() < not_before_) {
            cool();
        } else {
            connect();
        }
    }
    return true;
}

void connection::abandon()
{
    if (state_ != state::ready) { return; }
    pipeline_.abandon();
    bool const silent = silence_max_.count() > 0 && clock::now() - owed_since_ > silence_max_;
    if (pipeline_.all_abandoned() || silent) { lose(); }
}

void connection::detach()
{
    close_socket();
    state_ = state::closed;
    events_ = nullptr;
}

void connection::cool()
{
    state_ = state::cooling;
    timer_.expires_at(not_before_);
    timer_.async_wait(in_this_round([](connection& self, error_code const& ec) {
        if (!ec) { self.connect(); }
    }));
}

void connection::connect()
{
    state_ = state::connecting;
    timer_.expires_after(connect_timeout_);
    timer_.async_wait(in_this_round([](connection& self, error_code const& ec) {
        if (!ec) { self.fail(errc::ok); }
    }));
    error_code not_an_address;
    auto const address = asio::ip::make_address(node_.host, not_an_address);
    if (!not_an_address) { return connect_to(std::array{tcp::endpoint{address, node_.port}}); }
    resolver_.async_resolve(node_.host, std::to_string(node_.port),
                            in_this_round([](connection& self, error_code const& ec, tcp::resolver::results_type const& found) {
                                if (ec) { return self.fail(errc::ok); }
                                self.connect_to(found);
                            }));
}

template <class Endpoints>
void connection::connect_to(Endpoints const& endpoints)
{
    asio::async_connect(socket_, endpoints, in_this_round([](connection& self, error_code const& ec, tcp::endpoint const&) {
                            if (ec) { return self.fail(errc::ok); }
                            self.greet();
                        }));
}

// The greeting is answered before anything else is sent: whoever refuses it has executed nothing.
void connection::greet()
{
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
    socket_.non_blocking(true, ignored);
    pipeline_.begin(hello_ticket);
    write(hello_);
}

void connection::on_greeted(resp::value const& reply)
{
    auto const error = reply.is_error() ? read_error(*reply.text()).error : errc::ok;
    if (error == errc::unauthorized) { return fail(error); }
    if (error == errc::cluster_down) { return fail(errc::ok); }
    greeted_ = true;  // other errors: it speaks RESP2, which will do
    timer_.cancel();
    state_ = state::ready;
    flush_soon();
}

void connection::fail(errc refused)
{
    close_socket();
    pause_before_next_attempt();
    for (auto const who : pipeline_.reset()) {
        if (who != hello_ticket && events_ != nullptr) { events_->on_unreachable(who, refused); }
    }
}

void connection::lose()
{
    if (!greeted_) { return fail(errc::ok); }
    // A node that greets and then breaks off each time is no better than one that cannot be reached.
    bool const useless = !answered_;
    close_socket();
    if (useless) { pause_before_next_attempt(); }
    for (auto const who : pipeline_.reset()) {
        if (events_ != nullptr) { events_->on_lost(who); }
    }
}

bool connection::must_be_taught(std::string_view code)
{
    constexpr std::size_t taught_max = 4096;  // for whoever makes new code all the time; then all is taught once more
    if (taught_.size() >= taught_max) { taught_.clear(); }
    return taught_.insert(std::hash<std::string_view>{}(code)).second;
}

void connection::pause_before_next_attempt() { not_before_ = clock::now() + backoff_.pause(failures_++); }

void connection::close_socket()
{
    ++round_;
    error_code ignored;
    socket_.close(ignored);
    resolver_.cancel();
    timer_.cancel();
    state_ = state::closed;
    taught_.clear();
    greeted_ = answered_ = flush_scheduled_ = writing_ = reading_ = false;
}

// Later, so that everything which is queued by then goes out in one write.
void connection::flush_soon()
{
    if (flush_scheduled_ || writing_) { return; }
    flush_scheduled_ = true;
    asio::post(strand_, in_this_round([](connection& self) {
                   self.flush_scheduled_ = false;
                   self.flush();
               }));
}

void connection::flush()
{
    if (state_ != state::ready || writing_ || pipeline_.queued() == 0) { return; }
    if (!pipeline_.has_sent()) {
        if (peer_has_closed()) {
            close_socket();
            return connect();  // nothing was owed, so nothing is lost
        }
        owed_since_ = clock::now();
    }
    auto batch = pipeline_.take_batch([this](ticket who, std::string& out) { return events_->write(who, out); });
    if (!batch.empty()) { write(std::move(batch)); }
}

bool connection::peer_has_closed()
{
    char byte = 0;
    error_code ec;
    socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, ec);
    return ec != asio::error::would_block;  // bytes that nobody asked for are as bad as none
}

void connection::write(std::string batch)
{
    writing_ = true;
    batch_ = std::move(batch);
    asio::async_write(socket_, asio::buffer(batch_), in_this_round([](connection& self, error_code const& ec, std::size_t) {
                          self.writing_ = false;
                          if (ec) { return self.lose(); }
                          self.flush();
                      }));
    read();
}

void connection::read()
{
    if (std::exchange(reading_, true)) { return; }
    socket_.async_read_some(asio::buffer(chunk_), in_this_round([](connection& self, error_code const& ec, std::size_t bytes) {
                                self.reading_ = false;
                                if (ec) { return self.lose(); }
                                self.on_read(bytes);
                            }));
}

void connection::on_read(std::size_t bytes)
{
    auto const round = round_;
    pipeline_.receive({chunk_.data(), bytes});
    while (auto next = pipeline_.next_delivery()) {
        if (!greeted_) {
            on_greeted(next->reply);
        } else {
            answered_ = true;
            failures_ = 0;
            if (!events_->on_reply(next->who, std::move(next->reply))) { pipeline_.passed_over(); }
        }
        if (round != round_) { return; }  // the reply made somebody close us
    }
    if (pipeline_.broken()) { return lose(); }
    owed_since_ = clock::now();
    if (pipeline_.has_sent()) { read(); }
}

}  // namespace mykeyv::detail
