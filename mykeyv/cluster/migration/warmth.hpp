// SPDX-License-Identifier: Apache-2.0
// A slot arrives with what its source has cached of it.
#pragma once

#include "mykeyv/cluster/migration/messages.hpp"
#include "mykeyv/store/cache.hpp"

namespace mykeyv::cluster {

/// At the source: sets is_cached of the request's rows. Any thread.
void note_cached(slot_request&, store::cache const&);

/// At the target, in the slot's lane: those that are cached at the source are put aside; of the others nothing is known any more.
void put_aside(slot, packed_rows const&, store::cache&);

}  // namespace mykeyv::cluster
