// SPDX-License-Identifier: Apache-2.0
// The private mariadbd: started, watched, stopped.
#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/mysql/child_process.hpp"
#include "mykeyv/store/mysql/durability.hpp"
#include "mykeyv/store/mysql/embedded.hpp"
#include "tests/integration/fixtures/becomes_true.hpp"
#include "tests/integration/fixtures/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mykeyv::store {
namespace {

using namespace std::chrono_literals;
using test::becomes_true;
using testing::HasSubstr;
using testing::IsEmpty;

class embedded : public testing::Test {
protected:
    static void must(failure const& why) { ASSERT_FALSE(why) << why.text; }

    std::filesystem::path data() const { return directory.path() / "mysql"; }
    std::vector<pid_t> running() const { return processes_with_argument("--datadir=" + data().string()); }
    connection connect()
    {
        auto anywhere = server.settings();
        anywhere.database.clear();
        connection c;
        EXPECT_TRUE(becomes_true([&] { return !c.open(anywhere); }));
        return c;
    }
    void make(std::string const& database)
    {
        auto c = connect();
        must(c.execute("CREATE DATABASE " + database));
    }
    bool has(std::string const& database)
    {
        auto c = connect();
        text_rows rows;
        must(c.query("SHOW DATABASES LIKE '" + database + "'", rows));
        return !rows.empty();
    }

    /// Another process that has started a server here.
    pid_t start_daemon()
    {
        auto const daemon = ::fork();
        if (daemon == 0) {
            log silent{log_level::off};
            embedded_server mine{silent};
            if (mine.start(directory.path())) { ::_exit(1); }
            for (;;) { ::pause(); }
        }
        server_settings there;
        there.socket = (directory.path() / "run" / "mariadb.sock").string();
        there.user = "root";
        there.database.clear();
        connection c;
        EXPECT_TRUE(becomes_true([&] { return !c.open(there); }));
        return daemon;
    }
    static void kill(pid_t daemon)
    {
        ::kill(daemon, SIGKILL);
        await_end(daemon);
    }

    test::temporary_directory directory;
    log quiet{log_level::off};
    embedded_server server{quiet};
};

TEST_F(embedded, server_keeps_its_data_from_start_to_start)
{
    must(server.start(directory.path()));
    make("kept");
    server.stop();
    EXPECT_THAT(running(), IsEmpty());
    must(server.start(directory.path()));
    EXPECT_TRUE(has("kept"));
}

TEST_F(embedded, server_has_safe_settings)
{
    must(server.start(directory.path()));
    auto c = connect();
    std::vector<finding> findings;
    must(check_durability(c, limits::value_bytes_max_default, findings));
    EXPECT_THAT(findings, IsEmpty()) << describe(findings);
    text_rows rows;
    must(c.query("SELECT @@log_bin, @@skip_networking", rows));
    EXPECT_EQ(rows[0], (text_row{"1", "1"}));
    // Not there before MariaDB 10.8, which had another redo log.
    must(c.query("SHOW GLOBAL VARIABLES LIKE 'innodb_log_file_buffering'", rows));
    for (auto const& row : rows) { EXPECT_EQ(row[1], "ON"); }
}

TEST_F(embedded, server_is_started_again_after_a_kill)
{
    must(server.start(directory.path()));
    make("kept");
    auto const first = server.pid();
    ::kill(first, SIGKILL);
    EXPECT_TRUE(becomes_true([&] { return server.pid() != 0 && server.pid() != first; }));
    EXPECT_TRUE(has("kept"));
}

TEST_F(embedded, server_stops_also_while_it_waits_to_start_again)
{
    must(server.start(directory.path()));
    ::kill(server.pid(), SIGKILL);
    EXPECT_TRUE(becomes_true([&] { return server.pid() == 0; }));
    server.stop();
    EXPECT_THAT(running(), IsEmpty());
}

TEST_F(embedded, server_stops_twice_and_unstarted)
{
    server.stop();
    must(server.start(directory.path()));
    server.stop();
    server.stop();
    EXPECT_EQ(server.pid(), 0);
}

TEST_F(embedded, directory_has_one_user)
{
    must(server.start(directory.path()));
    embedded_server second{quiet};
    auto const why = second.start(directory.path());
    EXPECT_THAT(why.text, HasSubstr("is in use by another mykeyvd (process " + std::to_string(::getpid()) + ")"));
    EXPECT_EQ(running().size(), 1u);
}

TEST_F(embedded, directory_is_free_after_stop)
{
    must(server.start(directory.path()));
    server.stop();
    embedded_server second{quiet};
    must(second.start(directory.path()));
}

TEST_F(embedded, server_of_a_killed_daemon_is_succeeded)
{
    auto const daemon = start_daemon();
    auto const orphan = running().front();
    kill(daemon);
    must(server.start(directory.path()));
    EXPECT_NE(server.pid(), orphan);
    EXPECT_EQ(running(), std::vector{server.pid()});
}

TEST_F(embedded, server_of_a_killed_daemon_stops_by_itself)
{
    kill(start_daemon());
    EXPECT_TRUE(becomes_true([&] { return running().empty(); }));
}

TEST_F(embedded, server_of_a_killed_daemon_that_hangs_is_killed)
{
    auto const daemon = start_daemon();
    auto const orphan = running().front();
    ::kill(orphan, SIGSTOP);
    kill(daemon);
    embedded_options options;
    options.leftover_patience = 1s;
    must(server.start(directory.path(), options));
    EXPECT_EQ(running(), std::vector{server.pid()});
    EXPECT_NE(server.pid(), orphan);
}

TEST_F(embedded, database_that_was_half_made_is_made_anew)
{
    std::filesystem::create_directories(directory.path() / "mysql.new" / "mysql");
    std::ofstream{directory.path() / "mysql.new" / "ibdata1"} << "half";
    must(server.start(directory.path()));
    make("works");
    EXPECT_FALSE(std::filesystem::exists(directory.path() / "mysql.new"));
}

TEST_F(embedded, server_that_cannot_start_says_why)
{
    std::filesystem::create_directories(data());
    auto const why = server.start(directory.path());
    EXPECT_THAT(why.text, HasSubstr("ended with exit code 1"));
    EXPECT_THAT(why.text, HasSubstr("[ERROR]"));
    EXPECT_EQ(server.pid(), 0);
}

TEST_F(embedded, server_that_is_not_installed_is_named)
{
    embedded_options options;
    options.mariadb_install_db = "no-such-installer";
    EXPECT_THAT(server.start(directory.path(), options).text, HasSubstr("no-such-installer was not found"));
    options = {};
    options.mariadbd = "/nowhere/mariadbd";
    EXPECT_THAT(server.start(directory.path(), options).text, HasSubstr("/nowhere/mariadbd was not found"));
}

TEST_F(embedded, directory_with_a_path_too_long_for_a_socket_is_refused)
{
    auto const deep = directory.path() / std::string(100, 'd');
    EXPECT_THAT(server.start(deep).text, HasSubstr("has more than the 107 bytes"));
}

TEST_F(embedded, server_is_closed_to_other_accounts)
{
    must(server.start(directory.path()));
    EXPECT_EQ(std::filesystem::status(directory.path() / "run").permissions(), std::filesystem::perms::owner_all);
    EXPECT_EQ(std::filesystem::status(data()).permissions(), std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace mykeyv::store
