// SPDX-License-Identifier: Apache-2.0
// How a command ends: the number for the shell, and the sentence for the reader.
#pragma once

#include "mykeyv/base/error.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace mykeyv::cli {

/// What the shell gets. Of several keys the highest counts.
enum class exit_code : int {
    done = 0,
    no_such_key = 1,    ///< or the condition of a set was not met; nothing was changed
    usage = 2,          ///< the request is wrong; repeating it unchanged fails again
    cluster_error = 3,  ///< the cluster could not do it, or not be reached
};

inline exit_code worse(exit_code a, exit_code b) noexcept { return std::max(a, b); }

/// For an operation that ended so: whose fault it is decides between `usage` and `cluster_error`.
exit_code exit_code_of(error_code const&) noexcept;

/// Ends the program with a sentence on stderr.
class refusal : public std::runtime_error {
public:
    refusal(exit_code code, std::string const& sentence) : std::runtime_error{sentence}, code_{code} {}
    exit_code code() const noexcept { return code_; }

private:
    exit_code code_;
};

}  // namespace mykeyv::cli
