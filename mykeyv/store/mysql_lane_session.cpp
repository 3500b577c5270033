// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql_lane_session.hpp"

#include "mykeyv/store/mysql/processlist.hpp"

namespace mykeyv::store {
namespace {

constexpr std::chrono::milliseconds session_end_patience{1000};

}  // namespace

failure mysql_lane_session::open()
{
    slots_.reset();
    session_.records.reset();
    session_.link.close();
    if (auto failed = from_.open(session_)) { return failed; }
    slots_.emplace(session_.link);
    auto failed = session_.link.allow_two_statements();
    if (failed) { session_.link.close(); }
    return failed;
}

failure mysql_lane_session::end(std::string const& tag) { return end_connection(session_.link, tag, session_end_patience); }

failure mysql_lane_session::load(std::span<row_key const> keys, on_row const& on_each) { return session_.records->load(keys, on_each); }

failure mysql_lane_session::load_versions(std::span<row_key const> keys, std::function<void(row_key const&, std::uint64_t)> const& on_each)
{
    return session_.records->load_versions(keys, on_each);
}

failure mysql_lane_session::upsert(std::span<row const> rows)
{
    std::uint64_t created = 0;
    return session_.records->upsert(rows, created);
}

failure mysql_lane_session::erase(std::span<row_key const> keys)
{
    std::uint64_t erased = 0;
    return session_.records->erase(keys, erased);
}

failure mysql_lane_session::add_expiries(std::span<expiry const> lines) { return session_.records->add_expiries(lines); }
failure mysql_lane_session::remove_expiries(std::span<expiry const> lines) { return session_.records->remove_expiries(lines); }

failure mysql_lane_session::rows_from(slot of, std::string_view first, std::size_t bytes_max, on_row const& on_each, bool& end)
{
    return slots_->rows_from(of, first, bytes_max, on_each, end);
}

failure mysql_lane_session::rows_of(std::span<slot const> of, std::size_t bytes_max, on_row const& on_each, std::size_t& whole)
{
    return slots_->rows_of(of, bytes_max, on_each, whole);
}

failure mysql_lane_session::summaries(std::span<slot const> of, std::span<slot_summary> out) { return slots_->summaries(of, out); }

failure mysql_lane_session::erase_slots(std::span<slot const> slots, std::size_t limit, std::uint64_t& erased)
{
    return session_.records->erase_slots(slots, limit, erased);
}

failure mysql_lane_session::slots_with_records(std::vector<slot>& out)
{
    out.clear();
    return session_.records->count_by_slot(slot{0}, slot{slot::count - 1}, [&](slot s, std::uint64_t) { out.push_back(s); });
}

failure mysql_lane_session::load_slot(slot of, slot_row& out) { return slots_->load(of, out); }
failure mysql_lane_session::save_slots(std::span<std::pair<slot, slot_row> const> wanted) { return slots_->save(wanted); }

failure mysql_lane_session::save_slots_and_commit(std::span<std::pair<slot, slot_row> const> wanted, std::function<void()> const& meanwhile)
{
    return slots_->save_and_commit(wanted, meanwhile);
}

failure mysql_lane_session::raise_version_ceiling(std::uint64_t at_least)
{
    return raise_ceiling(session_.link, from_.held().epoch, at_least);
}

}  // namespace mykeyv::store
