// SPDX-License-Identifier: Apache-2.0
// The part of departures that reads rows and sends them.
#include "mykeyv/cluster/migration/departures.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {

bool departures::scan(slot s, departing& moving)
{
    std::vector<row_copy> rows;
    bool end = false;
    auto const done = lane_.step([&](store::lane_session& session) {
        rows.clear();
        auto failed = session.rows_from(
            s, moving.out.cursor(), limits_.portion_bytes, [&](auto const& r) { rows.push_back(copy_of(r)); }, end);
        return failed ? failed : session.rollback();
    });
    if (done != errc::ok) { return false; }
    moving.out.scanned(rows.empty() ? std::nullopt : std::optional{rows.back().key}, end);
    if (!rows.empty()) { send_portion(s, moving, std::move(rows)); }
    return true;
}

/// Reads small slots, which have not been read yet, together. The others are left to scan().
void departures::scan_together(std::vector<slot> const& slots)
{
    std::vector<slot> fresh;
    for (auto const s : slots) {
        auto const& moving = moving_.at(s);
        auto const is_to_be_read = moving.out.next_step() == outgoing::next::scan && may_go_on(moving);
        if (is_to_be_read && moving.out.cursor().empty()) { fresh.push_back(s); }
    }
    if (fresh.size() < 2 || sends_from_ > now()) { return; }
    std::ranges::sort(fresh);
    std::vector<std::pair<slot, row_copy>> rows;
    std::size_t whole = 0;
    auto const done = lane_.step([&](store::lane_session& session) {
        rows.clear();
        auto failed = session.rows_of(
            fresh, limits_.commit_bytes, [&](auto const& r) { rows.emplace_back(r.slot, copy_of(r)); }, whole);
        return failed ? failed : session.rollback();
    });
    if (done != errc::ok) { return; }
    auto next = rows.begin();
    for (std::size_t i = 0; i < whole; ++i) {
        std::vector<row_copy> own;
        for (; next != rows.end() && next->first == fresh[i]; ++next) { own.push_back(std::move(next->second)); }
        auto& moving = moving_.at(fresh[i]);
        moving.out.scanned(own.empty() ? std::nullopt : std::optional{own.back().key}, true);
        if (!own.empty()) { send_portion(fresh[i], moving, std::move(own)); }
    }
}

bool departures::resend(slot s, departing& moving)
{
    auto const keys = moving.out.take_dirty();
    std::vector<row_copy> rows;
    auto const done = lane_.step([&](store::lane_session& session) {
        auto failed = read_rows(session, s, keys, rows);
        return failed ? failed : session.rollback();
    });
    if (done == errc::ok) { send_portion(s, moving, std::move(rows)); }
    return done == errc::ok;
}

void departures::send_portion(slot s, departing& moving, std::vector<row_copy> rows)
{
    std::size_t bytes = 0;
    for (auto const& each : rows) { bytes += each.bytes(); }
    sends_from_ = outside_.pace(bytes);
    auto const number = moving.out.sending(rows);
    send(s, moving, portion{number, std::move(rows)});
}

}  // namespace mykeyv::cluster
