// SPDX-License-Identifier: Apache-2.0
// Documents (JSON.*), and records as a whole (KV.GET, KV.SET).
#include "mykeyv/record/documents.hpp"
#include "mykeyv/record/json.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/options.hpp"
#include "mykeyv/server/session.hpp"
#include "mykeyv/server/worker.hpp"

#include <utility>

namespace mykeyv::server::handlers {
namespace {

errc errc_of(error_code const& ec) noexcept { return static_cast<errc>(ec.value()); }

/// A condition named by a version that does not hold is, on the wire, a condition that does not hold: nil.
struct kv_set_with_nil : op::kv_set {
    decision operator()(record_view const* before, context const& ctx) const
    {
        auto decided = op::kv_set::operator()(before, ctx);
        auto const* const failed = std::get_if<reply::failure>(&decided.reply.value);
        if (failed != nullptr && failed->error == errc::version_mismatch) { return answer({reply::nil{}}); }
        return decided;
    }
};

}  // namespace

verdict json_set(session& s, arguments a)
{
    // JSON.SET key path value [NX | XX]
    auto const path = parse_root_path(a.subspan(2, 1));
    if (!path) { return s.fail(path.error()); }
    condition when;
    if (a.size() == 5 && is_word(a[4], "NX")) {
        when = if_absent{};
    } else if (a.size() == 5 && is_word(a[4], "XX")) {
        when = if_present{};
    } else if (a.size() > 4) {
        return s.fail(errc::syntax);
    }
    auto document = s.home().documents.check(a[3]);
    if (!document) { return s.fail(errc_of(document.error())); }
    return s.run(a[1], op::json_set{std::move(*document), std::move(when)});
}

verdict json_get(session& s, arguments a)
{
    auto const path = parse_root_path(a.subspan(2));
    return path ? s.run(a[1], op::json_get{*path}) : s.fail(path.error());
}

verdict json_del(session& s, arguments a)
{
    auto const path = parse_root_path(a.subspan(2));
    return path ? s.run(a[1], op::json_del{}) : s.fail(path.error());
}

verdict json_type(session& s, arguments a)
{
    auto const path = parse_root_path(a.subspan(2));
    return path ? s.run(a[1], op::json_type{*path}) : s.fail(path.error());
}

verdict kv_get(session& s, arguments a) { return s.run_hot(s.home().kv_get_probe, a[1]); }

verdict kv_set(session& s, arguments a)
{
    auto set = parse_kv_set(a.subspan(3));
    if (!set) { return s.fail(set.error()); }
    if (set->format == format::document) {
        auto document = s.home().documents.check(a[2]);
        if (!document) { return s.fail(errc_of(document.error())); }
        set->value = std::move(*document);
    } else {
        set->value = a[2];
    }
    return s.run(a[1], kv_set_with_nil{std::move(*set)});
}

}  // namespace mykeyv::server::handlers
