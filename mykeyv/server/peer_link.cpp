// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/peer_link.hpp"

#include "mykeyv/net/dial.hpp"
#include "mykeyv/resp/request_writer.hpp"

#include <utility>

namespace mykeyv::server {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds dial_patience{2'000};
constexpr std::chrono::milliseconds pause_after_failure{250};

std::string command_of(std::vector<std::string> const& words)
{
    std::string out;
    resp::request_writer to{out};
    to.begin(words.size());
    for (auto const& word : words) { to.argument(word); }
    return out;
}

}  // namespace

peer_link::peer_link(async::io_thread& thread, endpoint where, std::vector<std::string> greeting, std::chrono::milliseconds silence_max)
    : thread_{thread}, where_{std::move(where)}, greeting_{command_of(greeting)}, silence_{thread}, silence_max_{silence_max}
{
}

void peer_link::ask(std::vector<std::string> words, answer then)
{
    question q{command_of(words), std::move(then)};
    switch (state_) {
    case state::over: return q.then(nullptr, "this node is stopping");
    case state::ready: return send(std::move(q));
    case state::closed:
        if (clock::now() < not_before_) { return q.then(nullptr, last_problem_); }
        waiting_.push_back(std::move(q));
        return dial();
    default: waiting_.push_back(std::move(q));
    }
}

void peer_link::dial()
{
    state_ = state::dialing;
    net::dial(thread_, where_, dial_patience, [self = shared_from_this()](auto made, std::string const& why) {
        if (self->state_ != state::dialing) { return made ? made->close() : void(); }
        made ? self->connected(std::move(made)) : self->lose(why);
    });
}

void peer_link::connected(std::shared_ptr<net::connection> made)
{
    state_ = state::greeting;
    connection_ = std::move(made);
    replies_ = resp::reply_parser{};
    connection_->start(shared_from_this(), {.pause_bytes = std::size_t{1} << 40, .close_bytes = std::size_t{1} << 40});
    connection_->output() += greeting_;
    connection_->flush_soon();
    watch();
}

void peer_link::greeted(resp::value const& reply)
{
    if (reply.is_error()) {
        return lose(where_.text() + " refuses this node: " + (reply.text() != nullptr ? *reply.text() : ""));
    }
    state_ = state::ready;
    for (auto& each : std::exchange(waiting_, {})) { send(std::move(each)); }
}

void peer_link::send(question q)
{
    if (asked_.empty()) { heard_ = clock::now(); }
    asked_.push_back(std::move(q.then));
    connection_->output() += q.command;
    connection_->flush_soon();
}

/// A node that is stopped or cut off keeps its connections open and says nothing.
void peer_link::watch()
{
    heard_ = clock::now();
    silence_.start(silence_max_ / 4, [self = shared_from_this()] {
        auto const heard = self->heard_;
        auto const owes = self->state_ == state::greeting || !self->asked_.empty();
        if (owes && clock::now() - heard > self->silence_max_) { return self->lose("no answer from " + self->where_.text()); }
        self->watch();
        if (owes) { self->heard_ = heard; }
    });
}

void peer_link::lose(std::string const& why)
{
    auto const self = shared_from_this();  // those who wait, the timer and the connection may be all that keeps it
    silence_.cancel();
    last_problem_ = why;
    not_before_ = clock::now() + pause_after_failure;
    if (state_ != state::over) { state_ = state::closed; }
    if (auto const old = std::exchange(connection_, nullptr)) { old->close(); }
    for (auto& each : std::exchange(asked_, {})) { each(nullptr, why); }
    for (auto& each : std::exchange(waiting_, {})) { each.then(nullptr, why); }
}

void peer_link::close()
{
    state_ = state::over;
    lose("this node is stopping");
}

peer_link::taken peer_link::received(std::string_view unread)
{
    auto const self = shared_from_this();
    taken so_far;
    heard_ = clock::now();
    while (connection_) {
        auto const parsed = replies_.parse(unread.substr(so_far.bytes));
        so_far.bytes += parsed.consumed;
        if (parsed.state == resp::progress::need_more) { return so_far; }
        auto const is_expected = state_ == state::greeting || !asked_.empty();
        if (parsed.state == resp::progress::failed || !is_expected) {
            lose(where_.text() + " does not speak as a node does");
            break;
        }
        if (state_ == state::greeting) {
            greeted(parsed.reply);
            continue;
        }
        auto then = std::move(asked_.front());
        asked_.pop_front();
        then(&parsed.reply, {});
    }
    return {unread.size(), true};
}

void peer_link::input_ended() { lose(where_.text() + " has closed the connection"); }

void peer_link::closed()
{
    // Ours or its own doing; ours has taken the connection out before.
    if (connection_) {
        connection_ = nullptr;
        lose("the connection to " + where_.text() + " is lost");
    }
}

}  // namespace mykeyv::server
