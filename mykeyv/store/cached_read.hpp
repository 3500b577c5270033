// SPDX-License-Identifier: Apache-2.0
// Reads that the cache answers, on the caller's own thread.
#pragma once

#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/operation.hpp"

namespace mykeyv::store {

/// As store::moment.
cache_moment moment_of(environment const&) noexcept;
/// As store::try_cached.
bool decide_from_cache(operation& read, environment&, cache_moment at);

}  // namespace mykeyv::store
