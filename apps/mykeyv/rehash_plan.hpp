// SPDX-License-Identifier: Apache-2.0
// What a rehash would move: from which node to which, how many slots, and how much is in them.
#pragma once

#include "apps/mykeyv/cluster_access.hpp"

namespace mykeyv::cli {

/// `rehash --dry-run`: asks, prints, changes nothing.
exit_code show_plan(global_options const&);

/// The commands that ask a node how much is in these slots; each names a bounded number of ranges.
std::vector<std::vector<std::string>> weigh_commands(std::vector<slot_range> const&);

}  // namespace mykeyv::cli
