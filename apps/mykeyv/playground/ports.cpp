// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/playground/ports.hpp"

#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/file_handle.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <optional>
#include <random>
#include <sys/socket.h>

namespace mykeyv::cli {
namespace {

// Below what systems hand out to outgoing connections: between the choice and the daemon's listening lie seconds.
constexpr unsigned free_port_min = 12000;
constexpr unsigned free_port_max = 32000;

bool is_free(unsigned port) noexcept
{
    file_handle const file{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    int const yes = 1;  // as the daemon will: connections of an earlier run that are being forgotten do not count
    ::setsockopt(file.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::bind(file.get(), reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0;
}

std::optional<unsigned> first_taken(unsigned first, unsigned count) noexcept
{
    for (auto port = first; port < first + count; ++port) {
        if (!is_free(port)) { return port; }
    }
    return std::nullopt;
}

std::uint16_t some_free_ports(unsigned count)
{
    std::random_device random;
    std::uniform_int_distribution<unsigned> anywhere{free_port_min, free_port_max - count};
    for (int attempt = 0; attempt < 1000; ++attempt) {
        auto const first = anywhere(random);
        if (!first_taken(first, count)) { return static_cast<std::uint16_t>(first); }
    }
    throw refusal{exit_code::cluster_error, fmt::format("found no {} free ports in a row; --port says where to start", count)};
}

}  // namespace

std::uint16_t choose_ports(std::uint16_t first, unsigned count)
{
    if (first == 0) { return some_free_ports(count); }
    if (first + count - 1 > 65535) { throw refusal{exit_code::usage, fmt::format("there are no {} ports from {} on", count, first)}; }
    if (auto const taken = first_taken(first, count)) {
        throw refusal{exit_code::cluster_error,
                      fmt::format("port {} of 127.0.0.1 is in use; --port N starts elsewhere, --port 0 takes any free ones", *taken)};
    }
    return first;
}

}  // namespace mykeyv::cli
