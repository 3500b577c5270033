// SPDX-License-Identifier: Apache-2.0
// The record cache: write-through, bounded in bytes, remembers absence, evicts by SIEVE.
//
// Invariants
//   1 What the cache finds for a key is what MySQL has committed, or what it had before a commit that is not yet published
//     and that nobody has been told of.
//   2 Only the slot's lane publishes, and puts aside; a reader fills, and only what no write overlapped (write_stamps).
//   3 An entry never changes: publishing puts a new one in its place, so whoever holds the old one may go on reading it.
//   4 What was put in before drop_slot() is not found after it: an entry has the generation that its slot had then. What was put aside has
//     the next one, and is found when its slot comes to that.
// SIEVE: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024: a queue in order of arrival, a hand that walks from the
// oldest to the newest, spares what was used since its last visit and evicts the first that was not.
#pragma once

#include "mykeyv/record/record.hpp"
#include "mykeyv/store/write_stamps.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {

struct cache_entry;

/// A share in a cached record, or in the knowledge that there is none; empty when nothing is known.
class cached_record {
public:
    cached_record() = default;
    /// Takes over one reference.
    explicit cached_record(cache_entry* entry) noexcept : entry_{entry} {}
    cached_record(cached_record&& other) noexcept : entry_{std::exchange(other.entry_, nullptr)} {}
    cached_record& operator=(cached_record&& other) noexcept
    {
        std::swap(entry_, other.entry_);
        return *this;
    }
    ~cached_record();

    explicit operator bool() const noexcept { return entry_ != nullptr; }
    /// False: it is known that no record exists. Only when not empty.
    bool present() const noexcept;
    /// Valid as long as this object. Only when present.
    record_view view() const noexcept;

private:
    cache_entry* entry_ = nullptr;
};

struct cache_figures {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t evictions = 0;
};

/// Safe from any thread; every call holds the lock of one of its shards for a short time.
class cache {
public:
    /// Bytes for everything: keys, values, bookkeeping. 0 keeps nothing. A record larger than 1/64 of it is not kept.
    explicit cache(std::size_t bytes_max);
    ~cache();
    cache(cache const&) = delete;
    cache& operator=(cache const&) = delete;

    cached_record find(slot, std::string_view key);
    /// Has the processor fetch the memory that find() of each of these keys will read, all at once: while one waits for it alone, it waits
    /// for each of several places in turn. Worth it for several keys; any number may be given.
    void prefetch(std::span<std::string_view const> keys) const noexcept;
    /// What the lane has just committed; `record` null: the record is gone.
    void publish(slot, std::string_view key, record_view const* record);
    /// What a reader read since it took the stamp `before`; dropped if a write overlapped. False: dropped.
    bool fill(slot, std::string_view key, record_view const* record, write_stamps const&, write_stamps::stamp before);
    void forget(std::string_view key);
    /// Forgets all keys of a slot, mostly in no time: their memory comes back as others need it. Each hundredth time or so they are looked
    /// for. For the slot's lane, while the slot's stamp is odd, so that no read that began before fills it again.
    void drop_slot(slot);

    // A slot that goes to another node takes with it what is cached of it

    /// Which of these keys of it would be found. Counts as no use of them.
    std::vector<bool> has(slot, std::span<std::string_view const> keys) const;
    /// At the node that it goes to, in the slot's lane: these records, one for each key; without one nothing is known of the key. Found
    /// after the next take_up(), forgotten by the next drop_slot().
    void put_aside(slot, std::span<std::string_view const> keys, std::span<std::optional<record_view> const> records);
    /// What was put aside is found from now on, and nothing else of the slot. As for drop_slot(), the slot's stamp is to be odd.
    void take_up(slot);

    void clear();

    cache_figures figures() const;

private:
    class shard;
    shard& shard_of(std::uint64_t hash) const noexcept;
    std::uint64_t hash_of(std::string_view key) const noexcept;
    template <class Use>
    void each_at_hand(std::span<std::string_view const> keys, Use const& use) const;

    std::uint64_t seed_;
    std::array<std::atomic<std::uint8_t>, slot::count> generations_{};  // 254 at most after drop_slot(), so there is always a next one
    std::vector<std::unique_ptr<shard>> shards_;
};

}  // namespace mykeyv::store
