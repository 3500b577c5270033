// SPDX-License-Identifier: Apache-2.0
// What commands will ask for that have arrived and not yet come to their turn: a hint, by which memory is fetched before it is needed.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mykeyv::resp {

struct lookahead {
    std::size_t keys = 0;   ///< found
    std::size_t bytes = 0;  ///< at the front of the input that were looked at: whole commands
};

/// The first argument of each command at the front of `input`, which mostly is a key; they point into it. Ends when `keys` is full, and
/// before anything but a whole multibulk request of a few arguments. Reads headers only; leaves all checks to the parser.
lookahead look_ahead(std::string_view input, std::span<std::string_view> keys) noexcept;

}  // namespace mykeyv::resp
