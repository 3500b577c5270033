// SPDX-License-Identifier: Apache-2.0
// The operations on bytes, as Redis 7.0 has them on strings, and those that work on any record.
//
// A document is errc::wrong_type for what reads or edits bytes, and may be replaced by a plain `set`.
// The expiry of a record survives what edits it (append, incr_by, ...), and not what replaces it (set), unless told so.
#pragma once

#include "mykeyv/record/condition.hpp"
#include "mykeyv/record/expiry.hpp"
#include "mykeyv/record/record.hpp"

#include <cstdint>
#include <string>

namespace mykeyv::op {

/// GET: the value, or nil. With `nil_for_documents`, as MGET: a document is nil instead of an error.
struct get {
    static constexpr bool read_only = true;
    bool nil_for_documents = false;
    decision operator()(record_view const* before, context const&) const;
};

/// SET, SETEX, PSETEX; with `return_old` SET..GET and GETSET. ok: stored. nil: the condition did not hold (errc::version_mismatch
/// for if_version). With `return_old` the reply is the old value or nil in both cases. A moment in the past: the record is erased,
/// and the reply is the same. A document before is errc::wrong_type for `return_old` and if_equals, which have to read it.
struct set {
    std::string value;
    mykeyv::condition condition{};
    mykeyv::expiry expiry{};
    bool return_old = false;
    bool needs_before() const noexcept;
    decision operator()(record_view const* before, context const&) const;
};

/// SETNX. 1: stored; 0: there was a record.
struct setnx {
    std::string value;
    decision operator()(record_view const* before, context const&) const;
};

/// GETDEL: the value, which is then gone, or nil.
struct getdel {
    decision operator()(record_view const* before, context const&) const;
};

/// GETEX: the value, or nil. keep_expiry: reads only; no_expiry: PERSIST; a moment in the past erases the record.
struct getex {
    mykeyv::expiry expiry = keep_expiry{};
    decision operator()(record_view const* before, context const&) const;
};

/// APPEND: the new length. An absent record counts as empty, also when nothing is appended.
struct append {
    std::string value;
    decision operator()(record_view const* before, context const&) const;
};

/// STRLEN: bytes; 0 for an absent record.
struct strlen {
    static constexpr bool read_only = true;
    decision operator()(record_view const* before, context const&) const;
};

/// GETRANGE, SUBSTR: the bytes from `start` to `end`, both included; -1 is the last byte. What lies outside is left out; an
/// absent record counts as empty.
struct getrange {
    static constexpr bool read_only = true;
    std::int64_t start = 0;
    std::int64_t end = -1;
    decision operator()(record_view const* before, context const&) const;
};

/// SETRANGE: the new length. Zero bytes fill a gap before `offset`. An empty `value` changes nothing. A negative offset is
/// errc::offset_out_of_range; a length over the limit is errc::value_too_long, before any memory is taken.
struct setrange {
    std::int64_t offset = 0;
    std::string value;
    decision operator()(record_view const* before, context const&) const;
};

/// INCR DECR INCRBY DECRBY: the sum. An absent record counts as 0. errc::not_an_integer for what is not one in canonical form;
/// errc::overflow past 64 bits.
struct incr_by {
    std::int64_t amount = 1;
    decision operator()(record_view const* before, context const&) const;
};

/// INCRBYFLOAT: the sum, as it is stored. An absent record counts as 0. errc::not_a_float; errc::not_finite.
struct incr_by_float {
    long double amount = 0;
    decision operator()(record_view const* before, context const&) const;
};

/// EXISTS, TOUCH: 1 or 0, for any record.
struct exists {
    static constexpr bool read_only = true;
    decision operator()(record_view const* before, context const&) const;
};

/// TYPE: "string", "ReJSON-RL" (the name that clients know for a document) or "none".
struct type {
    static constexpr bool read_only = true;
    decision operator()(record_view const* before, context const&) const;
};

/// DEL, UNLINK: 1 if there was a record, else 0.
struct del {
    decision operator()(record_view const* before, context const&) const;
};

}  // namespace mykeyv::op
