// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/records_sql.hpp"

namespace mykeyv::store::sql {
namespace {

std::string repeated(std::string_view part, std::string_view between, std::size_t times)
{
    std::string sql{part};
    for (std::size_t i = 1; i < times; ++i) { sql.append(between).append(part); }
    return sql;
}

// Spelled out: `(slot,k) IN ((?,?),(?,?))` makes MySQL 5.6 scan the table, and MariaDB too where it deletes one row.
std::string of_records(std::size_t keys) { return repeated("(slot=? AND k=?)", " OR ", keys); }

std::string in_list_of_records(std::size_t keys) { return "(slot,k) IN (" + repeated("(?,?)", ",", keys) + ")"; }

// Forced, or a server that thinks the table empty, because it has not counted its rows since it started, scans it.
std::string select(std::string_view columns, std::string_view condition)
{
    return std::string{"SELECT "}.append(columns).append(" FROM records FORCE INDEX (PRIMARY) WHERE ").append(condition);
}

constexpr std::string_view record_columns = "slot,k,version,format,v,expires_at";

std::string delete_from(std::string_view table, std::string_view condition, std::size_t rows)
{
    return std::string{"DELETE FROM "}.append(table).append(" WHERE ").append(condition).append(" LIMIT ") + std::to_string(rows);
}

}  // namespace

std::string load(std::size_t keys) { return select(record_columns, of_records(keys)); }

std::string load_in_list(std::size_t keys) { return select(record_columns, in_list_of_records(keys)); }

std::string load_versions(std::size_t keys) { return select("slot,k,version", of_records(keys)); }

std::string erase(std::size_t keys) { return delete_from("records", of_records(keys), keys); }

std::string upsert(std::size_t rows)
{
    return "INSERT INTO records (slot,k,version,format,v,expires_at) VALUES " + repeated("(?,?,?,?,?,?)", ",", rows) +
           " ON DUPLICATE KEY UPDATE version=VALUES(version),format=VALUES(format),v=VALUES(v),expires_at=VALUES(expires_at)";
}

std::string add_expiries(std::size_t lines)
{
    return "INSERT INTO expiries (expires_at,slot,k) VALUES " + repeated("(?,?,?)", ",", lines) +
           " ON DUPLICATE KEY UPDATE slot=VALUES(slot)";
}

std::string remove_expiries(std::size_t lines)
{
    return delete_from("expiries", repeated("(expires_at=? AND slot=? AND k=?)", " OR ", lines), lines);
}

std::string due_expiries()
{
    return "SELECT expires_at,slot,k FROM expiries WHERE expires_at<=? ORDER BY expires_at,slot,k LIMIT ?";
}

std::string keys_from_hash() { return select("k,CRC32(k),expires_at", "slot=? AND CRC32(k)>=? ORDER BY CRC32(k),k LIMIT ?"); }

std::string keys_of_hash() { return select("k,expires_at", "slot=? AND CRC32(k)=? AND k>? ORDER BY k"); }

std::string count() { return select("COUNT(*)", "slot BETWEEN ? AND ?"); }

std::string count_by_slot() { return select("slot,COUNT(*)", "slot BETWEEN ? AND ? GROUP BY slot"); }

std::string lengths_from() { return select("k,LENGTH(v)", "slot=? AND k>=? ORDER BY k LIMIT ?"); }

std::string rows_between() { return select(record_columns, "slot=? AND k>=? AND k<=? ORDER BY k"); }

std::string in_list(std::size_t slots) { return "slot IN (" + repeated("?", ",", slots) + ")"; }

std::string in_ranges(std::size_t ranges) { return "(" + repeated("slot BETWEEN ? AND ?", " OR ", ranges) + ")"; }

std::string rows_of_slots(std::string const& which)
{
    auto const short_value = "IF(LENGTH(v)<=" + std::to_string(short_value_bytes) + ",v,NULL)";
    return select("slot,k,version,format," + short_value + ",expires_at,LENGTH(v)",
                  which + " ORDER BY slot,k LIMIT ?");
}

std::string summaries(std::string const& which)
{
    return select("slot,COUNT(*),CAST(SUM(CRC32(CONCAT(version,' ',format,' ',COALESCE(expires_at,'-'),' ',k))) AS UNSIGNED)",
                  which + " GROUP BY slot");
}

std::string keys_of_slots(std::size_t slots)
{
    return select("slot,k,expires_at", in_list(slots) + " ORDER BY slot,k LIMIT ?");
}

}  // namespace mykeyv::store::sql
