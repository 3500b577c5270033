// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/strings.hpp"

#include "mykeyv/base/number.hpp"
#include "mykeyv/record/decide.hpp"

#include <algorithm>
#include <cmath>

namespace mykeyv::op {
namespace {

std::string_view value_of(record_view const* before) noexcept { return before != nullptr ? before->value : std::string_view{}; }

std::int64_t length_of(std::string_view bytes) noexcept { return static_cast<std::int64_t>(bytes.size()); }

/// Edited bytes take the place of the record and keep its expiry.
decision store_edited(std::string value, record_view const* before, reply with, context const& ctx)
{
    return put_record({std::move(value), format::bytes, expiry_of(before)}, std::move(with), ctx);
}

std::string_view slice(std::string_view bytes, std::int64_t start, std::int64_t end) noexcept
{
    auto const size = length_of(bytes);
    if (start < 0 && end < 0 && start > end) { return {}; }  // or "-1 to -9" of three bytes would give the first
    auto const first = std::max<std::int64_t>(0, start < 0 ? size + start : start);
    auto const last = std::min(size - 1, std::max<std::int64_t>(0, end < 0 ? size + end : end));
    if (first > last) { return {}; }
    return bytes.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1));
}

}  // namespace

decision get::operator()(record_view const* before, context const&) const
{
    if (is_document(before)) { return nil_for_documents ? answer({reply::nil{}}) : refuse(errc::wrong_type); }
    return answer(value_or_nil(before));
}

bool set::needs_before() const noexcept
{
    return return_old || is_conditional(condition) || std::holds_alternative<keep_expiry>(expiry);
}

decision set::operator()(record_view const* before, context const& ctx) const
{
    bool const reads = return_old || std::holds_alternative<if_equals>(condition);
    if (reads && is_document(before)) { return refuse(errc::wrong_type); }
    auto const expires_at = resolve(expiry, before, ctx.now);
    if (!expires_at) { return refuse(errc::invalid_expire); }
    if (!holds(condition, before)) { return unmet(condition, return_old ? value_or_nil(before) : reply{reply::nil{}}); }
    return put_record({value, format::bytes, *expires_at}, return_old ? value_or_nil(before) : reply{reply::ok{}}, ctx);
}

decision setnx::operator()(record_view const* before, context const& ctx) const
{
    if (before != nullptr) { return answer({0}); }
    return put_record({value, format::bytes, {}}, {1}, ctx);
}

decision getdel::operator()(record_view const* before, context const&) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    if (before == nullptr) { return answer({reply::nil{}}); }
    return remove(value_or_nil(before));
}

decision getex::operator()(record_view const* before, context const& ctx) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    auto const expires_at = resolve(expiry, before, ctx.now);
    if (!expires_at) { return refuse(errc::invalid_expire); }
    if (before == nullptr || *expires_at == before->expires_at) { return answer(value_or_nil(before)); }
    return store_expiry(*before, *expires_at, value_or_nil(before), ctx);
}

decision append::operator()(record_view const* before, context const& ctx) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    auto const old = value_of(before);
    if (old.size() + value.size() > ctx.value_bytes_max) { return refuse(errc::value_too_long); }
    std::string joined;
    joined.reserve(old.size() + value.size());
    joined.append(old).append(value);
    auto const length = length_of(joined);
    return store_edited(std::move(joined), before, {length}, ctx);
}

decision strlen::operator()(record_view const* before, context const&) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    return answer({length_of(value_of(before))});
}

decision getrange::operator()(record_view const* before, context const&) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    return answer({reply::borrowed{slice(value_of(before), start, end)}});
}

decision setrange::operator()(record_view const* before, context const& ctx) const
{
    if (offset < 0) { return refuse(errc::offset_out_of_range); }
    if (is_document(before)) { return refuse(errc::wrong_type); }
    auto const old = value_of(before);
    if (value.empty()) { return answer({length_of(old)}); }
    auto const from = static_cast<std::size_t>(offset);
    if (value.size() > ctx.value_bytes_max || from > ctx.value_bytes_max - value.size()) { return refuse(errc::value_too_long); }
    std::string written{old};
    written.resize(std::max(old.size(), from + value.size()), '\0');
    written.replace(from, value.size(), value);
    auto const length = length_of(written);
    return store_edited(std::move(written), before, {length}, ctx);
}

decision incr_by::operator()(record_view const* before, context const& ctx) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    auto const old = before != nullptr ? parse_integer(before->value) : 0;
    if (!old) { return refuse(errc::not_an_integer); }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(*old, amount, &sum)) { return refuse(errc::overflow); }
    return store_edited(std::to_string(sum), before, {sum}, ctx);
}

decision incr_by_float::operator()(record_view const* before, context const& ctx) const
{
    if (is_document(before)) { return refuse(errc::wrong_type); }
    auto const old = before != nullptr ? parse_float(before->value) : 0.0L;
    if (!old) { return refuse(errc::not_a_float); }
    auto const sum = *old + amount;
    if (!std::isfinite(sum)) { return refuse(errc::not_finite); }
    auto const text = format_float(sum);
    return store_edited(text, before, {text}, ctx);
}

decision exists::operator()(record_view const* before, context const&) const { return answer({before != nullptr ? 1 : 0}); }

decision type::operator()(record_view const* before, context const&) const
{
    if (before == nullptr) { return answer({reply::word{"none"}}); }
    return answer({reply::word{is_document(before) ? "ReJSON-RL" : "string"}});
}

decision del::operator()(record_view const* before, context const&) const
{
    return before != nullptr ? remove({1}) : answer({0});
}

}  // namespace mykeyv::op
