// SPDX-License-Identifier: Apache-2.0
// Client libraries in one thread, with `pipeline` requests under way.
#pragma once

#include "work.hpp"

namespace mykeyv::bench {

/// mykeyv::client. `get`: each answer begins the next request. `update_many`: every document in one call, again and again;
/// `fill_docs` stores them. Every value that is read is compared.
figures run_client(work const&);

/// hiredis, its pipelines made by hand: so many requests appended, so many replies taken. `get` only.
/// Throws std::invalid_argument where this was built without hiredis.
figures run_hiredis(work const&);

}  // namespace mykeyv::bench
