// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: from words to an exit code.
#pragma once

#include "apps/mykeyv/exit_code.hpp"

#include <string>
#include <vector>

namespace mykeyv::cli {

/// Does what `words` (without the program's name) say. Throws nothing: whatever goes wrong is a sentence on stderr.
exit_code run(std::vector<std::string> words);

}  // namespace mykeyv::cli
