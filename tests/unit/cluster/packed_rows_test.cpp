// SPDX-License-Identifier: Apache-2.0
// Rows in one piece of memory, and all bytes that are no such rows.
#include "mykeyv/cluster/migration/packed_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mykeyv::cluster {
namespace {

moved_row record(std::string_view key, std::string_view value, std::optional<unix_ms> expires_at = {}, format how = format::bytes)
{
    return {key, moved_row::content{42, how, expires_at, value}};
}
moved_row absent(std::string_view key) { return {key, std::nullopt}; }

std::string every_byte()
{
    std::string all;
    for (int i = 0; i < 256; ++i) { all += static_cast<char>(i); }
    return all;
}

/// `kept` has the bytes that the rows borrow.
std::vector<moved_row> all_kinds(std::vector<std::string> const& kept)
{
    return {record("k", "v"),
            record("", ""),
            record(kept[0], kept[0]),
            record("document", R"({"a":1})", {}, format::document),
            record("expires", "v", unix_ms{1'700'000'000'000}),
            record("before 1970", "v", unix_ms{-1}, format::document),
            record(kept[1], "the longest key"),
            absent("gone"),
            absent("")};
}

class rows_that_are_packed : public testing::Test {
protected:
    std::vector<std::string> const kept_{every_byte(), std::string(1024, 'x')};
    std::vector<moved_row> const all_ = all_kinds(kept_);

    static void expect_no_rows(std::string const& bytes) { EXPECT_FALSE(packed_rows::of(bytes)) << testing::PrintToString(bytes); }
};

TEST_F(rows_that_are_packed, come_out_as_they_were)
{
    packed_rows sent;
    for (auto const& each : all_) { sent.add(each); }
    auto const got = packed_rows::of(sent.packed());
    ASSERT_TRUE(got);
    std::vector<moved_row> found;
    got->each([&](moved_row const& row) { found.push_back(row); });
    EXPECT_TRUE(found == all_);
    EXPECT_EQ(*got, sent);
}

TEST_F(rows_that_are_packed, are_counted_and_measured_by_whoever_packs_and_unpacks_them)
{
    packed_rows const sent{record("k", "12345"), absent("gone")};
    auto const got = packed_rows::of(sent.packed());
    for (auto const& rows : {sent, *got}) {
        EXPECT_EQ(rows.records(), 1u);
        EXPECT_EQ(rows.bytes(), record("k", "12345").bytes() + absent("gone").bytes());
        EXPECT_FALSE(rows.empty());
    }
}

TEST_F(rows_that_are_packed, say_which_of_them_their_source_has_cached)
{
    packed_rows rows{record("a", "1"), absent("b"), record("c", "3"), record("d", "4", unix_ms{9}, format::document)};
    EXPECT_THAT(rows.keys(), testing::ElementsAre("a", "b", "c", "d"));
    rows.set_cached({true, true, false, true});
    auto const got = packed_rows::of(rows.packed());
    ASSERT_TRUE(got);
    std::vector<std::string_view> cached;
    got->each([&](moved_row const& row) {
        if (row.record && row.record->is_cached) { cached.push_back(row.key); }
    });
    EXPECT_THAT(cached, testing::ElementsAre("a", "d"));
    EXPECT_EQ(got->records(), 3u);
    EXPECT_EQ(got->bytes(), rows.bytes());
}

TEST_F(rows_that_are_packed, know_the_last_key)
{
    packed_rows rows{record("a", "1")};
    EXPECT_EQ(rows.last_key(), "a");
    rows.add(absent("bc"));
    EXPECT_EQ(rows.last_key(), "bc");
}

TEST_F(rows_that_are_packed, may_be_none)
{
    EXPECT_EQ(packed_rows::of(""), packed_rows{});
    EXPECT_TRUE(packed_rows{}.empty());
}

TEST_F(rows_that_are_packed, may_have_a_value_of_16_MiB)
{
    std::string const value(16u << 20, '\xff');
    packed_rows const big{record("big", value), record("next", "v")};
    EXPECT_TRUE(packed_rows::of(big.packed()) == big);
}

TEST_F(rows_that_are_packed, are_none_if_they_are_cut_off_anywhere)
{
    for (auto const& row : all_) {
        auto const whole = packed_rows{row}.packed();
        for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) { expect_no_rows(whole.substr(0, bytes)); }
    }
}

TEST_F(rows_that_are_packed, have_no_flags_that_nobody_sets)
{
    for (int flags = 16; flags < 256; ++flags) {
        auto bytes = packed_rows{record("k", "v")}.packed();
        bytes[0] = static_cast<char>(flags);
        expect_no_rows(bytes);
    }
}

TEST_F(rows_that_are_packed, have_no_expiry_of_what_is_not_there)
{
    for (char const flags : {'\2', '\4', '\6'}) {
        auto bytes = packed_rows{absent("k")}.packed();
        bytes[0] = flags;
        expect_no_rows(bytes);
    }
}

TEST_F(rows_that_are_packed, have_no_key_that_is_too_long) { expect_no_rows(packed_rows{absent(std::string(1025, 'k'))}.packed()); }

TEST_F(rows_that_are_packed, have_no_length_that_promises_more_than_there_is)
{
    auto bytes = packed_rows{record("k", "v")}.packed();
    bytes[bytes.size() - 2] = '\xff';  // the highest byte of the value's length
    expect_no_rows(bytes);
}

}  // namespace
}  // namespace mykeyv::cluster
