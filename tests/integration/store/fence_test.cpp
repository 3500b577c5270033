// SPDX-License-Identifier: Apache-2.0
// One daemon per database.
#include "mykeyv/store/mysql/fence.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace mykeyv::store {
namespace {

using namespace std::chrono_literals;
using kind = failure::kind;

class fence : public test::mysql_test {
protected:
    tenure take(std::string_view instance = "a", std::chrono::milliseconds lease = 1s)
    {
        tenure won;
        must(take_over(settings, instance, lease, 10s, won));
        return won;
    }
    connection verified(std::uint64_t epoch)
    {
        auto fresh = connect();
        must(verify(fresh, epoch));
        return fresh;
    }
    void leave_cleanly(std::uint64_t epoch)
    {
        auto last = connect();
        must(leave(last, epoch));
    }
    kind write(connection& on) { return on.execute("INSERT INTO records VALUES (1,'k',1,0,'v',NULL)").what; }
};
MYKEYV_ON_EACH_SERVER(fence);

TEST_P(fence, taken_for_the_first_time_is_epoch_1)
{
    auto const won = take();
    EXPECT_EQ(won.epoch, 1u);
    EXPECT_EQ(won.version_floor, 0u);
    EXPECT_FALSE(won.previous_unclean);
}

TEST_P(fence, grows_with_every_take_over)
{
    EXPECT_EQ(take().epoch, 1u);
    EXPECT_EQ(take().epoch, 2u);
    c = connect();
    EXPECT_EQ(ask("SELECT epoch FROM fence"), "2");
}

TEST_P(fence, holds_for_its_own_epoch)
{
    auto const won = take();
    auto mine = verified(won.epoch);
    EXPECT_EQ(verify(mine, won.epoch).what, kind::none);
    EXPECT_EQ(write(mine), kind::none);
    EXPECT_EQ(mine.commit().what, kind::none);
}

TEST_P(fence, ends_the_sessions_of_the_one_before_and_their_transactions)
{
    auto old = verified(take().epoch);
    EXPECT_EQ(write(old), kind::none);
    take("b");
    EXPECT_EQ(old.commit().what, kind::lost);
    c = connect();
    EXPECT_EQ(ask("SELECT COUNT(*) FROM records"), "0");
}

TEST_P(fence, refuses_new_sessions_of_an_older_epoch)
{
    auto const old = take();
    take("b");
    auto late = connect();
    EXPECT_EQ(verify(late, old.epoch).what, kind::fenced);
}

TEST_P(fence, is_taken_also_while_the_one_before_hangs_in_a_transaction_on_its_row)
{
    auto const old = take();
    auto hanging = verified(old.epoch);
    must(raise_ceiling(hanging, old.epoch, old.version_ceiling + 1));
    EXPECT_EQ(take("b").epoch, old.epoch + 1);
    EXPECT_EQ(hanging.commit().what, kind::lost);
}

TEST_P(fence, lets_no_write_of_an_older_epoch_through_after_the_take_over)
{
    auto const old = take();
    auto writer = verified(old.epoch);
    std::atomic<int> acknowledged = 0;
    std::thread writing{[&] {
        for (int i = 0; writer.execute("INSERT INTO records VALUES (1," + std::to_string(i) + ",1,0,'v',NULL)").what == kind::none; ++i) {
            if (writer.commit()) { return; }
            ++acknowledged;
        }
    }};
    while (acknowledged == 0) { std::this_thread::yield(); }
    take("b");
    c = connect();
    auto const rows = std::stoi(ask("SELECT COUNT(*) FROM records"));
    writing.join();
    EXPECT_EQ(std::stoi(ask("SELECT COUNT(*) FROM records")), rows);
    // The last commit may have succeeded without its answer getting through; none that was answered is missing.
    EXPECT_GE(rows, acknowledged);
    EXPECT_LE(rows, acknowledged + 1);
}

TEST_P(fence, gives_each_tenure_versions_above_all_before)
{
    auto const first = take();
    EXPECT_GE(first.version_ceiling, first.version_floor + versions_per_tenure);
    auto const second = take();
    EXPECT_GE(second.version_floor, first.version_ceiling);
}

TEST_P(fence, remembers_a_raised_ceiling_if_it_was_committed)
{
    auto const first = take();
    auto mine = verified(first.epoch);
    auto const raised = first.version_ceiling + 1000;
    must(raise_ceiling(mine, first.epoch, raised));
    must(mine.commit());
    must(raise_ceiling(mine, first.epoch, raised - 500));  // never lowered
    must(mine.commit());
    EXPECT_EQ(take().version_floor, raised);
}

TEST_P(fence, lets_no_older_epoch_raise_the_ceiling)
{
    auto const old = take();
    take("b");
    auto late = connect();
    EXPECT_EQ(raise_ceiling(late, old.epoch, 4 * old.version_ceiling).what, kind::fenced);
}

TEST_P(fence, left_cleanly_lets_the_next_one_serve_at_once)
{
    leave_cleanly(take("a", 5s).epoch);
    auto const next = take("b");
    EXPECT_FALSE(next.previous_unclean);
    EXPECT_EQ(next.previous_lease, 0ms);
}

TEST_P(fence, left_by_a_crash_makes_the_next_one_wait_for_the_lease)
{
    take("a", 5s);
    auto const next = take("b", 1s);
    EXPECT_TRUE(next.previous_unclean);
    EXPECT_EQ(next.previous_lease, 5s);
}

TEST_P(fence, left_by_two_crashes_makes_the_next_one_wait_for_the_longer_lease)
{
    take("a", 5s);
    take("b", 1s);
    EXPECT_EQ(take("c", 1s).previous_lease, 5s);
}

TEST_P(fence, cannot_be_left_by_an_older_epoch)
{
    auto const old = take();
    take("b");
    auto late = connect();
    EXPECT_EQ(leave(late, old.epoch).what, kind::fenced);
    EXPECT_TRUE(take("c").previous_unclean);
}

TEST_P(fence, needs_no_rights_beyond_the_database)
{
    must(c.execute("DROP TABLE records, expiries, slots, fence, topology, scripts, meta"));
    must(c.execute("DROP VIEW documents"));
    must(c.execute("GRANT ALL ON " + settings.database + ".* TO 'plain'@'localhost' IDENTIFIED BY 'secret'"));
    auto const root = settings;
    settings.user = "plain";
    settings.password = "secret";
    must(ensure_database(settings));
    auto first = connect();
    must(ensure_schema(first));
    EXPECT_EQ(take().epoch, 1u);
    EXPECT_EQ(first.commit().what, kind::lost);
    settings = root;
    EXPECT_EQ(c.execute("DROP USER 'plain'@'localhost'").what, kind::none);  // another account's session is left alone
}

TEST_P(fence, names_who_holds_it)
{
    take("node-1 process 42");
    c = connect();
    EXPECT_EQ(ask("SELECT instance FROM fence"), "node-1 process 42");
}

}  // namespace
}  // namespace mykeyv::store
