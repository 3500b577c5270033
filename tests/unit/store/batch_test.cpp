// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/batch.hpp"

#include "mykeyv/base/limits.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

namespace mykeyv::store::testing {
namespace {

/// A batch over a table that is a map.
class a_batch : public ::testing::Test {
protected:
    void stored(std::string key, std::string value, std::optional<unix_ms> expires_at = {})
    {
        table_[key] = {std::move(value), ++last_version_, expires_at};
    }

    void run()
    {
        batch_.collect(now_);
        do {
            auto const missing = batch_.missing();
            if (missing.empty()) { continue; }
            loads_ += missing.size();
            for (auto const& key : missing) {
                auto const found = table_.find(std::string{key.k});
                if (found == table_.end()) { continue; }
                auto const& [value, version, expires_at] = found->second;
                batch_.loaded({key.slot, found->first, version, format::bytes, value, expires_at});
            }
            batch_.rows_loaded();
        } while (!batch_.decide(last_version_, 1000));
        writes_ = batch_.writes();
    }

    struct stored_row {
        std::string value;
        std::uint64_t version = 0;
        std::optional<unix_ms> expires_at;
    };
    std::map<std::string, stored_row> table_;
    cache cache_{1 << 20};
    batch batch_{cache_};
    unix_ms now_{1000};
    std::uint64_t last_version_ = 0;
    std::size_t loads_ = 0;
    batch_writes writes_;
    fate first_, second_, third_;
};

TEST_F(a_batch, of_ten_appends_to_one_key_writes_one_row)
{
    std::array<fate, 10> fates;
    for (auto& each : fates) { batch_.add(append("k", "x", each)); }
    run();
    ASSERT_EQ(writes_.puts.size(), 1u);
    EXPECT_EQ(writes_.puts[0].v, "xxxxxxxxxx");
    EXPECT_EQ(loads_, 1u);
}

TEST_F(a_batch, of_a_blind_write_loads_nothing)
{
    stored("k", "old");
    batch_.add(set("k", "new", first_));
    run();
    EXPECT_EQ(loads_, 0u);
    EXPECT_EQ(writes_.puts.at(0).v, "new");
}

TEST_F(a_batch, shows_a_read_behind_a_blind_write_what_was_written)
{
    batch_.add(set("k", "new", first_));
    batch_.add(read({"k"}, second_));
    run();
    EXPECT_EQ(second_.saw.at(0), "new");
    EXPECT_EQ(loads_, 0u);
}

TEST_F(a_batch, loads_the_row_when_a_blind_write_before_a_read_kept_its_hands_off)
{
    stored("k", "old");
    batch_.add(refused_set("k", first_));
    batch_.add(read({"k"}, second_));
    run();
    EXPECT_EQ(second_.saw.at(0), "old");
    EXPECT_EQ(first_.decisions, 1);
    EXPECT_TRUE(writes_.empty());
}

TEST_F(a_batch, keeps_what_was_decided_when_a_later_operation_needs_rows)
{
    stored("a", "1");
    batch_.add(set("b", "2", first_));
    batch_.add(refused_set("a", second_));
    batch_.add(read({"a", "b"}, third_));
    run();
    EXPECT_EQ(third_.saw, (std::vector<std::optional<std::string>>{"1", "2"}));
}

TEST_F(a_batch, shows_nobody_a_record_that_was_stored_with_an_expiry_in_the_past)
{
    batch_.add(set("k", "late", first_, now_));
    batch_.add(read({"k"}, second_));
    batch_.add(append("k", "x", third_));
    run();
    EXPECT_EQ(second_.saw.at(0), std::nullopt);
    EXPECT_EQ(writes_.puts.at(0).v, "x");
}

TEST_F(a_batch, does_not_write_a_record_that_came_and_went)
{
    batch_.add(append("k", "x", first_));
    batch_.add(remove("k", second_));
    run();
    EXPECT_TRUE(writes_.empty());
    EXPECT_FALSE(batch_.witness());
}

TEST_F(a_batch, erases_the_row_of_a_removed_record)
{
    stored("k", "old");
    batch_.add(remove("k", first_));
    run();
    EXPECT_EQ(writes_.erasures.at(0).k, "k");
    EXPECT_EQ(batch_.witness()->version, std::nullopt);
}

TEST_F(a_batch, gives_every_put_a_new_version)
{
    batch_.add(set("a", "1", first_));
    batch_.add(set("a", "2", second_));
    run();
    EXPECT_EQ(first_.version, 1u);
    EXPECT_EQ(second_.version, 2u);
    EXPECT_EQ(writes_.puts.at(0).version, 2u);
    EXPECT_EQ(batch_.witness()->version, 2u);
}

TEST_F(a_batch, sorts_its_rows_by_primary_key)
{
    std::array<fate, 50> fates;
    for (std::size_t i = 0; i < fates.size(); ++i) { batch_.add(set("key " + std::to_string(i), "v", fates[i])); }
    run();
    EXPECT_EQ(writes_.puts.size(), 50u);
    EXPECT_TRUE(std::ranges::is_sorted(writes_.puts, {}, [](row const& each) { return each.key(); }));
    EXPECT_TRUE(std::ranges::is_sorted(writes_.slots));
}

TEST_F(a_batch, shows_an_expired_record_as_absent_and_erases_it)
{
    stored("k", "old", unix_ms{1000});
    batch_.add(read({"k"}, first_));
    run();
    EXPECT_EQ(first_.saw.at(0), std::nullopt);
    EXPECT_EQ(writes_.erasures.at(0).k, "k");
    EXPECT_EQ(writes_.expiries_removed.at(0).expires_at, unix_ms{1000});
}

TEST_F(a_batch, moves_the_line_of_the_sweepers_list_with_the_expiry)
{
    stored("k", "old", unix_ms{2000});
    batch_.add(read({"k"}, first_));
    batch_.add(set("k", "new", second_, unix_ms{3000}));
    run();
    EXPECT_EQ(writes_.expiries_removed.at(0).expires_at, unix_ms{2000});
    EXPECT_EQ(writes_.expiries_added.at(0).expires_at, unix_ms{3000});
}

TEST_F(a_batch, drops_a_due_line_whose_record_has_another_expiry_now)
{
    stored("k", "v", unix_ms{5000});
    batch_.add(due_line{unix_ms{900}, slot_of("k"), "k"});
    run();
    EXPECT_TRUE(writes_.erasures.empty());
    ASSERT_EQ(writes_.expiries_removed.size(), 1u);
    EXPECT_EQ(writes_.expiries_removed[0].expires_at, unix_ms{900});
}

TEST_F(a_batch, erases_the_expired_record_of_a_due_line_once)
{
    stored("k", "v", unix_ms{900});
    batch_.add(due_line{unix_ms{900}, slot_of("k"), "k"});
    run();
    EXPECT_EQ(writes_.erasures.size(), 1u);
    EXPECT_EQ(writes_.expiries_removed.size(), 1u);
}

TEST_F(a_batch, publishes_what_it_wrote_and_what_it_loaded)
{
    stored("loaded", "1");
    batch_.add(read({"loaded"}, first_));
    batch_.add(read({"absent"}, second_));
    batch_.add(set("written", "2", third_));
    run();
    EXPECT_FALSE(cache_.find(slot_of("written"), "written"));
    batch_.publish();
    EXPECT_EQ(cache_.find(slot_of("loaded"), "loaded").view().value, "1");
    EXPECT_EQ(cache_.find(slot_of("written"), "written").view().value, "2");
    EXPECT_FALSE(cache_.find(slot_of("absent"), "absent").present());
}

TEST_F(a_batch, does_not_tell_a_reader_that_an_expired_row_is_absent)
{
    stored("k", "old", unix_ms{1000});
    batch_.add(read({"k"}, first_));
    run();
    int told = 0;
    batch_.for_each_loaded([&](slot, std::string_view, record_view const*) { ++told; });
    EXPECT_EQ(told, 0);
    EXPECT_EQ(batch_.purged(), 1u);
}

TEST_F(a_batch, loads_many_rows_some_at_a_time)
{
    std::vector<fate> fates(3 * limits::batch_load_rows_max);
    for (std::size_t i = 0; i < fates.size(); ++i) {
        stored(std::to_string(i), "v");
        batch_.add(append(std::to_string(i), "!", fates[i]));
    }
    run();
    EXPECT_EQ(loads_, fates.size());
    EXPECT_EQ(writes_.puts.size(), fates.size());
    for (auto const& each : fates) { EXPECT_EQ(each.saw.at(0), "v"); }
}

TEST_F(a_batch, that_holds_enough_leaves_the_rest_to_another)
{
    std::vector<fate> fates(10);
    for (std::size_t i = 0; i < fates.size(); ++i) {
        stored(std::to_string(i), std::string(limits::batch_held_bytes_max / 4, 'v'));
        batch_.add(read({std::to_string(i)}, fates[i]));
    }
    run();
    auto const rest = batch_.take_undecided();
    EXPECT_GE(batch_.size(), 1u);
    EXPECT_EQ(batch_.size() + rest.size(), 10u);
    EXPECT_FALSE(rest.empty());
}

TEST_F(a_batch, takes_from_the_cache_what_it_knows)
{
    record_view const known{.value = "cached", .format = format::bytes, .version = 7, .expires_at = {}};
    cache_.publish(slot_of("k"), "k", &known);
    batch_.add(append("k", "!", first_));
    run();
    EXPECT_EQ(loads_, 0u);
    EXPECT_EQ(writes_.puts.at(0).v, "cached!");
}

TEST_F(a_batch, started_over_decides_everything_again_on_fresh_rows)
{
    stored("k", "a");
    batch_.add(append("k", "x", first_));
    run();
    stored("k", "b");
    run();
    EXPECT_EQ(writes_.puts.at(0).v, "bx");
    EXPECT_EQ(first_.decisions, 2);
}

TEST_F(a_batch, of_unknown_outcome_tells_only_writers_that_it_is_unknown)
{
    batch_.add(set("k", "v", first_));
    batch_.add(read({"other"}, second_));
    run();
    batch_.complete_unknown();
    EXPECT_EQ(first_.outcome, errc::outcome_unknown);
    EXPECT_EQ(second_.outcome, errc::cluster_down);
}

}  // namespace
}  // namespace mykeyv::store::testing
