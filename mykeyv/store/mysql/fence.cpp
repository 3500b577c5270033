// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/fence.hpp"

#include "mykeyv/base/number.hpp"
#include "mykeyv/store/mysql/processlist.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mykeyv::store {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t instance_bytes_max = 255;

failure fenced(std::uint64_t epoch)
{
    return {failure::kind::fenced, 0, fmt::format("another mykeyvd has taken over this database after our epoch {}", epoch)};
}

std::uint64_t number(std::optional<std::string> const& text) { return text ? parse_unsigned(*text).value_or(0) : 0; }

/// Raises the epoch and sets versions aside, in one transaction.
failure claim(connection& c, std::string_view instance, milliseconds lease, tenure& out)
{
    text_rows rows;
    if (auto why = c.query("SELECT epoch, clean, lease_ms, version_ceiling FROM fence WHERE id=1 FOR UPDATE", rows)) { return why; }
    if (rows.empty()) { return failure::because("table fence has no row; the database is not as mykeyvd makes it"); }
    out.epoch = number(rows[0][0]) + 1;
    out.previous_unclean = number(rows[0][1]) == 0;
    out.previous_lease = out.previous_unclean ? milliseconds{number(rows[0][2])} : milliseconds{0};
    out.version_floor = number(rows[0][3]);
    out.version_ceiling = out.version_floor + versions_per_tenure;
    // If we die before we have waited, our successor must still wait for whom we should have waited for.
    auto const longest_lease = std::max(lease, out.previous_lease);
    auto const name = c.quoted(instance.substr(0, instance_bytes_max));
    auto why = c.execute(fmt::format("UPDATE fence SET epoch={}, instance={}, clean=0, lease_ms={}, version_ceiling={} WHERE id=1",
                                     out.epoch, name, longest_lease.count(), out.version_ceiling));
    return why ? why : c.commit();
}

/// A commit after which everything that older sessions committed is as durable as this is.
failure pass_barrier(connection& c, tenure& out)
{
    auto const sql = fmt::format("UPDATE fence SET version_ceiling=version_ceiling+1 WHERE id=1 AND epoch={}", out.epoch);
    if (auto why = c.execute(sql)) { return why; }
    if (c.affected_rows() != 1) { return fenced(out.epoch); }
    ++out.version_ceiling;
    return c.commit();
}

failure check_epoch(connection& c, std::uint64_t epoch, std::string_view lock)
{
    text_rows rows;
    if (auto why = c.query(fmt::format("SELECT epoch FROM fence WHERE id=1{}", lock), rows)) { return why; }
    return !rows.empty() && number(rows[0][0]) == epoch ? failure{} : fenced(epoch);
}

}  // namespace

failure take_over(server_settings const& settings, std::string_view instance, milliseconds lease, milliseconds patience, tenure& out)
{
    connection c;
    if (auto why = c.open(settings)) { return why; }
    if (auto why = c.execute("SET SESSION innodb_lock_wait_timeout=1")) { return why; }
    auto const deadline = clock::now() + patience;
    auto why = claim(c, instance, lease, out);
    // A session of the one before us that hangs in a transaction may hold the row.
    while (why.what == failure::kind::try_again && clock::now() < deadline) {
        if (why = c.rollback(); why) { return why; }
        if (why = end_other_connections(c, patience); why) { return why; }
        why = claim(c, instance, lease, out);
    }
    if (why) { return why; }
    if (why = end_other_connections(c, patience); why) { return why; }
    return pass_barrier(c, out);
}

failure verify(connection& c, std::uint64_t epoch)
{
    if (auto why = check_epoch(c, epoch, "")) { return why; }
    return c.commit();
}

failure raise_ceiling(connection& c, std::uint64_t epoch, std::uint64_t at_least)
{
    if (auto why = c.execute(fmt::format("UPDATE fence SET version_ceiling=GREATEST(version_ceiling,{}) WHERE id=1 AND epoch={}", at_least,
                                         epoch))) {
        return why;
    }
    // No row changed: another epoch, or a ceiling that was high enough.
    return c.affected_rows() == 1 ? failure{} : check_epoch(c, epoch, " LOCK IN SHARE MODE");
}

failure leave(connection& c, std::uint64_t epoch)
{
    if (auto why = c.execute(fmt::format("UPDATE fence SET clean=1 WHERE id=1 AND epoch={}", epoch))) { return why; }
    auto const why = c.affected_rows() == 1 ? failure{} : check_epoch(c, epoch, "");
    auto const done = c.commit();
    return why ? why : done;
}

}  // namespace mykeyv::store
