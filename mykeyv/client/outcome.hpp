// SPDX-License-Identifier: Apache-2.0
// What operations give back.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/error.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/client/encoded.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv {

/// A record as it was read, or that there is none; used like a std::optional<T>.
template <class T>
struct found {
    std::optional<T> value;
    std::uint64_t version = 0;                            ///< for set_options::if_version; 0: there is no record
    std::optional<std::chrono::milliseconds> expires_in;  ///< nothing: it stays
    mykeyv::encoding encoding = mykeyv::encoding::bytes;

    explicit operator bool() const noexcept { return value.has_value(); }
    T const& operator*() const noexcept { return *value; }
    T& operator*() noexcept { return *value; }
    T const* operator->() const noexcept { return &*value; }
    T* operator->() noexcept { return &*value; }
};

/// One key of async_get_many.
template <class T>
struct get_outcome {
    std::string key;
    error_code error;
    found<T> record;
};

/// One key of async_set_many.
struct set_outcome {
    std::string key;
    error_code error;
    std::uint64_t version = 0;  ///< of the new record; 0: not stored
};

enum class update_status {
    stored,     ///< the code changed the record, and that is durable
    unchanged,  ///< the code asked for nothing to be stored
    erased,     ///< the code erased the record, and that is durable
    error,      ///< see `error` and `detail`; the record is as it was, except after errc::outcome_unknown
};

/// "stored", "unchanged", "erased" or "error".
std::string_view name_of(update_status) noexcept;

/// One key of async_update.
struct update_outcome {
    std::string key;
    update_status status = update_status::error;
    nlohmann::json result;  ///< what the code returned behind its verdict; null: nothing
    error_code error;
    std::string detail;     ///< of an error: the node's words, such as the line of the code
};

/// Slots `first` to `last`, both included.
struct slot_range {
    slot first;
    slot last;
    friend bool operator==(slot_range const&, slot_range const&) = default;
};

/// A node that owns slots.
struct node_info {
    endpoint address;
    std::string id;  ///< forty hex digits
    std::vector<slot_range> slots;
};

/// A piece of a walk over one node's keys.
struct scan_page {
    std::string cursor;  ///< for the next page; "0": that was the last
    std::vector<std::string> keys;
};

}  // namespace mykeyv
