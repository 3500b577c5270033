// SPDX-License-Identifier: Apache-2.0
// No hot statement reads more of a table than the rows it is about: asked of each server's own planner.
#include "mykeyv/store/mysql/records_sql.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <string>

namespace mykeyv::store {
namespace {

class plan : public test::mysql_test {
protected:
    static constexpr unsigned long rows_per_slot = 40;

    void fill(int rows_in_table = 4000)
    {
        std::vector<std::string> names;
        for (int i = 0; i < rows_in_table; ++i) { names.push_back("key-" + std::to_string(i)); }
        std::vector<row> rows;
        std::vector<expiry> due;
        for (std::size_t i = 0; i < names.size(); ++i) {
            rows.push_back({slot{static_cast<unsigned>(i % 100)}, names[i], 1, format::bytes, "value", unix_ms{1000}});
            due.push_back({unix_ms{static_cast<std::int64_t>(i)}, slot{static_cast<unsigned>(i % 100)}, names[i]});
        }
        records_table table{c};
        std::uint64_t created = 0;
        must(table.upsert(rows, created));
        must(table.add_expiries(due));
        must(c.commit());
    }
    void update_statistics()
    {
        text_rows ignored;
        must(c.query("ANALYZE TABLE records, expiries", ignored));
    }

    /// The statement with values for its placeholders: `tuple` as often as it is asked for.
    static std::string filled(std::string sql, std::vector<std::string> const& tuple)
    {
        std::size_t next = 0;
        for (auto at = sql.find('?'); at != sql.npos; at = sql.find('?', at)) {
            auto const& value = tuple[next++ % tuple.size()];
            sql.replace(at, 1, value);
            at += value.size();
        }
        return sql;
    }
    /// Expects that the server looks at `rows_max` rows at most, and finds them by the primary key.
    void expect_by_primary_key(std::string const& sql, unsigned long rows_max)
    {
        text_rows rows;
        must(c.query("EXPLAIN " + sql, rows));
        ASSERT_EQ(rows.size(), 1u) << sql;
        // id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra
        ASSERT_EQ(rows[0].size(), 10u);
        EXPECT_TRUE(rows[0][3] == "range" || rows[0][3] == "ref" || rows[0][3] == "const") << *rows[0][3] << ": " << sql;
        EXPECT_EQ(rows[0][5], "PRIMARY") << sql;
        EXPECT_LE(std::stoul(rows[0][8].value_or("999999")), rows_max) << sql;
    }
    /// (slot, k) of `number` rows that are there, as placeholders take them.
    static std::vector<std::string> keys(int number)
    {
        std::vector<std::string> values;
        for (int i = 0; i < number; ++i) {
            values.push_back(std::to_string(i % 100));
            values.push_back("'key-" + std::to_string(i) + "'");
        }
        return values;
    }
    /// Different slots that have rows, and how many rows are wanted at most.
    static std::vector<std::string> slots_and_limit(int number)
    {
        std::vector<std::string> values;
        for (int i = 0; i < number; ++i) { values.push_back(std::to_string(3 * i)); }
        values.push_back("1000");
        return values;
    }
    /// (expires_at, slot, k), likewise.
    static std::vector<std::string> lines(int number)
    {
        std::vector<std::string> values;
        for (int i = 0; i < number; ++i) {
            values.push_back(std::to_string(i));
            values.push_back(std::to_string(i % 100));
            values.push_back("'key-" + std::to_string(i) + "'");
        }
        return values;
    }
    void expect_every_statement_by_primary_key()
    {
        auto const key = keys(256);
        auto const line = lines(256);
        for (std::size_t n : {1, 2, 16, 256}) {
            auto const most = 2 * n + 8;
            expect_by_primary_key(filled(sql::load(n), key), most);
            if (c.server().reads_lists_of_rows()) { expect_by_primary_key(filled(sql::load_in_list(n), key), most); }
            expect_by_primary_key(filled(sql::load_versions(n), key), most);
            expect_by_primary_key(filled(sql::erase(n), key), most);
            expect_by_primary_key(filled(sql::remove_expiries(n), line), most);
        }
        expect_by_primary_key(filled(sql::due_expiries(), {"20", "10"}), 100);
        expect_by_primary_key(filled(sql::keys_from_hash(), {"7", "0", "10"}), 100);
        expect_by_primary_key(filled(sql::keys_of_hash(), {"7", "0", "'key'"}), 100);
        expect_by_primary_key(filled(sql::keys_of_slots(4), {"7"}), 100);
        auto const several = slots_and_limit(32);
        std::vector<std::string> const ranges_and_limit{"3", "5", "20", "22", "70", "75", "70", "75", "1000"};  // 12 slots, one range twice
        auto const rows_of_slots = 2 * 32 * rows_per_slot + 8;
        expect_by_primary_key(filled(sql::keys_of_slots(32), several), rows_of_slots);
        expect_by_primary_key(filled(sql::rows_of_slots(sql::in_list(32)), several), rows_of_slots);
        expect_by_primary_key(filled(sql::summaries(sql::in_list(32)), several), rows_of_slots);
        expect_by_primary_key(filled(sql::rows_of_slots(sql::in_ranges(1)), {"7", "14", "1000"}), 2 * 8 * rows_per_slot);
        expect_by_primary_key(filled(sql::rows_of_slots(sql::in_ranges(4)), ranges_and_limit), 2 * 12 * rows_per_slot);
        expect_by_primary_key(filled(sql::summaries(sql::in_ranges(4)), ranges_and_limit), 2 * 12 * rows_per_slot);
        expect_by_primary_key(filled(sql::lengths_from(), {"7", "'key-1'", "10"}), 100);
        expect_by_primary_key(filled(sql::rows_between(), {"7", "'key-1'", "'key-2'"}), 100);
        expect_by_primary_key(filled(sql::count(), {"7", "7"}), 100);
        expect_by_primary_key(filled(sql::count_by_slot(), {"7", "7"}), 100);
    }
};
MYKEYV_ON_EACH_SERVER(plan);

TEST_P(plan, of_each_statement_uses_the_primary_key)
{
    fill();
    update_statistics();
    expect_every_statement_by_primary_key();
}

// A table that was empty when the server last counted it may look as if a scan cost nothing.
TEST_P(plan, of_each_statement_uses_the_primary_key_also_where_statistics_are_out_of_date)
{
    must(c.execute("ALTER TABLE records STATS_AUTO_RECALC=0"));
    must(c.execute("ALTER TABLE expiries STATS_AUTO_RECALC=0"));
    update_statistics();
    fill();
    expect_every_statement_by_primary_key();
}

// Where a scan does cost little, one that deletes waits for the rows that other lanes have locked.
TEST_P(plan, of_a_delete_uses_the_primary_key_also_in_a_small_table)
{
    fill(300);
    update_statistics();
    for (std::size_t n : {1, 2, 16, 256}) {
        expect_by_primary_key(filled(sql::erase(n), keys(256)), n);
        expect_by_primary_key(filled(sql::remove_expiries(n), lines(256)), n);
    }
}

}  // namespace
}  // namespace mykeyv::store
