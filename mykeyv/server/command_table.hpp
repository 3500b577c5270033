// SPDX-License-Identifier: Apache-2.0
// The one table of commands: what there is, how many words, where the keys stand, who handles it.
#pragma once

#include "mykeyv/resp/writer.hpp"
#include "mykeyv/server/command.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::server {

/// Every row, ascending by name.
std::span<command const> all_commands() noexcept;

/// The row of `name`, or of `name` and a second word; letters of either case. Null: there is none. Allocates nothing.
command const* find_command(std::string_view name) noexcept;
command const* find_command(std::string_view name, std::string_view second) noexcept;

bool has_arity(command const&, std::size_t words) noexcept;

/// The keys of a command, as COMMAND GETKEYS answers. Nothing: the words do not fit the command; empty: it has no keys.
std::optional<std::vector<std::string_view>> keys_of(command const&, arguments words);

/// "ERR unknown command 'foo', with args beginning with: 'bar' ", cut to a bounded length.
std::string unknown_command_text(arguments words);
/// "ERR unknown subcommand 'foo'. Try CLUSTER HELP."
std::string unknown_subcommand_text(arguments words);

}  // namespace mykeyv::server
