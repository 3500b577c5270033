// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/expiry.hpp"

#include "mykeyv/record/decide.hpp"

#include <algorithm>

namespace mykeyv {
namespace {

std::int64_t in_unit(std::int64_t ms, time_unit unit) noexcept
{
    if (unit == time_unit::milliseconds) { return ms; }
    return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0);  // (ms + 500) / 1000 could overflow
}

bool allows(op::expire const& conditions, std::optional<unix_ms> current, unix_ms wanted) noexcept
{
    if (conditions.nx && current) { return false; }
    if (conditions.xx && !current) { return false; }
    if (conditions.gt && (!current || wanted <= *current)) { return false; }
    return !(conditions.lt && current && wanted >= *current);
}

}  // namespace

result<unix_ms> moment::resolve(unix_ms now) const noexcept
{
    auto const base = from == origin::now ? now.value : 0;
    std::int64_t sum = 0;
    if (__builtin_add_overflow(base, ms, &sum)) { return errc::invalid_expire; }
    return unix_ms{sum};
}

result<moment> any_moment(std::int64_t amount, time_unit unit, moment::origin from) noexcept
{
    std::int64_t ms = 0;
    if (__builtin_mul_overflow(amount, unit == time_unit::seconds ? 1000 : 1, &ms)) { return errc::invalid_expire; }
    return moment{ms, from};
}

result<moment> positive_moment(std::int64_t amount, time_unit unit, moment::origin from) noexcept
{
    if (amount <= 0) { return errc::invalid_expire; }
    return any_moment(amount, unit, from);
}

result<std::optional<unix_ms>> resolve(expiry const& e, record_view const* before, unix_ms now) noexcept
{
    if (std::holds_alternative<no_expiry>(e)) { return std::optional<unix_ms>{}; }
    if (std::holds_alternative<keep_expiry>(e)) { return expiry_of(before); }
    auto const at = std::get<moment>(e).resolve(now);
    if (!at) { return at.error(); }
    return std::optional{*at};
}

std::optional<std::int64_t> ms_left(record_view const& record, unix_ms now) noexcept
{
    if (!record.expires_at) { return std::nullopt; }
    return std::max<std::int64_t>(0, record.expires_at->value - now.value);
}

namespace op {

decision expire::operator()(record_view const* before, context const& ctx) const
{
    auto const at = when.resolve(ctx.now);
    if (!at) { return refuse(errc::invalid_expire); }
    if (before == nullptr || !allows(*this, before->expires_at, *at)) { return answer({0}); }
    return store_expiry(*before, *at, {1}, ctx);
}

decision ttl::operator()(record_view const* before, context const& ctx) const
{
    if (before == nullptr) { return answer({-2}); }
    auto const left = ms_left(*before, ctx.now);
    return answer({left ? in_unit(*left, unit) : -1});
}

decision expire_time::operator()(record_view const* before, context const&) const
{
    if (before == nullptr) { return answer({-2}); }
    return answer({before->expires_at ? in_unit(before->expires_at->value, unit) : -1});
}

decision persist::operator()(record_view const* before, context const& ctx) const
{
    if (!expiry_of(before)) { return answer({0}); }
    return store_expiry(*before, std::nullopt, {1}, ctx);
}

}  // namespace op
}  // namespace mykeyv
