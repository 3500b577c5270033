// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/diagnosis.hpp"

#include "apps/mykeyv/file_handle.hpp"
#include "apps/mykeyv/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>

namespace mykeyv::cli {
namespace {

/// False: not within `patience`.
bool wait_for(short events, file_handle const& socket, std::chrono::milliseconds patience) noexcept
{
    pollfd waiting{socket.get(), events, 0};
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

/// Empty: connected.
std::string connect_problem(file_handle const& socket, addrinfo const& at, std::chrono::milliseconds patience)
{
    if (!socket) { return std::strerror(errno); }
    if (::connect(socket.get(), at.ai_addr, at.ai_addrlen) == 0) { return {}; }
    if (errno != EINPROGRESS) { return std::strerror(errno); }
    if (!wait_for(POLLOUT, socket, patience)) { return fmt::format("no answer within {} ms", patience.count()); }
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    return problem == 0 ? std::string{} : std::strerror(problem);
}

std::string ping(file_handle const& socket, std::chrono::milliseconds patience)
{
    constexpr std::string_view question = "*1\r\n$4\r\nPING\r\n";
    char answer[128];
    bool const answered = ::send(socket.get(), question.data(), question.size(), MSG_NOSIGNAL) > 0 && wait_for(POLLIN, socket, patience);
    auto const length = answered ? ::recv(socket.get(), answer, sizeof answer, 0) : -1;
    if (length == 0) { return "accepts the connection, then closes it"; }
    if (length < 0) { return fmt::format("accepts the connection, but does not answer within {} ms", patience.count()); }
    std::string_view const text{answer, static_cast<std::size_t>(length)};
    if (text.starts_with("+PONG")) { return "answers PING"; }
    auto const line = printable(text.substr(0, text.find_first_of("\r\n")));
    return fmt::format("answers PING with '{}'{}", line, text.starts_with('-') ? "" : ": that is no node of Mykeyv");
}

}  // namespace

diagnosis diagnose(endpoint const& node, std::chrono::milliseconds patience, bool with_ping)
{
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (auto const problem = ::getaddrinfo(node.host.c_str(), std::to_string(node.port).c_str(), &wanted, &found); problem != 0) {
        return {false, fmt::format("the host is not found ({})", ::gai_strerror(problem))};
    }
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> const owner{found, ::freeaddrinfo};
    std::string why;
    for (auto const* at = found; at != nullptr; at = at->ai_next) {
        file_handle const socket{::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol)};
        why = connect_problem(socket, *at, patience);
        if (why.empty()) { return {true, with_ping ? ping(socket, patience) : "accepts the connection"}; }
    }
    return {false, why};
}

}  // namespace mykeyv::cli
