// SPDX-License-Identifier: Apache-2.0
// What works on any record: whether it is there, when it ends.
#include "mykeyv/record/expiry.hpp"
#include "mykeyv/record/strings.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/options.hpp"
#include "mykeyv/server/session.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

verdict set_expiry(session& s, arguments a, time_unit unit, moment::origin from)
{
    auto const amount = parse_whole(a[2]);
    if (!amount) { return s.fail(amount.error()); }
    auto const when = any_moment(*amount, unit, from);
    if (!when) { return s.fail(errc::invalid_expire); }
    auto const expire = parse_expire(*when, a.subspan(3));
    if (!expire) { return s.fail(expire.error()); }
    return s.run(a[1], *expire);
}

}  // namespace

verdict del(session& s, arguments a)
{
    // A key that is named twice is erased, and counted, once.
    std::vector<std::string_view> keys{a.begin() + 1, a.end()};
    if (keys.size() > 1) {
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    }
    return s.run_on_all(keys, op::del{}, session::combine::sum);
}

verdict exists(session& s, arguments a) { return s.run_on_all(a.subspan(1), op::exists{}, session::combine::sum); }
verdict type(session& s, arguments a) { return s.run(a[1], op::type{}); }

verdict expire(session& s, arguments a) { return set_expiry(s, a, time_unit::seconds, moment::origin::now); }
verdict pexpire(session& s, arguments a) { return set_expiry(s, a, time_unit::milliseconds, moment::origin::now); }
verdict expireat(session& s, arguments a) { return set_expiry(s, a, time_unit::seconds, moment::origin::epoch); }
verdict pexpireat(session& s, arguments a) { return set_expiry(s, a, time_unit::milliseconds, moment::origin::epoch); }
verdict persist(session& s, arguments a) { return s.run(a[1], op::persist{}); }

verdict ttl(session& s, arguments a) { return s.run(a[1], op::ttl{time_unit::seconds}); }
verdict pttl(session& s, arguments a) { return s.run(a[1], op::ttl{time_unit::milliseconds}); }
verdict expiretime(session& s, arguments a) { return s.run(a[1], op::expire_time{time_unit::seconds}); }
verdict pexpiretime(session& s, arguments a) { return s.run(a[1], op::expire_time{time_unit::milliseconds}); }

}  // namespace mykeyv::server::handlers
