// SPDX-License-Identifier: Apache-2.0
// The judge of the simulation is given histories that one order explains, and some that none does.
#include "tests/simulation/history.hpp"

#include <gmock/gmock.h>

namespace mykeyv::simulation {
namespace {

using enum event::kind;

/// Histories of one key. Times are milliseconds; the time of day is the same number.
class a_history : public testing::Test {
protected:
    event& add(int begun, int ended, enum event::kind what, std::string argument, std::optional<std::string> answer)
    {
        event e;
        e.what = what;
        e.argument = std::move(argument);
        e.answer = std::move(answer);
        e.begun = time_point{std::chrono::milliseconds{begun}};
        e.ended = time_point{std::chrono::milliseconds{ended}};
        e.begun_at = {begun};
        e.ended_at = {ended};
        all_.push_back(std::move(e));
        return all_.back();
    }
    event& sets(int begun, int ended, std::string value) { return add(begun, ended, set, std::move(value), "1"); }
    void reads(int begun, int ended, std::optional<std::string> value) { add(begun, ended, get, "", std::move(value)); }
    void appends(int begun, int ended, std::string tail, std::string result)
    {
        add(begun, ended, append, std::move(tail), std::move(result));
    }
    void counts(int begun, int ended, std::string sum) { add(begun, ended, increment, "", std::move(sum)); }
    void updates(int begun, int ended, std::string tail, std::string result)
    {
        add(begun, ended, update, std::move(tail), std::move(result));
    }
    void looks(int begun, int ended, std::string tail, std::string result)
    {
        add(begun, ended, look, std::move(tail), std::move(result));
    }
    void erases(int begun, int ended, bool was_there) { add(begun, ended, erase, "", was_there ? "1" : "0"); }
    void replaces(int begun, int ended, std::string expected, std::string value, bool done)
    {
        add(begun, ended, replace, std::move(value), done ? "1" : "0").expected = std::move(expected);
    }
    event& begins(int begun, enum event::kind what, std::string argument)
    {
        auto& e = add(begun, 0, what, std::move(argument), {});
        e.known = false;
        return e;
    }

    bool is_explained() const { return is_linearizable(all_); }

    std::vector<event> all_;
};

// One after the other

TEST_F(a_history, of_nothing_is_explained) { EXPECT_TRUE(is_explained()); }

TEST_F(a_history, that_reads_what_was_set_is_explained)
{
    reads(0, 1, {});
    sets(2, 3, "a");
    reads(4, 5, "a");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_a_write_is_lost_is_not)
{
    sets(0, 1, "a");
    reads(2, 3, {});
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, with_a_stale_read_is_not)
{
    sets(0, 1, "a");
    sets(2, 3, "b");
    reads(4, 5, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_an_erased_record_is_back_is_not)
{
    sets(0, 1, "a");
    erases(2, 3, true);
    reads(4, 5, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, of_increments_at_once_is_explained_if_each_counts)
{
    sets(0, 1, "41000");
    counts(2, 9, "41002");
    counts(3, 8, "41001");
    reads(10, 11, "41002");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_increment_is_lost_or_counts_twice_is_not)
{
    counts(0, 1, "1");
    counts(2, 3, "1");
    EXPECT_FALSE(is_explained());
    all_.clear();
    counts(0, 1, "1");
    counts(2, 3, "3");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, of_updates_is_explained_if_what_only_looks_is_not_stored)
{
    updates(0, 1, "+1", R"({"t":"+1"})");
    looks(2, 3, "+2", R"({"t":"+1+2"})");
    updates(4, 5, "+3", R"({"t":"+1+3"})");
    erases(6, 7, true);
    looks(8, 9, "+4", R"({"t":"+4"})");
    reads(10, 11, {});
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_update_is_lost_or_a_look_is_stored_is_not)
{
    updates(0, 1, "+1", R"({"t":"+1"})");
    updates(2, 3, "+2", R"({"t":"+2"})");
    EXPECT_FALSE(is_explained());
    all_.clear();
    looks(0, 1, "+1", R"({"t":"+1"})");
    reads(2, 3, R"({"t":"+1"})");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_something_is_read_that_nobody_wrote_is_not)
{
    sets(0, 1, "a");
    reads(2, 3, "b");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_an_append_was_done_twice_is_not)
{
    sets(0, 1, "a");
    appends(2, 3, "+1", "a+1");
    reads(4, 5, "a+1+1");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_an_erasure_says_that_there_was_nothing_is_not)
{
    sets(0, 1, "a");
    erases(2, 3, false);
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_two_replaced_the_same_value_is_not)
{
    sets(0, 1, "a");
    replaces(2, 9, "a", "b", true);
    replaces(2, 9, "a", "c", true);
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_one_of_two_replaced_the_value_is_explained)
{
    sets(0, 1, "a");
    replaces(2, 9, "a", "b", true);
    replaces(2, 9, "a", "c", false);
    reads(10, 11, "b");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_two_set_what_was_absent_is_not)
{
    add(0, 9, set_if_absent, "a", "1");
    add(0, 9, set_if_absent, "b", "1");
    EXPECT_FALSE(is_explained());
}

// At the same time

TEST_F(a_history, of_a_read_within_a_write_may_see_either)
{
    sets(0, 9, "a");
    reads(2, 3, {});
    reads(4, 5, "a");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, of_reads_within_a_write_never_goes_back)
{
    sets(0, 9, "a");
    reads(2, 3, "a");
    reads(4, 5, {});
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, of_two_writes_at_once_may_end_with_either_but_with_one)
{
    sets(0, 9, "a");
    sets(0, 9, "b");
    reads(10, 11, "a");
    EXPECT_TRUE(is_explained());
    reads(12, 13, "b");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, is_explained_whatever_order_it_is_told_in)
{
    reads(4, 5, "a");
    sets(2, 3, "a");
    reads(0, 1, {});
    EXPECT_TRUE(is_explained());
}

// Outcomes that nobody knows

TEST_F(a_history, in_which_an_unknown_write_took_effect_is_explained)
{
    begins(0, set, "a");
    reads(1, 2, "a");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_unknown_write_took_no_effect_is_explained)
{
    begins(0, set, "a");
    reads(1, 2, {});
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_unknown_write_took_effect_late_is_explained)
{
    begins(0, set, "a");
    sets(1, 2, "b");
    reads(3, 4, "b");
    reads(5, 6, "a");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_unknown_write_took_effect_before_it_began_is_not)
{
    reads(0, 1, "a");
    begins(2, set, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_an_unknown_write_took_effect_twice_is_not)
{
    begins(0, set, "a");
    reads(1, 2, "a");
    sets(3, 4, "b");
    reads(5, 6, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_an_unknown_append_took_effect_once_is_explained_and_twice_is_not)
{
    sets(0, 1, "a");
    begins(2, append, "+1");
    reads(3, 4, "a+1");
    EXPECT_TRUE(is_explained());
    reads(5, 6, "a+1+1");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, in_which_somebody_may_have_erased_everything_is_explained)
{
    sets(0, 1, "a");
    begins(2, flush, "");
    reads(3, 4, "a");
    reads(5, 6, {});
    EXPECT_TRUE(is_explained());
    reads(7, 8, "a");
    EXPECT_FALSE(is_explained());
}

// Expiry

TEST_F(a_history, that_reads_a_record_before_its_end_is_explained)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    reads(8, 9, "a");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, that_misses_a_record_before_its_end_is_not)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    reads(8, 9, {});
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, that_reads_a_record_after_its_end_is_not)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    reads(10, 12, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, that_misses_a_record_at_its_end_is_explained)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    reads(10, 12, {});
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, of_reads_around_the_end_may_see_either_but_never_goes_back)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    reads(8, 12, "a");
    reads(9, 11, {});
    EXPECT_TRUE(is_explained());
    reads(13, 14, "a");
    EXPECT_FALSE(is_explained());
}

TEST_F(a_history, of_a_record_whose_end_was_taken_away_is_explained)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    sets(2, 3, "b");
    reads(20, 21, "b");
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_append_keeps_the_end_of_its_record_is_explained)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    appends(2, 3, "+1", "a+1");
    reads(20, 21, {});
    EXPECT_TRUE(is_explained());
}

TEST_F(a_history, in_which_an_append_loses_the_end_of_its_record_is_not)
{
    sets(0, 1, "a").expires_at = unix_ms{10};
    appends(2, 3, "+1", "a+1");
    reads(20, 21, "a+1");
    EXPECT_FALSE(is_explained());
}

// For people

TEST_F(a_history, that_is_not_explained_names_the_first_answer_that_is_not)
{
    sets(0, 1, "a");
    reads(2, 3, "a");
    reads(4, 5, "wrong");
    reads(6, 7, "a");
    ASSERT_FALSE(is_explained());
    EXPECT_THAT(first_unexplained(all_), testing::HasSubstr("wrong"));
}

TEST_F(a_history, of_many_events_at_once_is_judged_in_no_time)
{
    for (int i = 0; i < 60; ++i) { sets(i, i + 4, std::to_string(i)); }
    for (int i = 0; i < 3; ++i) { begins(30, set, "unknown " + std::to_string(i)); }
    reads(100, 101, "59");
    EXPECT_TRUE(is_explained());
    reads(102, 103, "3");
    EXPECT_FALSE(is_explained());
}

}  // namespace
}  // namespace mykeyv::simulation
