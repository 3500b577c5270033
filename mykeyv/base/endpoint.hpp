// SPDX-License-Identifier: Apache-2.0
// A host and a port, as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv {

/// Where a node listens. `host` is an address or a name, without brackets.
struct endpoint {
    std::string host;
    std::uint16_t port = 0;

    /// "host:port"; an IPv6 address stands unbracketed, as Redis prints it (the last colon splits).
    std::string text() const;
    /// "host:port" or "[v6]:port"; without a port, `default_port`. Nothing for an empty host or a port outside 1..65535.
    static std::optional<endpoint> parse(std::string_view text, std::uint16_t default_port);
    friend auto operator<=>(endpoint const&, endpoint const&) = default;
};

}  // namespace mykeyv
