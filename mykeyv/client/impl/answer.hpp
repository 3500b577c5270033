// SPDX-License-Identifier: Apache-2.0
// What a node's replies mean: which of them redirect, ask for patience or fail, and the results inside the others.
#pragma once

#include "mykeyv/base/slot.hpp"
#include "mykeyv/client/impl/slot_map.hpp"
#include "mykeyv/client/outcome.hpp"
#include "mykeyv/resp/value.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace mykeyv::detail {

/// A reply as far as it matters for what to do next.
struct answer {
    enum class kind {
        result,       ///< not an error
        moved,        ///< for good: `place` is served by `node`
        ask,          ///< this once: ask `node`
        try_later,    ///< not executed; `error` says why, for when the time is over
        unknown_code, ///< the node must be taught the code first
        failed,       ///< `error`
    };
    kind what = kind::result;
    slot place = {};
    endpoint node = {};
    errc error = errc::ok;
};

answer classify(resp::value const&);

/// An error as nodes write it, "PREFIX sentence": the errc, and the sentence (all of it where the errc says nothing).
struct failure {
    errc error = errc::unexpected_reply;
    std::string_view detail;
};
failure read_error(std::string_view text) noexcept;

/// "SLOT HOST:PORT", as it stands behind MOVED and ASK. An empty host: nothing.
struct redirect {
    slot place;
    endpoint node;
};
std::optional<redirect> read_redirect(std::string_view text);

// The results; errc::unexpected_reply for what the command cannot answer.

result<found<bytes>> read_get(resp::value&&);
/// 0: the condition was not met.
result<std::uint64_t> read_set(resp::value const&);
result<bool> read_erase(resp::value const&);
result<scan_page> read_scan(resp::value&&);
/// `asked`: who stands for an empty host.
result<slot_map> read_slots(resp::value const&, endpoint const& asked);

/// One key's part of the answer to KV.UPDATE.
struct update_part {
    bool moved = false;             ///< another node owns the key: nothing was executed
    std::optional<redirect> owner;  ///< which, if the node said it
    update_outcome outcome;         ///< without the key
};
result<std::vector<update_part>> read_update(resp::value const&, std::size_t keys);

}  // namespace mykeyv::detail
