// SPDX-License-Identifier: Apache-2.0
// A record, or the knowledge that there is none, as the cache has it in memory. For cache.cpp only.
#pragma once

#include "mykeyv/base/limits.hpp"
#include "mykeyv/record/record.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

namespace mykeyv::store {

/// One allocation: this head, when it expires if it does, the key, the value. All but the links, the mark and the count are constant.
struct cache_entry {
    cache_entry* next = nullptr;   // in the bucket
    cache_entry* newer = nullptr;  // in the queue
    cache_entry* older = nullptr;
    std::uint64_t version = 0;
    std::atomic<std::uint32_t> owners{1};
    std::uint32_t hash_high = 0;
    std::uint32_t value_bytes = 0;
    std::uint16_t key_bytes : 12 = 0;
    std::uint16_t format_number : 2 = 0;
    std::uint16_t present : 1 = false;
    std::uint16_t expires : 1 = false;
    bool used = false;  // since the hand passed; a byte of its own, because it changes while others read
    std::uint8_t generation = 0;

    unix_ms& expires_at() noexcept { return *reinterpret_cast<unix_ms*>(this + 1); }  // where it expires
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1) + (expires ? sizeof(unix_ms) : 0); }
    std::string_view key() noexcept { return {bytes(), key_bytes}; }
    std::string_view value() noexcept { return {bytes() + key_bytes, value_bytes}; }

    static std::size_t bytes_behind(std::string_view key, record_view const* record) noexcept
    {
        auto const expires = record != nullptr && record->expires_at;
        return (expires ? sizeof(unix_ms) : 0) + key.size() + (record != nullptr ? record->value.size() : 0);
    }
    static std::size_t bytes_of(std::size_t behind) noexcept
    {
        constexpr std::size_t allocator_head = 8;
        constexpr std::size_t bucket_share = 8;
        return (sizeof(cache_entry) + behind + allocator_head + 15) / 16 * 16 + bucket_share;
    }
    std::size_t size() const noexcept { return bytes_of((expires ? sizeof(unix_ms) : 0) + key_bytes + value_bytes); }

    static cache_entry* make(std::string_view key, record_view const* record, std::uint32_t hash_high, std::uint8_t generation)
    {
        auto const value = record != nullptr ? record->value : std::string_view{};
        auto* const entry = new (::operator new(sizeof(cache_entry) + bytes_behind(key, record))) cache_entry;
        if (record != nullptr && record->expires_at) {
            entry->expires = true;
            new (&entry->expires_at()) unix_ms{*record->expires_at};
        }
        entry->hash_high = hash_high;
        entry->generation = generation;
        entry->key_bytes = key.size() & 0xfffu;
        entry->value_bytes = static_cast<std::uint32_t>(value.size());
        std::memcpy(entry->bytes(), key.data(), key.size());
        if (!value.empty()) { std::memcpy(entry->bytes() + key.size(), value.data(), value.size()); }
        if (record != nullptr) {
            entry->present = true;
            entry->format_number = static_cast<unsigned>(record->format) & 3u;
            entry->version = record->version;
        }
        return entry;
    }

    void release() noexcept
    {
        if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            this->~cache_entry();
            ::operator delete(this);
        }
    }
};

static_assert(sizeof(cache_entry) == 48, "every byte here is paid once per cached record");
static_assert(limits::key_bytes_max < (1u << 12), "key_bytes has 12 bits");

}  // namespace mykeyv::store
