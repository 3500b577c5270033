// SPDX-License-Identifier: Apache-2.0
// What is cached of a slot goes with it to its next owner.
#include "mykeyv/cluster/migration/warmth.hpp"

#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

class a_slots_cache : public a_mover {
protected:
    static moved_row row_of(std::string_view key, std::uint64_t version, std::string_view value, bool is_cached)
    {
        return {key, moved_row::content{version, format::bytes, {}, value, is_cached}};
    }
    /// The checksum that a_database makes of versions.
    static cut_over last(std::uint64_t number, packed_rows rows, slot_summary all) { return {{number, std::move(rows)}, all, 9}; }
    std::string cached(std::string_view key)
    {
        auto const found = lane_.env.known.find(s_, key);
        return !found ? "unknown" : !found.present() ? "none" : std::string{found.view().value};
    }
    /// The value of each row of what was sent last, in brackets where it is not cached.
    std::vector<std::string> noted()
    {
        auto& request = outside_.sent.back();
        note_cached(request, lane_.env.known);
        auto const* const rows = std::get_if<portion>(&request.what);
        std::vector<std::string> values;
        (rows != nullptr ? rows->rows : std::get<cut_over>(request.what).last.rows).each([&](moved_row const& row) {
            auto const value = std::string{row.record->value};
            values.push_back(row.record->is_cached ? value : "(" + value + ")");
        });
        return values;
    }
};

TEST_F(a_slots_cache, is_there_when_the_slot_is_taken)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "v", true), row_of("{k}2", 4, "w", false)}})->yes);
    EXPECT_EQ(cached("k"), "unknown");
    ASSERT_TRUE(asked(portion{2, {}})->yes);
    ASSERT_TRUE(asked(last(3, {row_of("{k}3", 5, "x", true)}, {3, 12}))->yes);
    EXPECT_EQ(cached("k"), "v");
    EXPECT_EQ(cached("{k}2"), "unknown");
    EXPECT_EQ(cached("{k}3"), "x");
}

TEST_F(a_slots_cache, has_what_came_last)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "old", true), row_of("{k}2", 4, "old", true), row_of("{k}3", 5, "old", true)}})->yes);
    ASSERT_TRUE(asked(portion{2, {row_of("k", 6, "new", true), {"{k}2", {}}}})->yes);
    ASSERT_TRUE(asked(last(3, {row_of("{k}3", 7, "new", false)}, {2, 13}))->yes);
    EXPECT_EQ(cached("k"), "new");
    EXPECT_EQ(cached("{k}2"), "unknown");
    EXPECT_EQ(cached("{k}3"), "unknown");
}

TEST_F(a_slots_cache, has_nothing_of_an_attempt_that_came_to_nothing)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "old", true)}})->yes);
    asked(cancel{});
    ASSERT_TRUE(asked(prepare{}, {6, 51})->yes);
    ASSERT_TRUE(asked(nothing_more(), {6, 51})->yes);
    EXPECT_EQ(cached("k"), "unknown");
}

TEST_F(a_slots_cache, is_empty_when_it_was_not_known_whether_the_slot_was_taken)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "old", true)}})->yes);
    next_commit_is_unknown();
    ASSERT_EQ(asked(last(2, {row_of("k", 4, "new", true)}, {1, 4})), std::nullopt);
    ASSERT_TRUE(asked(query{})->yes);
    EXPECT_EQ(cached("k"), "unknown");
    EXPECT_EQ(gate_now(), gate::open);
}

TEST_F(a_slots_cache, is_not_filled_by_a_read_that_began_before_the_slot_was_there)
{
    imported();
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "v", true)}})->yes);
    auto const before = lane_.env.stamps.read(s_);
    record_view const half{.value = "half", .format = format::bytes, .version = 2, .expires_at = {}};
    ASSERT_TRUE(lane_.env.known.fill(s_, "{k}2", &half, lane_.env.stamps, before)) << "nothing was written meanwhile";
    ASSERT_TRUE(asked(last(2, {}, {1, 3}))->yes);
    EXPECT_FALSE(lane_.env.known.fill(s_, "k", &half, lane_.env.stamps, before));
    EXPECT_EQ(cached("k"), "v");
    EXPECT_EQ(cached("{k}2"), "unknown");
}

TEST_F(a_slots_cache, is_there_after_a_commit_that_was_done_at_the_second_try)
{
    imported();
    lane_.time.step = std::chrono::seconds{1};
    lane_.database.endings = {ending::lost_before};
    ASSERT_TRUE(asked(portion{1, {row_of("k", 3, "v", true)}})->yes);
    ASSERT_TRUE(asked(last(2, {}, {1, 3}))->yes);
    EXPECT_EQ(cached("k"), "v");
}

TEST_F(a_slots_cache, has_no_rows_of_a_commit_that_was_refused)
{
    imported();
    lane_.database.endings = {ending::refused};
    ASSERT_EQ(asked(portion{1, {row_of("k", 3, "v", true)}}), std::nullopt);
    ASSERT_FALSE(asked(last(2, {}, {0, 0}))->yes);
    EXPECT_EQ(cached("k"), "unknown");
    ASSERT_TRUE(asked(prepare{}, {6, 51})->yes);
    ASSERT_TRUE(asked(nothing_more(), {6, 51})->yes);
    EXPECT_EQ(cached("k"), "unknown");
}

TEST_F(a_slots_cache, is_noted_with_the_rows)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    lane_.database.committed.records[{s_, "{k}2"}] = {"w", 2, format::bytes, {}};
    start({owned, {5, 1}, {}});
    record_view const known{.value = "v", .format = format::bytes, .version = 1, .expires_at = {}};
    lane_.env.known.publish(s_, "k", &known);
    mover_->want({{s_, id(2)}});
    wake();
    answer(true);
    wake();
    ASSERT_TRUE(has_sent<portion>());
    EXPECT_THAT(noted(), testing::UnorderedElementsAre("v", "(w)"));
}

TEST_F(a_slots_cache, is_noted_with_the_rows_that_were_written_meanwhile)
{
    lane_.database.committed.records[{s_, "k"}] = {"v", 1, format::bytes, {}};
    start({owned, {5, 1}, {}});
    mover_->want({{s_, id(2)}});
    wake();
    answer(true);
    wake();
    ASSERT_TRUE(has_sent<portion>());
    EXPECT_THAT(noted(), testing::ElementsAre("(v)"));
    run("new");
    answer(true);
    wake();
    ASSERT_TRUE(has_sent<cut_over>());
    EXPECT_THAT(noted(), testing::ElementsAre("new"));
}

}  // namespace
}  // namespace mykeyv::cluster
