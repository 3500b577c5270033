// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/condition.hpp"

#include "mykeyv/record/decide.hpp"

namespace mykeyv {
namespace {

bool check(always, record_view const*) noexcept { return true; }
bool check(if_absent, record_view const* before) noexcept { return before == nullptr; }
bool check(if_present, record_view const* before) noexcept { return before != nullptr; }
bool check(if_equals const& c, record_view const* before) noexcept { return before != nullptr && before->value == c.value; }
bool check(if_version c, record_view const* before) noexcept { return c.version == (before != nullptr ? before->version : 0); }

}  // namespace

bool holds(condition const& c, record_view const* before) noexcept
{
    return std::visit([before](auto const& kind) { return check(kind, before); }, c);
}

decision unmet(condition const& c, reply otherwise)
{
    return std::holds_alternative<if_version>(c) ? refuse(errc::version_mismatch) : answer(std::move(otherwise));
}

}  // namespace mykeyv
