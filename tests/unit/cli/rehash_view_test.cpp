// SPDX-License-Identifier: Apache-2.0
// What a rehash looks like while it is watched.
#include "apps/mykeyv/rehash_plan.hpp"
#include "apps/mykeyv/rehash_view.hpp"

#include <gtest/gtest.h>

namespace mykeyv::cli {
namespace {

using namespace std::chrono_literals;
using style = rehash_view::style;

rehash_view::time const start{};

progress left(std::uint32_t slots, std::uint32_t total = 4096)
{
    progress so_far{.slots_total = total, .slots_left = slots, .records = 70, .bytes = 7'000'000};
    so_far.records_per_second = 100;
    so_far.bytes_per_second = 2e6;
    return so_far;
}

TEST(percent_of, is_cut_off_and_not_rounded)
{
    EXPECT_DOUBLE_EQ(percent_of(left(4096)), 0.0);
    EXPECT_DOUBLE_EQ(percent_of(left(2048)), 50.0);
    EXPECT_DOUBLE_EQ(percent_of(left(1, 16384)), 99.9);
    EXPECT_DOUBLE_EQ(percent_of(left(0)), 100.0);
}

TEST(rehash_view, is_a_bar_that_rewrites_its_line_on_a_terminal)
{
    rehash_view view{style::bar, start};
    EXPECT_EQ(view.on_progress(left(4096), start), "[............] 0.0%  0 of 4096 slots  100 records/s  2.0 MB/s");
    EXPECT_EQ(view.on_progress(left(1024), start + 30s),
              "\r\x1b[K[#########...] 75.0%  3072 of 4096 slots  100 records/s  2.0 MB/s  10s left");
    EXPECT_EQ(view.on_done(start + 40s), "\r\x1b[Kdone: 4096 slots moved, with 70 records, 7.0 MB, in 40s\n");
}

TEST(rehash_view, a_bar_never_fills_more_than_a_line)
{
    rehash_view view{style::bar, start};
    auto much = left(16384, 16384);
    much.records_per_second = 1e30;
    EXPECT_EQ(view.on_progress(much, start).size(), 79u);
}

TEST(rehash_view, is_a_line_every_few_seconds_in_a_log)
{
    rehash_view view{style::lines, start};
    EXPECT_EQ(view.on_progress(left(4096), start), "0.0%  0 of 4096 slots  100 records/s  2.0 MB/s\n");
    EXPECT_EQ(view.on_progress(left(4000), start + 1s), "");
    EXPECT_NE(view.on_progress(left(3000), start + 5s), "");
    EXPECT_EQ(view.on_done(start + 6s), "done: 4096 slots moved, with 70 records, 7.0 MB, in 6s\n");
}

TEST(rehash_view, is_an_object_per_second_for_programs)
{
    rehash_view view{style::json, start};
    auto const first = nlohmann::json::parse(view.on_progress(left(4096), start));
    EXPECT_EQ(first.at("slots_left"), 4096);
    EXPECT_EQ(first.at("done"), false);
    EXPECT_TRUE(first.at("seconds_left").is_null());
    EXPECT_EQ(view.on_progress(left(3072), start + 500ms), "");
    EXPECT_EQ(nlohmann::json::parse(view.on_progress(left(2048), start + 1s)).at("seconds_left"), 1);
    EXPECT_EQ(nlohmann::json::parse(view.on_done(start + 2s)).at("done"), true);
}

TEST(rehash_view, says_that_it_is_paused_and_how_that_ends)
{
    rehash_view view{style::lines, start};
    view.on_progress(left(4096), start);
    auto so_far = left(4000);
    so_far.paused = true;
    EXPECT_EQ(view.on_progress(so_far, start + 5s), "2.3%  96 of 4096 slots  paused; `mykeyv rehash --resume` lets it go on\n");
    EXPECT_FALSE(view.time_left(start + 5s));
}

TEST(rehash_view, says_so_when_there_is_nothing_to_move)
{
    rehash_view view{style::lines, start};
    EXPECT_EQ(view.on_progress(left(0, 0), start), "");
    EXPECT_EQ(view.on_done(start + 1s), "nothing to move: every slot is where it should be\n");
}

TEST(rehash_view, left_alone_it_says_how_to_pause_it)
{
    rehash_view view{style::lines, start};
    view.on_progress(left(1000), start);
    auto const text = view.on_left();
    EXPECT_NE(text.find("the rehash goes on, 1000 of 4096 slots have still to move\n"), text.npos);
    EXPECT_NE(text.find("`mykeyv rehash --pause`"), text.npos);
}

TEST(weigh_commands, name_a_bounded_number_of_ranges_each)
{
    std::vector<slot_range> ranges;
    for (unsigned i = 0; i < 300; ++i) { ranges.push_back({slot{3 * i}, slot{3 * i + 1}}); }
    auto const commands = weigh_commands(ranges);
    ASSERT_EQ(commands.size(), 3u);
    EXPECT_EQ(commands[0].size(), 2 + 2 * 128u);
    EXPECT_EQ(commands[2].size(), 2 + 2 * 44u);
    EXPECT_EQ(commands[1][2], "384");
    EXPECT_EQ(commands[1][3], "385");
    EXPECT_TRUE(weigh_commands({}).empty());
}

}  // namespace
}  // namespace mykeyv::cli
