// SPDX-License-Identifier: Apache-2.0
// The words that operations decide with, and what an operation is.
#pragma once

#include "mykeyv/record/record.hpp"

#include <concepts>
#include <utility>

namespace mykeyv {

/// A pure function from record to decision. `before` is null for an absent record; an expired one counts as absent, and
/// the caller presents it so. It may be called again, on another record, and keeps nothing of either.
template <class Op>
concept operation = requires(Op const& op, record_view const* before, context const& ctx) {
    { op(before, ctx) } -> std::same_as<decision>;
};

/// True for an operation that never changes a record, so that any copy that is up to date will do.
template <operation Op>
inline constexpr bool read_only = requires { requires Op::read_only; };

/// False when `op` decides the same whatever is stored, so that nothing need be loaded; it may then be given null.
template <operation Op>
bool needs_before(Op const& op) noexcept
{
    if constexpr (requires { op.needs_before(); }) { return op.needs_before(); }
    return true;
}

/// The record stays as it is.
inline decision answer(reply with) { return {keep{}, std::move(with)}; }

/// The record stays as it is, and the caller learns why.
inline decision refuse(errc why) { return answer({reply::failure{why, {}}}); }

/// The record goes.
inline decision remove(reply with) { return {erase{}, std::move(with)}; }

/// The one way to store: a value over the limit is errc::value_too_long, and one that expires in the past is erased at once.
inline decision put_record(put record, reply with, context const& ctx)
{
    if (record.value.size() > ctx.value_bytes_max) { return refuse(errc::value_too_long); }
    if (expired(record.expires_at, ctx.now)) { return remove(std::move(with)); }
    return {std::move(record), std::move(with)};
}

/// The same value with another expiry; one in the past erases the record. Not subject to the limit: nothing grows.
inline decision store_expiry(record_view const& before, std::optional<unix_ms> expires_at, reply with, context const& ctx)
{
    if (expired(expires_at, ctx.now)) { return remove(std::move(with)); }
    return {put{std::string{before.value}, before.format, expires_at}, std::move(with)};
}

/// The value without a copy; nil for an absent record.
inline reply value_or_nil(record_view const* before)
{
    if (before == nullptr) { return {reply::nil{}}; }
    return {reply::borrowed{before->value}};
}

inline bool is_bytes(record_view const* before) noexcept { return before != nullptr && before->format == format::bytes; }
inline bool is_document(record_view const* before) noexcept { return before != nullptr && before->format == format::document; }

/// What a rewritten record keeps of the one before it: its expiry, if it was there and had one.
inline std::optional<unix_ms> expiry_of(record_view const* before) noexcept
{
    return before != nullptr ? before->expires_at : std::nullopt;
}

}  // namespace mykeyv
