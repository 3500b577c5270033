// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/change.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace mykeyv::cluster {
namespace {

store::failure write_rows(std::span<change const> all, store::lane_session& session)
{
    std::vector<store::row> puts;
    std::vector<store::row_key> erasures;
    std::vector<store::expiry> expiries;
    for (auto const& each : all) {
        each.rows.each([&](moved_row const& from) {
            if (!from.record) { return erasures.push_back({each.slot, from.key}); }
            auto const& r = *from.record;
            puts.push_back({each.slot, from.key, r.version, r.format, r.value, r.expires_at});
            if (r.expires_at) { expiries.push_back({*r.expires_at, each.slot, from.key}); }
        });
    }
    std::ranges::sort(puts, {}, [](store::row const& r) { return r.key(); });
    std::ranges::sort(erasures);
    std::ranges::sort(expiries, {}, [](store::expiry const& e) { return std::tuple{e.expires_at, e.slot, e.k}; });
    if (auto failed = puts.empty() ? store::failure{} : session.upsert(puts)) { return failed; }
    if (auto failed = erasures.empty() ? store::failure{} : session.erase(erasures)) { return failed; }
    return expiries.empty() ? store::failure{} : session.add_expiries(expiries);
}

store::failure count(std::span<change> all, store::lane_session& session)
{
    std::vector<slot> slots;
    for (auto const& each : all) {
        if (each.is_counted) { slots.push_back(each.slot); }
    }
    if (slots.empty()) { return {}; }
    std::ranges::sort(slots);
    std::vector<slot_summary> found(slots.size());
    if (auto failed = session.summaries(slots, found)) { return failed; }
    auto one_differs = false;
    for (auto& each : all) {
        if (!each.is_counted) { continue; }
        each.found.summary = found[std::ranges::lower_bound(slots, each.slot) - slots.begin()];
        each.found.differs = each.awaited && *each.awaited != each.found.summary;
        one_differs = one_differs || each.found.differs;
    }
    return one_differs ? store::failure::because("the rows of a slot are not those that were offered") : store::failure{};
}

}  // namespace

store::failure read_rows(store::lane_session& session, slot s, std::span<std::string const> keys, packed_rows& out)
{
    out = {};
    std::vector<store::row_key> wanted;
    std::set<std::string_view> missing;
    for (auto const& key : keys) {
        wanted.push_back({s, key});
        missing.insert(key);
    }
    std::ranges::sort(wanted);
    if (wanted.empty()) { return {}; }
    auto failed = session.load(wanted, [&](store::row const& found) {
        missing.erase(found.k);
        out.add(as_moved(found));
    });
    for (auto const key : missing) { out.add({key, std::nullopt}); }
    return failed;
}

moved_row as_moved(store::row const& from)
{
    return {from.k, moved_row::content{from.version, from.format, from.expires_at, from.v}};
}

store::failure carry_out(std::span<change> all, store::lane_session& session)
{
    for (auto& each : all) { each.found = {}; }
    if (auto failed = write_rows(all, session)) { return failed; }
    for (auto& each : all) {
        if (auto failed = read_rows(session, each.slot, each.keys, each.found.rows)) { return failed; }
    }
    return count(all, session);
}

}  // namespace mykeyv::cluster
