// SPDX-License-Identifier: Apache-2.0
// Work over all records of a node: pages of keys, counts.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/store.hpp"

#include <functional>

namespace mykeyv::store {

using slot_filter = std::function<bool(slot)>;

/// As store::async_keys. A cursor is (slot << 32) + hash: everything from there on has not been seen. It needs no memory of
/// the scan, and a key that stays never moves, so no key is missed however many come and go.
failure read_key_page(session&, slot_filter const& owned, std::uint64_t cursor, std::size_t count, unix_ms now, key_page& out);

failure count_owned(session&, slot_filter const& owned, std::uint64_t& out);

/// Records, and bytes of their keys and values, in the owned slots from `first` to `last`. Costs a pass over them.
failure weigh_slots(session&, slot_filter const& owned, slot first, slot last, std::uint64_t& records, std::uint64_t& bytes);

}  // namespace mykeyv::store
