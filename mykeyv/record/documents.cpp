// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/documents.hpp"

#include "mykeyv/record/decide.hpp"
#include "mykeyv/record/json.hpp"

namespace mykeyv::op {
namespace {

std::string in_brackets(std::string_view document)
{
    std::string text;
    text.reserve(document.size() + 2);
    text.append(1, '[').append(document).append(1, ']');
    return text;
}

/// Versions count up from 1 and cannot reach 2^63.
reply version_reply(std::uint64_t version) { return {static_cast<std::int64_t>(version)}; }

}  // namespace

decision json_set::operator()(record_view const* before, context const& ctx) const
{
    if (is_bytes(before)) { return refuse(errc::wrong_type); }
    if (!holds(condition, before)) { return unmet(condition, {reply::nil{}}); }
    return put_record({document, format::document, expiry_of(before)}, {reply::ok{}}, ctx);
}

decision json_get::operator()(record_view const* before, context const&) const
{
    if (is_bytes(before)) { return refuse(errc::wrong_type); }
    if (before == nullptr || path == root_path::dot) { return answer(value_or_nil(before)); }
    return answer({in_brackets(before->value)});
}

decision json_del::operator()(record_view const* before, context const&) const
{
    if (is_bytes(before)) { return refuse(errc::wrong_type); }
    return before != nullptr ? remove({1}) : answer({0});
}

decision json_type::operator()(record_view const* before, context const&) const
{
    if (is_bytes(before)) { return refuse(errc::wrong_type); }
    if (before == nullptr) { return answer({reply::nil{}}); }
    reply const kind{reply::word{document_kind(before->value)}};
    return answer(path == root_path::dot ? kind : reply{reply::list{kind}});
}

bool kv_set::needs_before() const noexcept { return is_conditional(condition) || std::holds_alternative<keep_expiry>(expiry); }

decision kv_set::operator()(record_view const* before, context const& ctx) const
{
    auto const expires_at = resolve(expiry, before, ctx.now);
    if (!expires_at) { return refuse(errc::invalid_expire); }
    if (!holds(condition, before)) { return unmet(condition, {reply::nil{}}); }
    return put_record({value, format, *expires_at}, version_reply(ctx.version), ctx);
}

decision kv_get::operator()(record_view const* before, context const& ctx) const
{
    if (before == nullptr) { return answer({reply::nil{}}); }
    auto const left = ms_left(*before, ctx.now);
    reply const format{reply::word{is_document(before) ? "document" : "bytes"}};
    return answer({reply::list{value_or_nil(before), format, version_reply(before->version), left ? reply{*left} : reply{reply::nil{}}}});
}

}  // namespace mykeyv::op
