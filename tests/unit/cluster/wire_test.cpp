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

row_copy record(std::string key, std::string value, std::optional<unix_ms> expires_at = {}, format how = format::bytes)
{
    return {std::move(key), row_copy::content{42, how, expires_at, std::move(value)}};
}
row_copy absent(std::string key) { return {std::move(key), std::nullopt}; }

std::vector<row_copy> all_kinds()
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
    EXPECT_EQ(last.last.rows, std::vector{absent("a")});
    EXPECT_EQ(last.summary, (slot_summary{4, 5}));
    EXPECT_EQ(last.last_version, 6u);
}

TEST(the_wire, brings_rows_of_all_kinds) { EXPECT_EQ(decode_rows(encode_rows(all_kinds())), all_kinds()); }

TEST(the_wire, brings_no_rows) { EXPECT_EQ(decode_rows(encode_rows({})), std::vector<row_copy>{}); }

TEST(the_wire, brings_a_value_of_16_MiB)
{
    std::vector const big{record("big", std::string(16u << 20, '\xff')), record("next", "v")};
    EXPECT_TRUE(decode_rows(encode_rows(big)) == big);
}

TEST(the_wire, takes_no_row_that_is_cut_off_anywhere)
{
    for (auto const& row : all_kinds()) {
        auto const whole = encode_rows({row});
        for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) { EXPECT_FALSE(decode_rows({whole.data(), bytes})) << bytes; }
    }
}

TEST(the_wire, takes_no_row_with_flags_that_nobody_sets)
{
    for (int flags = 8; flags < 256; ++flags) {
        auto bytes = encode_rows({record("k", "v")});
        bytes[0] = static_cast<char>(flags);
        EXPECT_FALSE(decode_rows(bytes)) << flags;
    }
}

TEST(the_wire, takes_no_expiry_of_what_is_not_there)
{
    for (char const flags : {'\2', '\4', '\6'}) {
        auto bytes = encode_rows({absent("k")});
        bytes[0] = flags;
        EXPECT_FALSE(decode_rows(bytes));
    }
}

TEST(the_wire, takes_no_key_that_is_too_long) { EXPECT_FALSE(decode_rows(encode_rows({absent(std::string(1025, 'k'))}))); }

TEST(the_wire, takes_no_length_that_promises_more_than_there_is)
{
    auto bytes = encode_rows({record("k", "v")});
    bytes[bytes.size() - 2] = '\xff';  // the highest byte of the value's length
    EXPECT_FALSE(decode_rows(bytes));
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
