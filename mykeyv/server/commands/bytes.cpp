// SPDX-License-Identifier: Apache-2.0
// GET, SET and everything else that works on bytes.
#include "mykeyv/base/number.hpp"
#include "mykeyv/record/strings.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/options.hpp"
#include "mykeyv/server/session.hpp"
#include "mykeyv/server/worker.hpp"

#include <unordered_map>
#include <utility>

namespace mykeyv::server::handlers {
namespace {

std::string text(std::string_view word) { return std::string{word}; }

verdict add(session& s, std::string_view key, std::string_view amount, bool subtract)
{
    auto number = parse_whole(amount);
    if (!number) { return s.fail(number.error()); }
    if (subtract && *number == std::numeric_limits<std::int64_t>::min()) { return s.fail("ERR decrement would overflow"); }
    return s.run(key, op::incr_by{subtract ? -*number : *number});
}

verdict set_with_expiry(session& s, arguments a, time_unit unit)
{
    auto const amount = parse_whole(a[2]);
    if (!amount) { return s.fail(amount.error()); }
    auto const when = positive_moment(*amount, unit, moment::origin::now);
    if (!when) { return s.fail(errc::invalid_expire); }
    return s.run(a[1], op::set{.value = text(a[3]), .expiry = *when});
}

verdict set_many(session& s, arguments a, bool only_if_absent)
{
    auto const pairs = a.subspan(1);
    if (pairs.size() % 2 != 0) { return s.fail(std::string{"ERR wrong number of arguments for '"}.append(s.command_name()) + "' command"); }
    auto const where = s.locate(pairs, 2);
    if (!where) { return verdict::done; }
    auto const way = s.way_of(*where, false);
    if (way == session_order::way::wait) { return verdict::wait; }
    std::vector<std::string> keys;
    std::vector<std::string> values;
    std::unordered_map<std::string_view, std::size_t> places;  // the last value of a repeated key counts
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        auto const [place, is_new] = places.try_emplace(pairs[i], keys.size());
        if (is_new) {
            keys.emplace_back(pairs[i]);
            values.emplace_back(pairs[i + 1]);
        } else {
            values[place->second] = pairs[i + 1];
        }
    }
    return s.submit(std::make_unique<set_keys_operation>(*where, std::move(keys), std::move(values), only_if_absent, s.command_name(),
                                                         s.version()),
                    way);
}

}  // namespace

verdict get(session& s, arguments a) { return s.run_hot(s.home().get_probe, a[1]); }
verdict getdel(session& s, arguments a) { return s.run(a[1], op::getdel{}); }
verdict strlen(session& s, arguments a) { return s.run(a[1], op::strlen{}); }
verdict append(session& s, arguments a) { return s.run(a[1], op::append{text(a[2])}); }
verdict setnx(session& s, arguments a) { return s.run(a[1], op::setnx{text(a[2])}); }
verdict getset(session& s, arguments a) { return s.run(a[1], op::set{.value = text(a[2]), .return_old = true}); }
verdict setex(session& s, arguments a) { return set_with_expiry(s, a, time_unit::seconds); }
verdict psetex(session& s, arguments a) { return set_with_expiry(s, a, time_unit::milliseconds); }
verdict incr(session& s, arguments a) { return s.run(a[1], op::incr_by{1}); }
verdict decr(session& s, arguments a) { return s.run(a[1], op::incr_by{-1}); }
verdict incrby(session& s, arguments a) { return add(s, a[1], a[2], false); }
verdict decrby(session& s, arguments a) { return add(s, a[1], a[2], true); }
verdict mset(session& s, arguments a) { return set_many(s, a, false); }
verdict msetnx(session& s, arguments a) { return set_many(s, a, true); }

verdict set(session& s, arguments a)
{
    auto set = parse_set(a.subspan(3));
    if (!set) { return s.fail(set.error()); }
    set->value = a[2];
    return s.run(a[1], std::move(*set));
}

verdict getex(session& s, arguments a)
{
    auto getex = parse_getex(a.subspan(2));
    if (!getex) { return s.fail(getex.error()); }
    return s.run(a[1], std::move(*getex));
}

verdict incrbyfloat(session& s, arguments a)
{
    auto const amount = parse_float(a[2]);
    if (!amount) { return s.fail(errc::not_a_float); }
    return s.run(a[1], op::incr_by_float{*amount});
}

verdict getrange(session& s, arguments a)
{
    auto const start = parse_whole(a[2]);
    auto const end = parse_whole(a[3]);
    if (!start || !end) { return s.fail(errc::not_an_integer); }
    return s.run(a[1], op::getrange{*start, *end});
}

verdict setrange(session& s, arguments a)
{
    auto const offset = parse_whole(a[2]);
    if (!offset) { return s.fail(offset.error()); }
    return s.run(a[1], op::setrange{*offset, text(a[3])});
}

verdict mget(session& s, arguments a) { return s.run_on_all(a.subspan(1), op::get{.nil_for_documents = true}, session::combine::list); }

}  // namespace mykeyv::server::handlers
