// SPDX-License-Identifier: Apache-2.0
// The operations on documents (JSON.*, at the root path) and those on a record as a whole (KV.*).
#pragma once

#include "mykeyv/record/condition.hpp"
#include "mykeyv/record/expiry.hpp"
#include "mykeyv/record/record.hpp"

#include <string>

namespace mykeyv::op {

/// The two ways to name the whole of a document. RedisJSON answers `$` with the list of what matches, `.` with the value itself.
enum class root_path { dot, dollar };

/// JSON.SET at the root. `document` comes from json_checker. ok: stored; nil: the condition did not hold
/// (errc::version_mismatch for if_version). The expiry of an existing document stays, as in RedisJSON. Bytes are errc::wrong_type.
struct json_set {
    std::string document;
    mykeyv::condition condition{};
    decision operator()(record_view const* before, context const&) const;
};

/// JSON.GET at the root: the text of the document, for `$` in brackets; nil for an absent record. Bytes are errc::wrong_type.
struct json_get {
    static constexpr bool read_only = true;
    root_path path = root_path::dot;
    decision operator()(record_view const* before, context const&) const;
};

/// JSON.DEL at the root: 1 if there was a document, 0 if there was nothing. Bytes are errc::wrong_type.
struct json_del {
    decision operator()(record_view const* before, context const&) const;
};

/// JSON.TYPE at the root: object, array, string, integer, number, boolean or null, for `$` as a list of one; nil for an absent
/// record. Bytes are errc::wrong_type.
struct json_type {
    static constexpr bool read_only = true;
    root_path path = root_path::dot;
    decision operator()(record_view const* before, context const&) const;
};

/// KV.SET: replaces a record of any format. A `value` that is a document comes from json_checker. The reply is the version that the
/// record was stored with; nil: the condition did not hold (errc::version_mismatch for if_version). A moment in the past erases.
struct kv_set {
    std::string value;
    mykeyv::format format = mykeyv::format::bytes;
    mykeyv::condition condition{};
    mykeyv::expiry expiry{};
    bool needs_before() const noexcept;
    decision operator()(record_view const* before, context const&) const;
};

/// KV.GET: [value, "bytes" or "document", version, ms left or nil if it does not expire]; nil for an absent record.
struct kv_get {
    static constexpr bool read_only = true;
    decision operator()(record_view const* before, context const&) const;
};

}  // namespace mykeyv::op
