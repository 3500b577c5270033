// SPDX-License-Identifier: Apache-2.0
// Requests about slots as words, there and back; and all that is no such request.
#include "mykeyv/cluster/migration/wire.hpp"

#include "tests/unit/cluster/few_nodes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace mykeyv::cluster {
namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

moved_row record(std::string_view key, std::string_view value, std::optional<unix_ms> expires_at = {}, format how = format::bytes)
{
    return {key, moved_row::content{42, how, expires_at, value}};
}
moved_row absent(std::string_view key) { return {key, std::nullopt}; }

packed_rows all_kinds()
{
    std::string every_byte;
    for (int i = 0; i < 256; ++i) { every_byte += static_cast<char>(i); }
    return {record("k", "v"),
            record("", ""),
            record(every_byte, every_byte),
            record("document", R"({"a":1})", {}, format::document),
            record("expires", "v", unix_ms{1'700'000'000'000}),
            record("before 1970", "v", unix_ms{-1}, format::document),
            record(std::string(1024, 'x'), "the longest key"),
            absent("gone"),
            absent("")};
}

slot_request asked(decltype(slot_request::what) what) { return {slot{16383}, {most, most - 1}, id(1), std::move(what)}; }

/// What the other side makes of it.
std::optional<slot_request> read(std::vector<std::string> const& words)
{
    std::vector<std::string_view> const views{words.begin(), words.end()};
    return request_of(views, id(1));
}

void expect_same(slot_request const& sent)
{
    auto const words = words_of(sent);
    auto const got = read(words);
    ASSERT_TRUE(got) << words[0];
    EXPECT_EQ(got->slot, sent.slot);
    EXPECT_EQ(got->offer, sent.offer);
    EXPECT_EQ(got->source, sent.source);
    EXPECT_EQ(got->what.index(), sent.what.index());
    EXPECT_EQ(words_of(*got), words);
}

TEST(the_wire, brings_every_request_as_it_was)
{
    expect_same(asked(prepare{}));
    expect_same(asked(portion{1, all_kinds()}));
    expect_same(asked(portion{most, {}}));
    expect_same(asked(cut_over{{3, all_kinds()}, {4, 5}, 6}));
    expect_same(asked(cut_over{{most, {}}, {most, most}, most}));
    expect_same(asked(query{}));
    expect_same(asked(cancel{}));
}

TEST(the_wire, brings_the_figures_of_a_cut_over_each_to_its_place)
{
    auto const got = read(words_of(asked(cut_over{{3, {absent("a")}}, {4, 5}, 6})));
    auto const& last = std::get<cut_over>(got->what);
    EXPECT_EQ(last.last.number, 3u);
    EXPECT_EQ(last.last.rows, packed_rows{absent("a")});
    EXPECT_EQ(last.summary, (slot_summary{4, 5}));
    EXPECT_EQ(last.last_version, 6u);
}

TEST(the_wire, notices_every_flipped_bit_of_the_rows)
{
    auto const words = words_of(asked(portion{1, {record("key", "value", unix_ms{7}), absent("b")}}));
    for (std::size_t bit = 0; bit < 8 * words[5].size(); ++bit) {
        auto changed = words;
        auto& byte = changed[5][bit / 8];
        byte = static_cast<char>(byte ^ static_cast<char>(1 << (bit % 8)));
        EXPECT_FALSE(read(changed)) << bit;
    }
}

TEST(the_wire, takes_no_check_of_other_rows)
{
    auto words = words_of(asked(portion{1, {absent("a")}}));
    words[6] = words_of(asked(portion{1, {absent("b")}}))[6];
    EXPECT_FALSE(read(words));
}

TEST(the_wire, takes_no_request_with_a_word_more_or_less)
{
    for (auto const& what : {asked(prepare{}), asked(portion{1, {}}), asked(cut_over{}), asked(query{}), asked(cancel{})}) {
        auto words = words_of(what);
        words.emplace_back("1");
        EXPECT_FALSE(read(words)) << words[0];
        words.resize(words.size() - 2);
        EXPECT_FALSE(read(words)) << words[0];
    }
}

TEST(the_wire, takes_no_number_that_is_none)
{
    for (auto const* bad : {"", "-1", "x", "1x", " 1", "+1", "18446744073709551616"}) {
        for (std::size_t const place : {1, 2, 3, 4, 7, 8, 9}) {
            auto words = words_of(asked(cut_over{}));
            words[place] = bad;
            EXPECT_FALSE(read(words)) << place << " '" << bad << "'";
        }
    }
}

TEST(the_wire, takes_no_slot_that_there_is_not)
{
    auto words = words_of(asked(query{}));
    words[1] = "16384";
    EXPECT_FALSE(read(words));
}

TEST(the_wire, takes_no_request_that_it_does_not_know)
{
    EXPECT_FALSE(read({}));
    EXPECT_FALSE(read({"TAKE", "1", "2", "3"}));
    EXPECT_FALSE(read({"", "1", "2", "3"}));
}

}  // namespace
}  // namespace mykeyv::cluster
