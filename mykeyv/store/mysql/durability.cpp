// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/durability.hpp"

#include "mykeyv/base/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace mykeyv::store {
namespace {

/// The server's settings by name. One that a server does not have is nothing, and is not checked.
class variables {
public:
    explicit variables(text_rows const& rows)
    {
        for (auto const& row : rows) { by_name_[row[0].value_or("")] = row[1].value_or(""); }
    }
    bool has(std::string_view name) const { return by_name_.contains(name); }
    std::string text(std::string_view name) const
    {
        auto const found = by_name_.find(name);
        return found == by_name_.end() ? "" : found->second;
    }
    bool is(std::string_view name, std::string_view value) const { return text(name) == value; }
    std::uint64_t number(std::string_view name) const { return parse_unsigned(text(name)).value_or(0); }

private:
    std::map<std::string, std::string, std::less<>> by_name_;
};

constexpr std::uint64_t message_bytes_margin = 1u << 20;

struct check {
    variables const& server;
    std::vector<finding>& findings;

    void need(bool good, std::string_view setting, std::string needed, std::string why) const
    {
        if (good || !server.has(setting)) { return; }
        findings.push_back({std::string{setting}, server.text(setting), std::move(needed), std::move(why)});
    }
    void off(std::string_view setting, std::string why) const { need(server.is(setting, "OFF"), setting, "OFF", std::move(why)); }
    void on(std::string_view setting, std::string why) const { need(server.is(setting, "ON"), setting, "ON", std::move(why)); }
};

void check_commits(check const& c)
{
    auto const& v = c.server;
    // MariaDB's 3 flushes at least as often as 1.
    auto const flush = v.text("innodb_flush_log_at_trx_commit");
    c.need(flush == "1" || flush == "3", "innodb_flush_log_at_trx_commit", "1", "a crash of the machine would lose committed writes");
    c.need(!v.is("innodb_doublewrite", "OFF") && !v.is("innodb_doublewrite", "DETECT_ONLY"), "innodb_doublewrite", "ON",
           "a crash of the machine could tear a page");
    c.need(!v.is("innodb_flush_method", "nosync"), "innodb_flush_method", "fsync or O_DIRECT", "nothing would be forced to disk");
    c.off("wsrep_on", "other members of a Galera cluster could write behind the fence");
    c.off("read_only", "this server takes no writes; a replica cannot be served from");
    c.off("super_read_only", "this server takes no writes; a replica cannot be served from");
    if (!v.is("log_bin", "ON")) { return; }
    c.need(v.is("sync_binlog", "1"), "sync_binlog", "1",
           "a crash of the machine would lose committed writes from the binary log, and then from InnoDB");
    // Under READ COMMITTED, which all our sessions use, MIXED logs rows.
    c.need(v.is("binlog_format", "ROW") || v.is("binlog_format", "MIXED"), "binlog_format", "ROW",
           "InnoDB refuses writes under READ COMMITTED otherwise");
    c.on("innodb_support_xa", "after a crash the binary log and InnoDB could differ");
}

void check_sizes(check const& c, dialect const& server, std::size_t value_bytes_max)
{
    auto const message = value_bytes_max + message_bytes_margin;
    c.need(c.server.number("max_allowed_packet") >= message, "max_allowed_packet", fmt::format("at least {}", message),
           fmt::format("values may have {} bytes", value_bytes_max));
    if (!server.blobs_bounded_by_redo_log()) { return; }
    auto const files = std::max<std::uint64_t>(c.server.number("innodb_log_files_in_group"), 1);
    auto const log_file = 10 * message / files;
    c.need(c.server.number("innodb_log_file_size") >= log_file, "innodb_log_file_size", fmt::format("at least {}", log_file),
           fmt::format("values may have {} bytes, and {} bounds them by a tenth of the redo log", value_bytes_max, server.text()));
}

}  // namespace

failure check_durability(connection& c, std::size_t value_bytes_max, std::vector<finding>& findings)
{
    findings.clear();
    text_rows rows;
    if (auto why = c.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit','innodb_doublewrite',"
                           "'innodb_flush_method','innodb_support_xa','innodb_log_file_size','innodb_log_files_in_group','log_bin',"
                           "'sync_binlog','binlog_format','max_allowed_packet','read_only','super_read_only','wsrep_on')",
                           rows)) {
        return why;
    }
    variables const settings{rows};
    check const all{settings, findings};
    check_commits(all);
    check_sizes(all, c.server(), value_bytes_max);
    return c.commit();
}

std::string describe(std::vector<finding> const& findings)
{
    std::string text;
    for (auto const& f : findings) {
        text += fmt::format("{}{} is {} but must be {} ({})", text.empty() ? "" : "; ", f.setting, f.found, f.needed, f.why);
    }
    return text;
}

}  // namespace mykeyv::store
