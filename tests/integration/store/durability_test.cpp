// SPDX-License-Identifier: Apache-2.0
// Unsafe settings are found and named.
#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/mysql/durability.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <string>

namespace mykeyv::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class durability : public test::mysql_test {
protected:
    /// A global setting, for the time of the test.
    void set(std::string const& name, std::string const& value)
    {
        changed.emplace_back(name, ask("SELECT @@GLOBAL." + name));
        must(c.execute("SET GLOBAL " + name + "=" + value));
    }
    ~durability() override
    {
        for (auto const& [name, value] : changed) { must(c.execute("SET GLOBAL " + name + "=" + value)); }
    }
    std::vector<finding> found(std::size_t value_bytes_max = limits::value_bytes_max_default)
    {
        std::vector<finding> findings;
        must(check_durability(c, value_bytes_max, findings));
        return findings;
    }
    std::vector<std::string> unsafe(std::size_t value_bytes_max = limits::value_bytes_max_default)
    {
        std::vector<std::string> names;
        for (auto const& f : found(value_bytes_max)) { names.push_back(f.setting); }
        return names;
    }

    std::vector<std::pair<std::string, std::string>> changed;
};
MYKEYV_ON_EACH_SERVER(durability);

TEST_P(durability, of_a_server_with_safe_settings_is_complete) { EXPECT_THAT(unsafe(), IsEmpty()); }

TEST_P(durability, is_broken_by_a_redo_log_that_is_not_flushed)
{
    set("innodb_flush_log_at_trx_commit", "2");
    EXPECT_THAT(unsafe(), ElementsAre("innodb_flush_log_at_trx_commit"));
}

TEST_P(durability, is_broken_by_a_server_that_takes_no_writes)
{
    set("read_only", "1");
    EXPECT_THAT(unsafe(), ElementsAre("read_only"));
}

TEST_P(durability, is_broken_by_messages_that_are_too_small_for_a_value)
{
    set("max_allowed_packet", std::to_string(16u << 20));
    EXPECT_THAT(unsafe(), ElementsAre("max_allowed_packet"));
    EXPECT_THAT(unsafe(1u << 20), IsEmpty());
}

TEST_P(durability, asks_for_a_synced_row_based_binlog_where_there_is_one)
{
    set("sync_binlog", "0");
    set("binlog_format", "STATEMENT");
    if (c.server().mariadb()) {
        EXPECT_THAT(unsafe(), ElementsAre("sync_binlog", "binlog_format"));
    } else {
        EXPECT_THAT(unsafe(), IsEmpty());  // this one runs without
    }
}

TEST_P(durability, of_long_values_needs_a_large_redo_log_on_mysql_5_6)
{
    auto const names = unsafe(32u << 20);
    if (c.server().blobs_bounded_by_redo_log()) {
        EXPECT_THAT(names, ElementsAre("innodb_log_file_size"));
    } else {
        EXPECT_THAT(names, IsEmpty());
    }
}

TEST_P(durability, is_described_setting_by_setting)
{
    set("innodb_flush_log_at_trx_commit", "0");
    set("read_only", "1");
    auto const text = describe(found());
    EXPECT_THAT(text, HasSubstr("innodb_flush_log_at_trx_commit is 0 but must be 1 (a crash of the machine would lose committed writes)"));
    EXPECT_THAT(text, HasSubstr("; read_only is ON but must be OFF"));
}

}  // namespace
}  // namespace mykeyv::store
