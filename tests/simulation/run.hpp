// SPDX-License-Identifier: Apache-2.0
// One simulated history from beginning to end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace mykeyv::simulation {

struct report {
    std::uint64_t operations = 0;  ///< of clients, with an answer that is checked
    std::uint64_t unknown = 0;     ///< of clients, whose outcome nobody knows
    std::uint64_t events = 0;
    std::map<std::string, std::uint64_t> seen;
    std::optional<std::string> violated;  ///< which promise
};

/// What goes wrong in a run.
enum class weather {
    any,    ///< as the seed says
    rough,  ///< many messages come late, twice or not at all
    members,  ///< as the seed says, with nodes that join and leave
};

/// The same seed gives the same history. `traced`: it is printed as it happens.
report run(std::uint64_t seed, weather, bool traced);

}  // namespace mykeyv::simulation
