// SPDX-License-Identifier: Apache-2.0
// This node's connection to another one: made when something is to be asked, made again when it broke.
//
//     closed --(ask)--> dialing --(connected)--> greeting --(+OK)--> ready --(lost, silent)--> closed
//                          `--(refused)--> closed, and for a moment everything that is asked fails at once
//
// Questions are answered in their order. One whose connection breaks has no answer: what became of it is for the asker to find out.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/net/connection.hpp"
#include "mykeyv/resp/reply_parser.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace mykeyv::server {

/// All calls on the thread it was made with. Made by std::make_shared.
class peer_link final : public net::connection_owner, public std::enable_shared_from_this<peer_link> {
public:
    /// Null and a sentence why: there was no answer, and what was asked may have been done or not.
    using answer = unique_function<void(resp::value const*, std::string const& why)>;

    /// `greeting`: the words that are sent first on each connection and must be answered +OK.
    /// `silence_max`: how long a node that owes an answer may say nothing before its connection is given up.
    peer_link(async::io_thread&, endpoint, std::vector<std::string> greeting,
              std::chrono::milliseconds silence_max = std::chrono::seconds{5});

    endpoint const& where() const noexcept { return where_; }
    void ask(std::vector<std::string> words, answer);
    /// Everything that waits ends without an answer; nothing more is taken.
    void close();

    // For the connection
    taken received(std::string_view unread) override;
    void input_ended() override;
    void closed() override;

private:
    enum class state { closed, dialing, greeting, ready, over };
    struct question {
        std::string command;
        answer then;
    };

    void dial();
    void connected(std::shared_ptr<net::connection>);
    void greeted(resp::value const&);
    void send(question);
    void lose(std::string const& why);
    void watch();

    async::io_thread& thread_;
    endpoint where_;
    std::string greeting_;
    state state_ = state::closed;
    std::shared_ptr<net::connection> connection_;
    resp::reply_parser replies_;
    std::deque<question> waiting_;  // for the connection
    std::deque<answer> asked_;
    std::chrono::steady_clock::time_point heard_{};
    std::chrono::steady_clock::time_point not_before_{};
    std::string last_problem_;
    async::timer silence_;
    std::chrono::milliseconds silence_max_;
};

}  // namespace mykeyv::server
