// SPDX-License-Identifier: Apache-2.0
// One connection: how it is set up, and how it fails.
#include "mykeyv/store/mysql/connection.hpp"
#include "mykeyv/store/mysql/processlist.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <future>
#include <string>
#include <thread>

namespace mykeyv::store {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;
using kind = failure::kind;

class a_connection : public test::mysql_test {
protected:
    a_connection() { must(c.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT) ENGINE=InnoDB")); }

    void insert(connection& on, int id) { must(on.execute("INSERT INTO t VALUES (" + std::to_string(id) + ",0)")); }
    kind touch(connection& on, int id) { return on.execute("UPDATE t SET n=n+1 WHERE id=" + std::to_string(id)).what; }
    std::string rows() { return ask("SELECT COUNT(*) FROM t"); }
    void kill(connection const& other) { must(c.execute("KILL " + std::to_string(other.thread_id()))); }
};
MYKEYV_ON_EACH_SERVER(a_connection);

TEST_P(a_connection, is_strict_and_commits_by_hand_under_read_committed)
{
    EXPECT_EQ(ask("SELECT @@autocommit"), "0");
    EXPECT_NE(ask("SELECT @@sql_mode").find("STRICT_ALL_TABLES"), std::string::npos);
    EXPECT_EQ(ask("SELECT @@tx_isolation"), "READ-COMMITTED");
    EXPECT_EQ(ask("SELECT @@character_set_client"), "binary");
}

TEST_P(a_connection, without_commit_leaves_nothing)
{
    auto other = connect();
    insert(other, 1);
    other.close();
    must(end_connection(c, other.tag(), 10s));
    EXPECT_EQ(rows(), "0");
}

TEST_P(a_connection, quotes_every_byte)
{
    auto const nasty = "a'b\\c\"d\0e\n\xff"s;
    EXPECT_EQ(ask("SELECT " + c.quoted(nasty)), nasty);
}

TEST_P(a_connection, tells_null_from_empty)
{
    text_rows found;
    must(c.query("SELECT NULL, ''", found));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0][0], std::nullopt);
    EXPECT_EQ(found[0][1], "");
}

TEST_P(a_connection, stays_open_after_a_refused_statement)
{
    auto const why = c.execute("SELECT * FROM nowhere");
    EXPECT_EQ(why.what, kind::refused);
    EXPECT_EQ(why.code, 1146u);
    EXPECT_FALSE(c.broken());
    EXPECT_EQ(rows(), "0");
}

TEST_P(a_connection, that_was_killed_is_lost_and_stays_so)
{
    auto other = connect();
    kill(other);
    must(end_connection(c, other.tag(), 10s));
    EXPECT_EQ(other.execute("DO 1").what, kind::lost);
    EXPECT_TRUE(other.broken());
    EXPECT_EQ(other.commit().what, kind::lost);
    must(other.open(settings));
    EXPECT_EQ(other.execute("DO 1").what, kind::none);
}

TEST_P(a_connection, that_was_killed_is_lost_for_prepared_statements_too)
{
    auto other = connect();
    records_table table{other};
    std::vector<row_key> const keys{{slot{1}, "k"}};
    must(table.load(keys, [](row const&) {}));
    kill(other);
    must(end_connection(c, other.tag(), 10s));
    EXPECT_EQ(table.load(keys, [](row const&) {}).what, kind::lost);
    EXPECT_TRUE(other.broken());
}

TEST_P(a_connection, that_is_interrupted_fails_at_once_as_lost)
{
    auto other = connect();
    auto blocked = std::async(std::launch::async, [&] { return other.execute("DO SLEEP(60)").what; });
    while (ask("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DO SLEEP%'") == "0") {}
    other.interrupt();
    ASSERT_EQ(blocked.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(blocked.get(), kind::lost);
    EXPECT_TRUE(other.broken());
    must(end_connection(c, other.tag(), 10s));
}

TEST_P(a_connection, commits_while_something_else_is_done)
{
    auto other = connect();
    insert(c, 1);
    int done = 0;
    must(c.commit_behind("", [&] { ++done; }));
    EXPECT_EQ(done, 1);
    must(c.rollback());
    EXPECT_EQ(rows(), "1");
    insert(c, 2);
    must(end_connection(other, c.tag(), 10s));
    EXPECT_EQ(c.commit_behind("", [&] { ++done; }).what, kind::lost);
    EXPECT_TRUE(c.broken());
}

TEST_P(a_connection, takes_one_statement_at_a_time_unless_two_are_allowed)
{
    EXPECT_EQ(c.execute("INSERT INTO t VALUES (1,0); COMMIT").what, kind::refused);
    EXPECT_EQ(c.commit_behind("INSERT INTO t VALUES (1,0)", [] {}).what, kind::refused);
    EXPECT_EQ(rows(), "0");
    EXPECT_EQ(c.commit_behind("", [] {}).what, kind::none);
}

TEST_P(a_connection, commits_behind_a_statement_in_the_same_message)
{
    must(c.allow_two_statements());
    int done = 0;
    insert(c, 1);
    must(c.commit_behind("INSERT INTO t VALUES (2,0)", [&] { ++done; }));
    EXPECT_EQ(done, 1);
    must(c.rollback());
    EXPECT_EQ(rows(), "2");
}

TEST_P(a_connection, commits_nothing_behind_a_statement_that_is_refused_and_is_in_step_then)
{
    must(c.allow_two_statements());
    insert(c, 1);
    auto const why = c.commit_behind("INSERT INTO nowhere VALUES (2,0)", [] {});
    EXPECT_EQ(why.what, kind::refused);
    EXPECT_EQ(why.code, 1146u);
    EXPECT_FALSE(c.broken());
    must(c.rollback());
    EXPECT_EQ(rows(), "0");
    must(c.commit_behind("INSERT INTO t VALUES (3,0)", [] {}));
    EXPECT_EQ(rows(), "1");
}

TEST_P(a_connection, that_a_deadlock_ends_may_try_again)
{
    insert(c, 1);
    insert(c, 2);
    must(c.commit());
    auto other = connect();
    EXPECT_EQ(touch(c, 1), kind::none);
    EXPECT_EQ(touch(other, 2), kind::none);
    auto waiting = std::async(std::launch::async, [&] {
        auto const outcome = touch(other, 1);
        must(other.rollback());
        return outcome;
    });
    auto const mine = touch(c, 2);
    must(c.rollback());
    auto const theirs = waiting.get();
    EXPECT_TRUE((mine == kind::try_again) != (theirs == kind::try_again));
}

TEST_P(a_connection, that_waits_too_long_for_a_lock_may_try_again)
{
    insert(c, 1);
    auto other = connect();
    must(other.execute("SET SESSION innodb_lock_wait_timeout=1"));
    auto const why = other.execute("INSERT INTO t VALUES (1,0)");
    EXPECT_EQ(why.what, kind::try_again);
    EXPECT_EQ(why.code, 1205u);
}

TEST_P(a_connection, that_never_opened_says_where_it_tried)
{
    auto nowhere = settings;
    nowhere.socket = "/nowhere/mysql.sock";
    connection other;
    auto const why = other.open(nowhere);
    EXPECT_EQ(why.what, kind::lost);
    EXPECT_NE(why.text.find("unix socket /nowhere/mysql.sock"), std::string::npos) << why.text;
    EXPECT_EQ(other.execute("DO 1").what, kind::lost);
}

TEST_P(a_connection, that_was_refused_for_its_password_is_not_merely_lost)
{
    auto stranger = settings;
    stranger.user = "stranger";
    stranger.password = "wrong";
    connection other;
    EXPECT_EQ(other.open(stranger).what, kind::refused);
}

TEST_P(a_connection, can_be_ended_by_its_tag_which_rolls_its_transaction_back)
{
    auto other = connect();
    insert(other, 1);
    must(end_connection(c, other.tag(), 10s));
    insert(c, 1);  // would wait for the lock
    EXPECT_EQ(other.commit().what, kind::lost);
}

TEST_P(a_connection, that_is_long_gone_is_ended_without_touching_others)
{
    auto other = connect();
    auto const tag = other.tag();
    other.close();
    must(end_connection(c, tag, 10s));
    must(end_connection(c, tag, 10s));
    EXPECT_EQ(rows(), "0");
}

TEST_P(a_connection, ends_every_other_one_on_its_database_only)
{
    auto first = connect();
    auto second = connect();
    auto elsewhere = settings;
    elsewhere.database = "mysql";
    connection third;
    must(third.open(elsewhere));
    must(end_other_connections(c, 10s));
    EXPECT_EQ(first.execute("DO 1").what, kind::lost);
    EXPECT_EQ(second.execute("DO 1").what, kind::lost);
    EXPECT_EQ(third.execute("DO 1").what, kind::none);
    EXPECT_EQ(rows(), "0");
}

}  // namespace
}  // namespace mykeyv::store
