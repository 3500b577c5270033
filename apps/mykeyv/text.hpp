// SPDX-License-Identifier: Apache-2.0
// Bytes and JSON on their way to a terminal or to another program, and JSON as people type it.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::cli {

/// One JSON object of output; keeps the order in which its members were made.
using json_line = nlohmann::ordered_json;

/// The JSON value in `text`.
/// Throws `refusal` (usage) with where and why it is none, or if it has an integer outside of -2^63 to 2^63-1. `what` names it in
/// the sentence: "the value".
nlohmann::json parse_json(std::string_view text, std::string const& what);

/// `bytes` as they may be shown on a terminal: control characters other than line ends and tabs, and what is not UTF-8,
/// as \xHH. `one_line`: line ends and tabs so too.
std::string printable(std::string_view bytes, bool one_line = true);

/// Sets `name` to the text, or `name`_base64 where the bytes are not UTF-8.
void put_bytes(json_line& into, std::string const& name, std::string_view bytes);

/// Rows under a heading, columns aligned, the last one not filled up. Cells must be printable.
std::string table(std::vector<std::string> const& heading, std::vector<std::vector<std::string>> const& rows);

}  // namespace mykeyv::cli
