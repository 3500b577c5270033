// SPDX-License-Identifier: Apache-2.0
// A plain socket to a server on this machine, for generators of load that do without a library in between.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>

namespace mykeyv::bench {

/// Blocks until connected; the descriptor is the caller's. Throws std::runtime_error.
inline int connect_to(int port)
{
    int const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) { throw std::runtime_error{"cannot connect"}; }
    return fd;
}

}  // namespace mykeyv::bench
