// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/schema.hpp"

#include "mykeyv/base/number.hpp"

#include <fmt/format.h>

#include <map>
#include <span>

namespace mykeyv::store {
namespace {

struct table {
    std::string_view name;
    std::string_view columns;
    std::string_view primary_key;  ///< as information_schema lists it
};

// Binary columns compare byte by byte, without padding. No secondary index anywhere: a write touches one tree, and a
// record without expiry only `records`. `documents` and docs/storage.md speak of these columns.
constexpr table tables[] = {
    {"records",
     "slot SMALLINT UNSIGNED NOT NULL, k VARBINARY(1024) NOT NULL, version BIGINT UNSIGNED NOT NULL, format TINYINT UNSIGNED NOT NULL, "
     "v LONGBLOB NOT NULL, expires_at BIGINT NULL COMMENT 'ms since 1970-01-01 UTC', PRIMARY KEY (slot,k)",
     "slot,k"},
    {"expiries", "expires_at BIGINT NOT NULL, slot SMALLINT UNSIGNED NOT NULL, k VARBINARY(1024) NOT NULL, PRIMARY KEY (expires_at,slot,k)",
     "expires_at,slot,k"},
    {"slots",
     "slot SMALLINT UNSIGNED NOT NULL PRIMARY KEY, state TINYINT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, "
     "peer VARBINARY(20) NULL, transfer_id BIGINT UNSIGNED NULL",
     "slot"},
    {"fence",
     "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, instance VARBINARY(255) NOT NULL, "
     "clean TINYINT UNSIGNED NOT NULL, lease_ms BIGINT UNSIGNED NOT NULL, version_ceiling BIGINT UNSIGNED NOT NULL",
     "id"},
    {"topology",
     "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, version BIGINT UNSIGNED NOT NULL, "
     "document LONGTEXT CHARACTER SET utf8mb4 NOT NULL",
     "id"},
    {"scripts", "sha1 BINARY(20) NOT NULL PRIMARY KEY, code LONGBLOB NOT NULL", "sha1"},
    {"meta", "name VARBINARY(64) NOT NULL PRIMARY KEY, value LONGBLOB NOT NULL", "name"},
};

// Only keys that are text have a place in a view for people; the double conversion finds them.
constexpr std::string_view documents_view =
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW documents AS "
    "SELECT CONVERT(k USING utf8mb4) AS k, CONVERT(v USING utf8mb4) AS doc, version, slot, expires_at FROM records "
    "WHERE format=1 AND CAST(CONVERT(k USING utf8mb4) AS BINARY)=k "
    "AND (expires_at IS NULL OR expires_at > UNIX_TIMESTAMP(NOW(3))*1000)";

// Counted anew when a server opens the table. Statistics that are stored may be of a time when it was empty, for a server that stops
// does not count first; and one that thinks a table empty scans it for a DELETE of a few rows.
constexpr std::string_view statistics = "STATS_PERSISTENT=0";

failure check_long_keys(connection& c)
{
    if (!c.server().long_keys_are_a_setting()) { return {}; }
    text_rows rows;
    if (auto why = c.query("SELECT @@innodb_large_prefix, @@innodb_file_format, @@innodb_file_per_table", rows)) { return why; }
    if (rows[0][0] == "1" && rows[0][1] == "Barracuda" && rows[0][2] == "1") { return {}; }
    return failure::because(fmt::format("{} can index keys of 1024 bytes only with innodb_large_prefix=ON, "
                                        "innodb_file_format=Barracuda and innodb_file_per_table=ON; they are {}, {} and {}",
                                        c.server().text(), *rows[0][0], *rows[0][1], *rows[0][2]));
}

failure create_all(connection& c)
{
    if (auto why = check_long_keys(c)) { return why; }
    for (auto const& t : tables) {
        auto const sql = fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET binary {}",
                                     t.name, t.columns, statistics);
        if (auto why = c.execute(sql)) { return why; }
    }
    if (auto why = c.execute(documents_view)) { return why; }
    if (auto why = c.execute("INSERT INTO fence VALUES (1,0,'',1,0,0) ON DUPLICATE KEY UPDATE id=1")) { return why; }
    // Last: a database without this line is one whose making did not finish, and is made again.
    if (auto why = set_meta(c, "schema_version", std::to_string(schema_version))) { return why; }
    return c.commit();
}

failure has_meta(connection& c, bool& out)
{
    text_rows rows;
    auto why = c.query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME='meta'", rows);
    out = !rows.empty();
    return why;
}

failure check_version(connection& c, bool& present)
{
    std::optional<std::string> text;
    if (auto why = get_meta(c, "schema_version", text)) { return why; }
    present = text.has_value();
    if (!present) { return {}; }
    auto const found = parse_unsigned(*text);
    if (!found) { return failure::because(fmt::format("the database says its schema version is '{}', which is no number", *text)); }
    if (*found > schema_version) {
        return failure::because(fmt::format("the database has schema version {}; this mykeyvd knows versions up to {}: install a newer one",
                                            *found, schema_version));
    }
    return {};
}

failure wrong(std::string_view table, std::string_view what)
{
    return failure::because(fmt::format("table {} in the database is not as mykeyvd makes it: {}", table, what));
}

failure check_tables(connection& c)
{
    text_rows found;
    if (auto why = c.query("SELECT TABLE_NAME, ENGINE, UPPER(CREATE_OPTIONS) FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE()",
                           found)) {
        return why;
    }
    std::map<std::string, std::string, std::less<>> engines;
    std::map<std::string, std::string, std::less<>> options;
    for (auto const& row : found) {
        engines[row[0].value_or("")] = row[1].value_or("none");
        options[row[0].value_or("")] = row[2].value_or("");
    }

    text_rows keys;
    if (auto why = c.query("SELECT TABLE_NAME, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS "
                           "WHERE TABLE_SCHEMA=DATABASE() AND INDEX_NAME='PRIMARY' AND SUB_PART IS NULL GROUP BY TABLE_NAME",
                           keys)) {
        return why;
    }
    std::map<std::string, std::string, std::less<>> primary_keys;
    for (auto const& row : keys) { primary_keys[row[0].value_or("")] = row[1].value_or(""); }

    for (auto const& t : tables) {
        auto const engine = engines.find(t.name);
        if (engine == engines.end()) { return wrong(t.name, "it is not there"); }
        if (engine->second != "InnoDB") { return wrong(t.name, "its engine is " + engine->second + ", InnoDB is needed"); }
        auto const key = primary_keys.find(t.name);
        if (key == primary_keys.end() || key->second != t.primary_key) {
            return wrong(t.name, fmt::format("its primary key must be ({})", t.primary_key));
        }
        if (options[std::string{t.name}].find(statistics) == std::string::npos) {
            if (auto why = c.execute(fmt::format("ALTER TABLE {} {}", t.name, statistics))) { return why; }
        }
    }
    return {};
}

/// A column of characters would merge keys that differ in case or in trailing blanks.
failure check_bytes_columns(connection& c)
{
    text_rows found;
    if (auto why = c.query("SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA=DATABASE() "
                           "AND TABLE_NAME IN ('records','expiries') AND COLUMN_NAME IN ('k','v')",
                           found)) {
        return why;
    }
    for (auto const& row : found) {
        auto const needed = row[1] == "k" ? "varbinary(1024)" : "longblob";
        if (row[2] != needed) { return wrong(*row[0], fmt::format("column {} is {}, {} is needed", *row[1], *row[2], needed)); }
    }
    return {};
}

}  // namespace

failure ensure_database(server_settings const& settings)
{
    auto whole_server = settings;
    whole_server.database.clear();
    connection c;
    if (auto why = c.open(whole_server)) { return why; }
    std::string name = settings.database;
    for (auto at = name.find('`'); at != name.npos; at = name.find('`', at + 2)) { name.insert(at, "`"); }
    text_rows found;
    auto const present = "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME=" + c.quoted(settings.database);
    if (auto why = c.query(present, found)) { return why; }
    return found.empty() ? c.execute("CREATE DATABASE IF NOT EXISTS `" + name + "` CHARACTER SET binary") : failure{};
}

failure ensure_schema(connection& c)
{
    bool present = false;
    if (auto why = has_meta(c, present)) { return why; }
    if (present) {
        if (auto why = check_version(c, present)) { return why; }
    }
    if (!present) {
        if (auto why = create_all(c)) { return why; }
    }
    if (auto why = check_tables(c)) { return why; }
    if (auto why = check_bytes_columns(c)) { return why; }
    return c.commit();
}

failure get_meta(connection& c, std::string_view name, std::optional<std::string>& out)
{
    text_rows rows;
    auto why = c.query("SELECT value FROM meta WHERE name=" + c.quoted(name), rows);
    out = rows.empty() ? std::nullopt : rows[0][0];
    return why;
}

failure set_meta(connection& c, std::string_view name, std::string_view value)
{
    return c.execute(fmt::format("INSERT INTO meta (name,value) VALUES ({},{}) ON DUPLICATE KEY UPDATE value=VALUES(value)", c.quoted(name),
                                 c.quoted(value)));
}

}  // namespace mykeyv::store
