// SPDX-License-Identifier: Apache-2.0
// The part of departures that reads rows and sends them.
#include "mykeyv/cluster/migration/departures.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::cluster {

bool departures::scan(slot s, departing& moving)
{
    packed_rows rows;
    bool end = false;
    auto const done = lane_.read([&](store::lane_session& session) {
        rows = {};
        return session.rows_from(
            s, moving.out.cursor(), limits_.portion_bytes, [&](auto const& r) { rows.add(as_moved(r)); }, end);
    });
    if (done != errc::ok) { return false; }
    has_read(s, moving, rows.empty() ? std::nullopt : std::optional{rows.last_key()}, end);
    if (!rows.empty()) { send_portion(s, moving, std::move(rows)); }
    return true;
}

/// Reads small slots, which have not been read yet, together, and takes those out of `due` that this left over: they are read together
/// the next time. The others are left to scan().
void departures::scan_together(std::vector<slot>& due)
{
    std::vector<slot> fresh;
    auto const all = load_now();
    for (auto const s : due) {
        auto const place = moving_.find(s);
        if (place == moving_.end()) { continue; }
        auto const& moving = place->second;
        auto const is_to_be_read = moving.out.next_step() == outgoing::next::scan && may_go_on(moving, all);
        if (is_to_be_read && moving.out.cursor().empty() && !moving.is_large) { fresh.push_back(s); }
    }
    if (fresh.empty() || sends_from_ > now()) { return; }
    std::ranges::sort(fresh);
    std::vector<packed_rows> rows;  // of each of them
    std::size_t whole = 0;
    auto const done = lane_.read([&](store::lane_session& session) {
        rows.assign(fresh.size(), {});
        return session.rows_of(
            fresh, limits_.portion_bytes,
            [&, i = std::size_t{0}](auto const& r) mutable {
                while (fresh[i] != r.slot) { ++i; }
                rows[i].add(as_moved(r));
            },
            whole);
    });
    if (done != errc::ok) { return; }
    for (std::size_t i = 0; i < whole; ++i) {
        auto& moving = moving_.at(fresh[i]);
        has_read(fresh[i], moving, rows[i].empty() ? std::nullopt : std::optional{rows[i].last_key()}, true);
        if (!rows[i].empty()) { send_portion(fresh[i], moving, std::move(rows[i])); }
    }
    if (whole == 0) {
        moving_.at(fresh.front()).is_large = true;
        return;
    }
    auto const left_over = std::span{fresh}.subspan(whole);
    std::erase_if(due, [&](slot s) { return std::ranges::binary_search(left_over, s) && moving_.at(s).due > now(); });
}

void departures::has_read(slot s, departing& moving, std::optional<std::string_view> last_key, bool end)
{
    moving.out.scanned(last_key, end);
    if (!end) { return; }
    moving.ahead = departing::ahead::wanted;
    save(s, {slot_state::handing_over, moving.out.offer(), moving.out.target()});
}

bool departures::resend(slot s, departing& moving)
{
    auto const keys = moving.out.take_dirty();
    packed_rows rows;
    auto const done = lane_.read([&](store::lane_session& session) { return read_rows(session, s, keys, rows); });
    if (done == errc::ok) { send_portion(s, moving, std::move(rows)); }
    return done == errc::ok;
}

void departures::send_portion(slot s, departing& moving, packed_rows rows)
{
    sends_from_ = outside_.pace(rows.bytes());
    auto const number = moving.out.sending(rows);
    send(s, moving, portion{number, std::move(rows)});
}

}  // namespace mykeyv::cluster
