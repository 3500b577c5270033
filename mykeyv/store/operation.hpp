// SPDX-License-Identifier: Apache-2.0
// What is handed to the store: one atomic piece of work on one or more keys of one slot.
#pragma once

#include "mykeyv/base/slot.hpp"
#include "mykeyv/record/record.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// What an operation does to its records; decides which way it takes through the store.
enum class access : std::uint8_t {
    read,         ///< changes nothing: may be answered from the cache or from a plain read
    write,        ///< needs the records before
    blind_write,  ///< changes its records whatever they were: `before` is not loaded and reads as absent
};

/// What has to be known of a moment to answer a read from the cache as of then.
struct cache_moment {
    unix_ms now;
    bool is_believed = false;  ///< no other daemon can have taken over MySQL before it
};

class operation;
using operation_ptr = std::unique_ptr<operation>;

/// One atomic piece of work: all its changes are committed together or not at all.
///
/// The store calls `decide` one or more times, never two at once, each time with the records as they are then; the last
/// call counts. After that it calls `completed` exactly once. Both are called on a thread of the store, or, for a read
/// that the cache answers, by store::try_cached on the caller's own thread.
class operation {
public:
    virtual ~operation() = default;
    operation(operation const&) = delete;
    operation& operator=(operation const&) = delete;

    mykeyv::slot slot() const noexcept { return slot_; }
    std::span<std::string const> keys() const noexcept { return keys_; }
    store::access access() const noexcept { return access_; }

    /// Bytes that the operation brings along (values, code); bounds a batch together with the number of operations.
    virtual std::size_t payload_bytes() const noexcept { return 0; }

    /// Bytes that the last decision holds ready for the caller; bounds a batch too.
    virtual std::size_t reply_bytes() const noexcept { return 0; }

    /// The function from records to records. `before[i]` belongs to `keys()[i]`: null when absent or expired; borrowed for
    /// the call. `after[i]` is `keep` on entry. Changes of a read are a bug. Must not throw, block or call the store.
    virtual void decide(std::span<record_view const* const> before, context const&, std::span<change> after) = 0;

    /// The end, with the operation handed back. `errc::ok`: the last decision is committed (or there was nothing to
    /// commit). `errc::outcome_unknown`: it may be. Anything else: it is not, and nothing was changed.
    /// Must be short: it runs on a thread of the store.
    virtual void completed(operation_ptr self, errc outcome) noexcept = 0;

protected:
    /// `keys` lie in `slot`, are not empty and may repeat; each is at most `key_bytes_max` long.
    operation(mykeyv::slot slot, std::vector<std::string> keys, store::access access) noexcept
        : keys_{std::move(keys)}, slot_{slot}, access_{access}
    {
    }

    /// Makes it an operation on one other key; keeps its memory. For a read that is only ever tried on the cache.
    void aim_at(mykeyv::slot slot, std::string_view key)
    {
        keys_.resize(1);
        keys_[0] = key;
        slot_ = slot;
    }

private:
    std::vector<std::string> keys_;
    mykeyv::slot slot_;
    store::access access_;
};

}  // namespace mykeyv::store
