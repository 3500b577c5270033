// SPDX-License-Identifier: Apache-2.0
// The pieces of work on the way of every request, each alone: what bench_micro times, and bench/instructions counts.
#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace mykeyv::bench {

struct piece {
    std::string_view name;
    /// Prepares, and returns what does the work once.
    std::function<std::function<void()>()> make;
};

std::span<piece const> pieces();

}  // namespace mykeyv::bench
