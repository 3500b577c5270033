// SPDX-License-Identifier: Apache-2.0
// Requests about slots as words of a command. docs/protocol.md has the grammar.
//
//     PREPARE slot epoch transfer          QUERY slot epoch transfer          CANCEL slot epoch transfer
//     ROWS slot epoch transfer number rows check
//     CUTOVER slot epoch transfer number rows check count checksum last-version
//
// `rows` are as in packed_rows.hpp; `check` its XXH3, which finds what TCP's checksum lets through.
#pragma once

#include "mykeyv/cluster/migration/messages.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::cluster {

/// Of all that nodes say to each other. Another number at each change that an older node would misunderstand.
inline constexpr std::uint64_t node_protocol_version = 2;

/// The words, the name first; without the source, whom the connection has named.
std::vector<std::string> words_of(slot_request);
/// The same back; nothing for anything that words_of() does not make.
std::optional<slot_request> request_of(std::span<std::string_view const> words, node_id source);

}  // namespace mykeyv::cluster
