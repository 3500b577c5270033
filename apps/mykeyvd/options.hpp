// SPDX-License-Identifier: Apache-2.0
// The flags of mykeyvd, and the file of the same names.
#pragma once

#include "mykeyv/server/settings.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

namespace mykeyv::app {

/// Flags or a file that cannot be used; one sentence.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What --help and --version print, to stdout.
struct text_to_print {
    std::string text;
};

/// Settings out of the command line and, behind it, the file of --config: a flag beats the file. Reads the files that are named
/// (password, topology). Throws usage_error.
std::variant<server::settings, text_to_print> parse_command_line(int argc, char const* const* argv);

}  // namespace mykeyv::app
