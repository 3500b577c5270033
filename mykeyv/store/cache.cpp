// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/cache.hpp"

#include "mykeyv/store/cache_entry.hpp"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <random>

namespace mykeyv::store {
namespace {

constexpr std::size_t at_once = 16;  // what a processor can have on its way, and some more

}  // namespace

cached_record::~cached_record()
{
    if (entry_ != nullptr) { entry_->release(); }
}

bool cached_record::present() const noexcept { return entry_->present; }

record_view cached_record::view() const noexcept
{
    record_view view{.value = entry_->value(),
                     .format = static_cast<mykeyv::format>(entry_->format_number),
                     .version = entry_->version,
                     .expires_at = std::nullopt};
    if (entry_->expires) { view.expires_at = entry_->expires_at(); }
    return view;
}

/// A hash table with chains and a SIEVE queue, under one lock.
class cache::shard {
public:
    explicit shard(std::size_t bytes_max) : bytes_max_{bytes_max}, buckets_(64) {}

    ~shard() { clear(); }

    void clear()
    {
        std::lock_guard const lock{mutex_};
        while (newest_ != nullptr) { remove(newest_); }
    }

    cached_record find(std::string_view key, std::uint64_t hash, std::atomic<std::uint8_t> const& generation)
    {
        std::lock_guard const lock{mutex_};
        auto* const entry = find_entry(key, hash);
        if (entry == nullptr || entry->generation != generation.load()) {
            ++figures_.misses;
            return {};
        }
        ++figures_.hits;
        entry->used = true;
        entry->owners.fetch_add(1, std::memory_order_relaxed);
        return cached_record{entry};
    }

    bool has(std::string_view key, std::uint64_t hash, std::uint8_t generation) noexcept
    {
        std::lock_guard const lock{mutex_};
        auto const* const entry = find_entry(key, hash);
        return entry != nullptr && entry->generation == generation;
    }

    void prefetch_bucket(std::uint64_t hash) noexcept
    {
        std::lock_guard const lock{mutex_};
        __builtin_prefetch(&bucket(high(hash)));
    }

    void prefetch_first_entry(std::uint64_t hash) noexcept
    {
        std::lock_guard const lock{mutex_};
        prefetch_entry(bucket(high(hash)));
    }

    void prefetch_second_entry(std::uint64_t hash) noexcept
    {
        std::lock_guard const lock{mutex_};
        auto const* entry = bucket(high(hash));
        if (entry != nullptr && entry->hash_high != high(hash)) { prefetch_entry(entry->next); }
    }

    template <class Admit>
    bool replace(std::string_view key, std::uint64_t hash, std::uint8_t generation, record_view const* record, Admit const& admit)
    {
        std::lock_guard const lock{mutex_};
        if (!admit()) { return false; }
        auto* const old = find_entry(key, hash);
        auto const was_used = old != nullptr && old->used;
        if (old != nullptr) { remove(old); }
        auto const size = cache_entry::bytes_of(cache_entry::bytes_behind(key, record));
        if (size > bytes_max_ / 4) { return true; }
        while (figures_.bytes + size > bytes_max_) { evict(); }
        insert(cache_entry::make(key, record, high(hash), generation), hash, was_used);
        return true;
    }

    void forget_all(slot s)
    {
        std::lock_guard const lock{mutex_};
        for (auto* entry = newest_; entry != nullptr;) {
            auto* const older = entry->older;
            if (slot_of(entry->key()) == s) { remove(entry); }
            entry = older;
        }
    }

    void forget(std::string_view key, std::uint64_t hash)
    {
        std::lock_guard const lock{mutex_};
        if (auto* const entry = find_entry(key, hash)) { remove(entry); }
    }

    cache_figures figures() const
    {
        std::lock_guard const lock{mutex_};
        return figures_;
    }

private:
    // The low bits choose the shard, the high half chooses the bucket and is kept, so growing needs no key hashed again.
    static std::uint32_t high(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32); }
    cache_entry*& bucket(std::uint32_t hash_high) noexcept { return buckets_[hash_high & (buckets_.size() - 1)]; }

    /// Its head, its key, and as much of its value as small ones have. Inlined always: GCC 12 takes a function that only prefetches for one
    /// without effect, and leaves out calls of it.
    [[gnu::always_inline]] static void prefetch_entry(cache_entry const* entry) noexcept
    {
        constexpr std::size_t line_bytes = 64;
        constexpr std::size_t lines = 3;
        auto const* const bytes = reinterpret_cast<char const*>(entry);
        for (std::size_t i = 0; i < lines && entry != nullptr; ++i) { __builtin_prefetch(bytes + i * line_bytes); }
    }

    cache_entry* find_entry(std::string_view key, std::uint64_t hash) noexcept
    {
        auto* entry = bucket(high(hash));
        while (entry != nullptr && (entry->hash_high != high(hash) || entry->key() != key)) { entry = entry->next; }
        return entry;
    }

    void insert(cache_entry* entry, std::uint64_t hash, bool used)
    {
        if (figures_.records >= 2 * buckets_.size()) { grow(); }  // so a record has at most one bucket
        entry->used = used;
        entry->next = std::exchange(bucket(high(hash)), entry);
        entry->older = newest_;
        (newest_ != nullptr ? newest_->newer : oldest_) = entry;
        newest_ = entry;
        ++figures_.records;
        figures_.bytes += entry->size();
    }

    void remove(cache_entry* entry) noexcept
    {
        auto** link = &bucket(entry->hash_high);
        while (*link != entry) { link = &(*link)->next; }
        *link = entry->next;
        if (hand_ == entry) { hand_ = entry->newer; }
        (entry->newer != nullptr ? entry->newer->older : newest_) = entry->older;
        (entry->older != nullptr ? entry->older->newer : oldest_) = entry->newer;
        --figures_.records;
        figures_.bytes -= entry->size();
        entry->release();
    }

    void evict() noexcept
    {
        auto* entry = hand_ != nullptr ? hand_ : oldest_;
        while (entry->used) {
            entry->used = false;
            entry = entry->newer != nullptr ? entry->newer : oldest_;
        }
        hand_ = entry;
        ++figures_.evictions;
        remove(entry);
    }

    void grow()
    {
        std::vector<cache_entry*> old(buckets_.size() * 2);
        old.swap(buckets_);
        for (auto* entry : old) {
            while (entry != nullptr) {
                auto* const next = entry->next;
                entry->next = std::exchange(bucket(entry->hash_high), entry);
                entry = next;
            }
        }
    }

    mutable std::mutex mutex_;
    std::size_t const bytes_max_;
    std::vector<cache_entry*> buckets_;  // a power of two
    cache_entry* newest_ = nullptr;
    cache_entry* oldest_ = nullptr;
    cache_entry* hand_ = nullptr;  // null: begin at the oldest
    cache_figures figures_;
};

cache::cache(std::size_t bytes_max)
{
    constexpr unsigned shard_count = 16;  // a power of two; few, so that a large record fits one
    std::random_device random;
    seed_ = (std::uint64_t{random()} << 32) | random();  // so that nobody can choose keys that collide
    for (unsigned i = 0; i < shard_count; ++i) { shards_.push_back(std::make_unique<shard>(bytes_max / shard_count)); }
}

cache::~cache() = default;

std::uint64_t cache::hash_of(std::string_view key) const noexcept { return XXH3_64bits_withSeed(key.data(), key.size(), seed_); }

cache::shard& cache::shard_of(std::uint64_t hash) const noexcept { return *shards_[hash & (shards_.size() - 1)]; }

cached_record cache::find(slot s, std::string_view key)
{
    auto const hash = hash_of(key);
    return shard_of(hash).find(key, hash, generations_[s.number()]);
}

/// Step by step for all keys, for the place of each thing is in the one before: the bucket, its first entry, the next one if that is
/// another key's. The waits of one step overlap.
void cache::prefetch(std::span<std::string_view const> keys) const noexcept
{
    std::array<std::uint64_t, at_once> hashes;
    for (; !keys.empty(); keys = keys.subspan(std::min(at_once, keys.size()))) {
        auto const count = std::min(at_once, keys.size());
        for (std::size_t i = 0; i < count; ++i) {
            hashes[i] = hash_of(keys[i]);
            shard_of(hashes[i]).prefetch_bucket(hashes[i]);
        }
        for (std::size_t i = 0; i < count; ++i) { shard_of(hashes[i]).prefetch_first_entry(hashes[i]); }
        for (std::size_t i = 0; i < count; ++i) { shard_of(hashes[i]).prefetch_second_entry(hashes[i]); }
    }
}

void cache::publish(slot s, std::string_view key, record_view const* record)
{
    auto const hash = hash_of(key);
    shard_of(hash).replace(key, hash, generations_[s.number()], record, [] { return true; });
}

bool cache::fill(slot s, std::string_view key, record_view const* record, write_stamps const& stamps, write_stamps::stamp before)
{
    // The stamp is compared under the shard's lock: a lane that begins a write after that publishes after us.
    // The generation is read before that: one that drops the slot after us has disturbed the stamp first.
    auto const hash = hash_of(key);
    auto const generation = generations_[s.number()].load();
    return shard_of(hash).replace(key, hash, generation, record, [&] { return stamps.quiet_since(s, before); });
}

void cache::forget(std::string_view key)
{
    auto const hash = hash_of(key);
    shard_of(hash).forget(key, hash);
}

void cache::drop_slot(slot s)
{
    constexpr std::uint8_t last = std::numeric_limits<std::uint8_t>::max() - 1;
    auto& generation = generations_[s.number()];
    if (last - generation < 2) {
        for (auto const& each : shards_) { each->forget_all(s); }  // they may have any number
        generation = 0;
        return;
    }
    generation += 2;  // the one in between is that of what was put aside
}

/// Calls `use` with the number of each key; the memory that it will read has been asked for before.
template <class Use>
void cache::each_at_hand(std::span<std::string_view const> keys, Use const& use) const
{
    for (std::size_t first = 0; first < keys.size(); first += at_once) {
        auto const count = std::min(at_once, keys.size() - first);
        prefetch(keys.subspan(first, count));
        for (auto i = first; i < first + count; ++i) { use(i); }
    }
}

std::vector<bool> cache::has(slot s, std::span<std::string_view const> keys) const
{
    std::vector<bool> found(keys.size());
    auto const generation = generations_[s.number()].load();
    each_at_hand(keys, [&](std::size_t i) {
        auto const hash = hash_of(keys[i]);
        found[i] = shard_of(hash).has(keys[i], hash, generation);
    });
    return found;
}

void cache::put_aside(slot s, std::span<std::string_view const> keys, std::span<std::optional<record_view> const> records)
{
    auto const next = static_cast<std::uint8_t>(generations_[s.number()] + 1);
    each_at_hand(keys, [&](std::size_t i) {
        if (!records[i]) { return forget(keys[i]); }
        auto const hash = hash_of(keys[i]);
        shard_of(hash).replace(keys[i], hash, next, &*records[i], [] { return true; });
    });
}

void cache::take_up(slot s) { ++generations_[s.number()]; }

void cache::clear()
{
    for (auto const& each : shards_) { each->clear(); }
}

cache_figures cache::figures() const
{
    cache_figures sum;
    for (auto const& each : shards_) {
        auto const part = each->figures();
        sum.hits += part.hits;
        sum.misses += part.misses;
        sum.records += part.records;
        sum.bytes += part.bytes;
        sum.evictions += part.evictions;
    }
    return sum;
}

}  // namespace mykeyv::store
