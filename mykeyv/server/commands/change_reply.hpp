// SPDX-License-Identifier: Apache-2.0
// How a wish about the cluster is answered.
#pragma once

#include "mykeyv/base/number.hpp"
#include "mykeyv/server/conductor.hpp"
#include "mykeyv/server/later_reply.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mykeyv::server::handlers {

/// The text, +OK for an empty one, or the refusal.
inline void send_text(later_reply& reply, cluster::change_result const& done)
{
    if (!done) { return reply.fail(errc::syntax, *done.why_not); }
    std::string encoded;
    resp::writer to{encoded, reply.version()};
    done.text.empty() ? to.simple("OK") : to.bulk(done.text);
    reply.send(std::move(encoded));
}

inline conductor::change_done reply_with(later_reply reply)
{
    return [reply](cluster::change_result done) mutable { send_text(reply, done); };
}

inline std::optional<std::uint32_t> parse_weight(std::string_view text) noexcept
{
    auto const number = parse_unsigned(text);
    return number && *number <= std::numeric_limits<std::uint32_t>::max() ? std::optional{static_cast<std::uint32_t>(*number)}
                                                                          : std::nullopt;
}

}  // namespace mykeyv::server::handlers
