// SPDX-License-Identifier: Apache-2.0
// A cluster on this machine: several daemons, started, watched and stopped together.
#pragma once

#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/playground/playground_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mykeyv::cli {

struct playground_options {
    std::optional<unsigned> nodes;                     ///< 1 to playground_nodes_max; nothing: as the directory has, else 3
    std::uint16_t port = 6958;                         ///< of the first node; 0: any free ones
    std::optional<std::filesystem::path> directory;    ///< nothing: a temporary one
    std::optional<std::filesystem::path> mykeyvd;      ///< nothing: the one beside this program
};

/// Returns when every daemon has ended: after SIGINT, SIGTERM or SIGHUP, or by themselves. `done` if they did as they were told.
/// Throws `refusal` if it cannot be begun. For the main thread of a program that has no other.
exit_code run_playground(playground_options const&);

}  // namespace mykeyv::cli
