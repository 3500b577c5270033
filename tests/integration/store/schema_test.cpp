// SPDX-License-Identifier: Apache-2.0
// The tables, and what is refused.
#include "mykeyv/store/mysql/schema.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <string>

namespace mykeyv::store {
namespace {

using testing::HasSubstr;

class schema : public test::mysql_test {
protected:
    void change(std::string const& sql) { must(c.execute(sql)); }
    std::string refusal()
    {
        auto const why = ensure_schema(c);
        return why.what == failure::kind::refused ? why.text : "not refused: " + why.text;
    }
    void put_document(std::string_view k, std::string_view text, std::optional<unix_ms> expires_at = std::nullopt)
    {
        records_table table{c};
        std::uint64_t created = 0;
        std::vector<row> const rows{{slot{1}, k, 1, format::document, text, expires_at}};
        must(table.upsert(rows, created));
        must(c.commit());
    }
};
MYKEYV_ON_EACH_SERVER(schema);

TEST_P(schema, is_made_once_and_left_alone_after_that)
{
    put_document("k", "{}");
    must(ensure_schema(c));
    EXPECT_EQ(ask("SELECT COUNT(*) FROM records"), "1");
    EXPECT_EQ(ask("SELECT value FROM meta WHERE name='schema_version'"), std::to_string(schema_version));
}

TEST_P(schema, whose_making_did_not_finish_is_made_to_the_end)
{
    change("DROP TABLE slots");
    change("DELETE FROM meta");
    must(ensure_schema(c));
    EXPECT_EQ(ask("SELECT COUNT(*) FROM slots"), "0");
}

TEST_P(schema, has_statistics_that_are_counted_when_a_server_starts)
{
    for (auto const* made : {"as it is", "ALTER TABLE records STATS_PERSISTENT=1"}) {
        if (std::string_view{made} != "as it is") { change(made); }
        must(ensure_schema(c));
        EXPECT_EQ(ask("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE() AND ENGINE='InnoDB' "
                      "AND CREATE_OPTIONS NOT LIKE '%stats_persistent=0%'"),
                  "0")
            << made;
    }
}

TEST_P(schema, is_innodb_with_a_primary_key_throughout)
{
    EXPECT_EQ(ask("SELECT COUNT(*) FROM information_schema.TABLES "
                  "WHERE TABLE_SCHEMA=DATABASE() AND TABLE_TYPE='BASE TABLE' AND ENGINE='InnoDB'"),
              "7");
    EXPECT_EQ(ask("SELECT COUNT(DISTINCT TABLE_NAME) FROM information_schema.STATISTICS "
                  "WHERE TABLE_SCHEMA=DATABASE() AND INDEX_NAME='PRIMARY'"),
              "7");
}

TEST_P(schema, of_a_newer_version_is_refused)
{
    must(set_meta(c, "schema_version", "2"));
    EXPECT_THAT(refusal(), HasSubstr("the database has schema version 2; this mykeyvd knows versions up to 1"));
}

TEST_P(schema, of_a_version_that_is_no_number_is_refused)
{
    must(set_meta(c, "schema_version", "one"));
    EXPECT_THAT(refusal(), HasSubstr("'one', which is no number"));
}

TEST_P(schema, with_keys_of_characters_is_refused)
{
    change("ALTER TABLE records MODIFY k VARCHAR(255) CHARACTER SET utf8 NOT NULL");
    EXPECT_THAT(refusal(), HasSubstr("column k is varchar(255), varbinary(1024) is needed"));
}

TEST_P(schema, with_another_engine_is_refused)
{
    change("ALTER TABLE slots ENGINE=MyISAM");
    EXPECT_THAT(refusal(), HasSubstr("table slots in the database is not as mykeyvd makes it: its engine is MyISAM"));
}

TEST_P(schema, with_another_primary_key_is_refused)
{
    change("ALTER TABLE expiries DROP PRIMARY KEY, ADD PRIMARY KEY (slot, k)");
    EXPECT_THAT(refusal(), HasSubstr("its primary key must be (expires_at,slot,k)"));
}

TEST_P(schema, without_one_of_the_tables_is_refused)
{
    change("DROP TABLE topology");
    EXPECT_THAT(refusal(), HasSubstr("table topology in the database is not as mykeyvd makes it: it is not there"));
}

TEST_P(schema, keeps_lines_of_meta)
{
    std::optional<std::string> found;
    must(get_meta(c, "node_id", found));
    EXPECT_EQ(found, std::nullopt);
    must(set_meta(c, "node_id", "a"));
    must(set_meta(c, "node_id", "b'\\"));
    must(get_meta(c, "node_id", found));
    EXPECT_EQ(found, "b'\\");
}

TEST_P(schema, shows_documents_to_sql)
{
    put_document("j\xc3\xa9rome", R"({"band":"grateful dead"})");
    EXPECT_EQ(ask("SELECT doc FROM documents"), R"({"band":"grateful dead"})");
    EXPECT_EQ(ask("SELECT k FROM documents"), "j\xc3\xa9rome");
    if (c.server().mariadb()) { EXPECT_EQ(ask("SELECT JSON_VALUE(doc,'$.band') FROM documents"), "grateful dead"); }
}

TEST_P(schema, shows_neither_bytes_nor_keys_that_are_not_text_nor_what_has_expired)
{
    put_document("\xff", "{}");
    put_document("gone", "{}", unix_ms{1});
    change("INSERT INTO records VALUES (1,'bytes',1,0,'{}',NULL)");
    put_document("later", "{}", unix_ms{32'503'680'000'000});
    EXPECT_EQ(ask("SELECT GROUP_CONCAT(k) FROM documents"), "later");
}

TEST_P(schema, needs_a_database_which_is_made_once)
{
    auto other = settings;
    other.database = "test `quoted` 'name'";
    must(ensure_database(other));
    must(ensure_database(other));
    connection there;
    must(there.open(other));
    EXPECT_EQ(ask(there, "SELECT DATABASE()"), other.database);
    must(there.execute("DROP DATABASE `test ``quoted`` 'name'`"));
}

}  // namespace
}  // namespace mykeyv::store
