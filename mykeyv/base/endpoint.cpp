// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/endpoint.hpp"

#include "mykeyv/base/number.hpp"

#include <algorithm>

namespace mykeyv {

std::string endpoint::text() const { return host + ':' + std::to_string(port); }

std::optional<endpoint> endpoint::parse(std::string_view text, std::uint16_t default_port)
{
    std::string_view host = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == text.npos) { return std::nullopt; }
        host = text.substr(1, close - 1);
        auto const rest = text.substr(close + 1);
        if (!rest.empty()) {
            if (rest.front() != ':') { return std::nullopt; }
            port = rest.substr(1);
        }
    } else if (auto const colon = text.rfind(':'); colon != text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    auto const number = port ? parse_unsigned(*port) : default_port;
    if (host.empty() || !number || *number < 1 || *number > 65535) { return std::nullopt; }
    return endpoint{std::string{host}, static_cast<std::uint16_t>(*number)};
}

}  // namespace mykeyv
