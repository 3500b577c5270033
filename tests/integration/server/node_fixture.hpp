// SPDX-License-Identifier: Apache-2.0
// A whole node with a private MariaDB, started once per test program, and a blocking client that shows replies as they are.
#pragma once

#include "mykeyv/resp/reply_parser.hpp"
#include "mykeyv/resp/request_writer.hpp"
#include "mykeyv/server/node.hpp"
#include "tests/integration/fixtures/temporary_directory.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::test {

/// A reply as one line: "OK", ":1", "nil", "[a, :2, nil]", "-ERR syntax error".
inline std::string text_of(resp::value const& value)
{
    using resp::kind;
    if (value.is_null()) { return "nil"; }
    if (value.is_error()) { return "-" + *value.text(); }
    if (auto const* number = value.integer()) { return ":" + std::to_string(*number); }
    if (auto const* text = value.text()) { return *text; }
    std::string all = "[";
    if (auto const* elements = value.elements()) {
        for (auto const& each : *elements) { all += (all.size() > 1 ? ", " : "") + text_of(each); }
    }
    return all + "]";
}

/// Waits up to 20 s for each reply.
class wire {
public:
    explicit wire(endpoint const& to) : socket_{::socket(AF_INET, SOCK_STREAM, 0)}
    {
        timeval const patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(to.port);
        ::inet_pton(AF_INET, to.host.c_str(), &address.sin_addr);
        if (::connect(socket_, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) { ADD_FAILURE() << "cannot connect"; }
    }
    ~wire() { ::close(socket_); }
    wire(wire const&) = delete;
    wire& operator=(wire const&) = delete;

    /// False: the node would not take them all.
    bool send_bytes(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) { return false; }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void send(std::vector<std::string_view> const& words)
    {
        std::string encoded;
        resp::request_writer{encoded}.command(words);
        send_bytes(encoded);
    }
    /// Whether nothing has come since the last reply.
    bool is_silent() const
    {
        char byte = 0;
        return input_.empty() && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
    }
    void send_no_more() { ::shutdown(socket_, SHUT_WR); }

    /// "end" when the connection is over.
    std::string receive()
    {
        for (;;) {
            auto parsed = parser_.parse(input_);
            input_.erase(0, parsed.consumed);
            if (parsed.state == resp::progress::complete) { return text_of(parsed.reply); }
            if (parsed.state == resp::progress::failed) { return "not RESP"; }
            std::string chunk(1 << 16, '\0');
            auto const got = ::recv(socket_, chunk.data(), chunk.size(), 0);
            if (got < 0) { return "nothing came"; }
            if (got == 0) { return "end"; }
            input_.append(chunk, 0, static_cast<std::size_t>(got));
        }
    }
    std::string call(std::vector<std::string_view> const& words)
    {
        send(words);
        return receive();
    }
    /// A command of words without blanks.
    std::string operator()(std::string_view command)
    {
        std::vector<std::string_view> words;
        while (!command.empty()) {
            words.push_back(command.substr(0, command.find(' ')));
            command.remove_prefix(std::min(command.size(), words.back().size() + 1));
        }
        return call(words);
    }
    /// Sends all at once, then reads all replies.
    std::vector<std::string> pipeline(std::vector<std::vector<std::string_view>> const& commands)
    {
        std::string encoded;
        for (auto const& words : commands) { resp::request_writer{encoded}.command(words); }
        send_bytes(encoded);
        std::vector<std::string> replies;
        for (std::size_t i = 0; i < commands.size(); ++i) { replies.push_back(receive()); }
        return replies;
    }

private:
    int socket_;
    resp::reply_parser parser_;
    std::string input_;
};

/// A node on a directory of its own, or of an earlier one.
class running_node {
public:
    explicit running_node(server::settings wanted,
                          std::shared_ptr<temporary_directory> directory = std::make_shared<temporary_directory>())
        : directory_{std::move(directory)}
    {
        wanted.bind.port = 0;
        wanted.store.data_dir = directory_->path();
        node_ = std::make_unique<server::node>(std::move(wanted), log_, time_, [] { ADD_FAILURE() << "fenced"; });
    }
    server::node& operator*() noexcept { return *node_; }
    server::node* operator->() noexcept { return node_.get(); }
    endpoint const& at() const noexcept { return node_->listening(); }
    std::shared_ptr<temporary_directory> directory() const noexcept { return directory_; }

private:
    std::shared_ptr<temporary_directory> directory_;
    mykeyv::log log_{log_level::error};
    system_clock time_;
    std::unique_ptr<server::node> node_;
};

/// The node that most tests share; stopped after the last of them.
class shared_node final : public testing::Environment {
public:
    static running_node& get()
    {
        if (!the_node()) { the_node() = std::make_unique<running_node>(settings()); }
        return *the_node();
    }
    static server::settings settings()
    {
        server::settings small;
        small.store.value_bytes_max = 16u << 20;
        small.store.cache_bytes = 4u << 20;
        return small;
    }
    void TearDown() override { the_node().reset(); }

private:
    static std::unique_ptr<running_node>& the_node()
    {
        static std::unique_ptr<running_node> node;
        return node;
    }
};

inline auto* const registered_node = testing::AddGlobalTestEnvironment(new shared_node);

/// A client of the shared node, which is empty.
struct session_test : testing::Test {
    wire c{shared_node::get().at()};
    session_test() { EXPECT_EQ(c("FLUSHALL"), "OK"); }
};

}  // namespace mykeyv::test
