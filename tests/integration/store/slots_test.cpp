// SPDX-License-Identifier: Apache-2.0
// What a slot on its way is read by: its rows in the order of keys, its figures, and its own row.
#include "mykeyv/store/mysql/records_sql.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "mykeyv/store/mysql/slots_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// As ISO 3309 has it, bit by bit.
std::uint32_t crc32_of(std::string_view bytes)
{
    std::uint32_t crc = 0xffff'ffff;
    for (unsigned char const byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) { crc = (crc >> 1) ^ ((crc & 1) ? 0xedb8'8320 : 0); }
    }
    return ~crc;
}

class slots : public test::mysql_test {
protected:
    void put(std::vector<row> const& rows)
    {
        std::uint64_t created = 0;
        must(records.upsert(rows, created));
        must(c.commit());
    }
    std::vector<slot_summary> summaries(std::vector<slot> const& of)
    {
        std::vector<slot_summary> found(of.size(), slot_summary{99, 99});
        must(table.summaries(of, found));
        must(c.commit());
        return found;
    }
    slot_summary summary(slot of) { return summaries({of})[0]; }
    /// How many of them are whole, and of each slot how many rows were read.
    std::pair<std::size_t, std::map<unsigned, int>> together(std::vector<slot> const& of, std::size_t bytes_max)
    {
        std::size_t whole = 0;
        std::map<unsigned, int> rows;
        auto const count = [&](row const& r) {
            ++rows[r.slot.number()];
            EXPECT_EQ(r.version, 1u);
            EXPECT_NE(r.v, "");
        };
        must(table.rows_of(of, bytes_max, count, whole));
        must(c.commit());
        return {whole, rows};
    }
    static slot_summary expected(std::vector<row> const& rows)
    {
        slot_summary sum;
        for (auto const& r : rows) {
            auto const expiry = r.expires_at ? std::to_string(r.expires_at->value) : "-";
            auto const text = std::to_string(r.version) + ' ' + std::to_string(static_cast<unsigned>(r.format)) + ' ' + expiry + ' ' +
                              std::string{r.k};
            ++sum.records;
            sum.checksum += crc32_of(text);
        }
        return sum;
    }

    slot const here{7}, there{8};
    records_table records{c};
    slots_table table{c};
};
MYKEYV_ON_EACH_SERVER(slots);

TEST(the_checksum_of_this_test, is_the_usual_crc_32) { EXPECT_EQ(crc32_of("123456789"), 0xcbf4'3926u); }

TEST_P(slots, have_figures_of_their_own_rows_whatever_bytes_are_in_their_keys)
{
    std::string all(256, '\0');
    for (std::size_t i = 0; i < all.size(); ++i) { all[i] = static_cast<char>(i); }
    std::vector<row> const rows{{here, "", 1, format::bytes, "x", std::nullopt},
                                {here, all, 0xffff'ffff'ffff'ffff, format::document, "{}", unix_ms{1'700'000'000'123}},
                                {here, "k ", 7, format::bytes, all, unix_ms{1}},
                                {here, std::string_view{"k\0", 2}, 8, format::bytes, "", std::nullopt}};
    put(rows);
    put({{there, "other", 3, format::bytes, "v", std::nullopt}});
    EXPECT_EQ(summary(here), expected(rows));
}

TEST_P(slots, that_are_empty_have_figures_of_nothing_and_each_stands_at_its_place)
{
    std::vector<row> const in_here{{here, "a", 1, format::bytes, "x", std::nullopt}};
    std::vector<row> const in_there{{there, "b", 2, format::bytes, "y", std::nullopt}, {there, "c", 3, format::bytes, "z", std::nullopt}};
    put(in_here);
    put(in_there);
    EXPECT_THAT(summaries({slot{6}, here, there, slot{100}}),
                ElementsAre(slot_summary{}, expected(in_here), expected(in_there), slot_summary{}));
}

TEST_P(slots, that_follow_one_another_or_do_not_are_those_that_were_asked_for_and_no_other)
{
    std::vector<std::vector<row>> of;  // slot 0 to 39, each with another version
    for (unsigned number = 0; number < 40; ++number) {
        of.push_back({{slot{number}, "k", number + 1, format::bytes, "v", std::nullopt}});
        put(of.back());
    }
    for (auto const& wanted : std::vector<std::vector<unsigned>>{{3}, {3, 4}, {3, 5}, {0, 1, 2, 10, 11, 20}, {1, 2, 4, 5, 7, 8},
                                                                 {0, 1, 3, 5, 7, 9, 11, 13, 15},                // eight ranges
                                                                 {0, 1, 3, 5, 7, 9, 11, 13, 15, 17, 38, 39}}) {  // more
        std::vector<slot> asked;
        std::vector<slot_summary> figures;
        std::map<unsigned, int> rows;
        for (auto const number : wanted) {
            asked.push_back(slot{number});
            figures.push_back(expected(of[number]));
            rows[number] = 1;
        }
        EXPECT_EQ(summaries(asked), figures);
        std::size_t whole = 0;
        std::map<unsigned, int> found;
        must(table.rows_of(asked, 1'000'000, [&](row const& r) { ++found[r.slot.number()]; }, whole));
        must(c.rollback());
        EXPECT_EQ(whole, asked.size());
        EXPECT_EQ(found, rows);
    }
}

TEST_P(slots, have_a_sum_that_does_not_wrap_at_32_bits)
{
    std::vector<std::string> names;
    for (int i = 0; i < 2000; ++i) { names.push_back("key " + std::to_string(i)); }
    std::vector<row> rows;
    for (std::uint64_t i = 0; i < names.size(); ++i) { rows.push_back({here, names[i], i + 1, format::bytes, "v", std::nullopt}); }
    put(rows);
    auto const sum = expected(rows);
    ASSERT_GT(sum.checksum, 0xffff'ffffu);
    EXPECT_EQ(summary(here), sum);
}

TEST_P(slots, have_other_figures_with_another_version_format_expiry_or_key_but_not_by_where_they_lie)
{
    row const one{here, "k", 5, format::bytes, "v", unix_ms{9}};
    put({one});
    auto const before = summary(here);
    for (auto const& other : {row{here, "k", 6, format::bytes, "v", unix_ms{9}}, row{here, "k", 5, format::document, "v", unix_ms{9}},
                              row{here, "k", 5, format::bytes, "v", unix_ms{10}}, row{here, "k", 5, format::bytes, "v", std::nullopt}}) {
        put({other});
        EXPECT_NE(summary(here), before);
    }
    put({one});
    EXPECT_EQ(summary(here), before);
    put({{there, "k", 5, format::bytes, "v", unix_ms{9}}, {slot{9}, "l", 5, format::bytes, "v", unix_ms{9}}});
    EXPECT_EQ(summary(there), before);
    EXPECT_NE(summary(slot{9}), before);
}

TEST_P(slots, are_read_in_portions_in_the_order_of_bytes_each_from_where_the_last_one_ended)
{
    put({{here, "b", 1, format::bytes, std::string_view{"x"}, std::nullopt}, {here, "B", 1, format::bytes, "x", std::nullopt},
         {here, std::string_view{"b\0", 2}, 1, format::bytes, "x", std::nullopt}, {there, "c", 1, format::bytes, "x", std::nullopt}});
    std::vector<std::string> keys;
    std::string from;
    int portions = 0;
    for (bool end = false; !end; ++portions) {
        ASSERT_LT(portions, 4);
        must(table.rows_from(here, from, 1, [&](row const& r) { keys.emplace_back(r.k); }, end));
        if (!keys.empty()) { (from = keys.back()).push_back('\0'); }
    }
    EXPECT_THAT(keys, ElementsAre("B", "b", "b\0"s));
    EXPECT_GE(portions, 3) << "a byte at most is asked for: one row each time";
}

TEST_P(slots, that_are_small_are_read_together_as_many_as_there_is_room_for)
{
    std::string const hundred(100, 'v');
    std::vector<slot> const of{slot{1}, slot{2}, slot{3}, slot{4}, slot{5}};  // nothing is in 3
    std::vector<std::string> keys;
    for (int i = 0; i < 4; ++i) { keys.push_back("k" + std::to_string(i)); }
    std::vector<row> rows;
    for (auto const s : {of[0], of[1], of[3], of[4]}) {
        for (auto const& k : keys) { rows.push_back({s, k, 1, format::bytes, hundred, std::nullopt}); }
    }
    put(rows);

    EXPECT_THAT(together(of, 1'000'000), Pair(5u, ElementsAre(Pair(1, 4), Pair(2, 4), Pair(4, 4), Pair(5, 4))));
    auto const some = together(of, 1'500);  // two slots and a part of the next one
    EXPECT_EQ(some.first, 3u);
    EXPECT_EQ(some.second.at(1), 4);
    EXPECT_EQ(some.second.at(2), 4);
    EXPECT_FALSE(some.second.contains(5));
    EXPECT_EQ(together(of, 300).first, 0u) << "the first one has more";
    EXPECT_THAT(together({slot{3}}, 300), Pair(1u, IsEmpty()));
}

TEST_P(slots, that_do_not_come_to_their_end_before_the_limit_are_not_whole)
{
    std::string const hundred(100, 'v');
    std::vector<slot> of;
    std::vector<std::string> keys;
    for (int i = 0; i < 10; ++i) { keys.push_back("k" + std::to_string(i)); }
    std::vector<row> rows;
    for (unsigned number = 1; number <= 6; ++number) {
        of.push_back(slot{number});
        for (auto const& k : keys) { rows.push_back({slot{number}, k, 1, format::bytes, hundred, std::nullopt}); }
    }
    put(rows);
    auto const bytes_per_row = 2 + hundred.size() + sql::row_bytes_overhead;
    ASSERT_EQ(together(of, 1'000'000).first, of.size());  // and from now on it is known how long rows are

    for (auto const& [wanted, whole] : {std::pair{25u, 2u}, {29u, 2u}, {30u, 2u}, {31u, 3u}, {60u, 5u}, {61u, 6u}}) {
        EXPECT_EQ(together(of, wanted * bytes_per_row).first, whole) << wanted << " rows: the last slot may have more";
    }
}

TEST_P(slots, that_have_a_quarter_more_bytes_than_were_wanted_are_kept)
{
    std::string const ten(10, 'v'), hundred(100, 'v');
    std::vector<std::string> keys;
    for (int i = 0; i < 20; ++i) { keys.push_back(fmt::format("{:02}", i)); }
    std::vector<row> rows;
    for (auto const& k : keys) { rows.push_back({slot{1}, k, 1, format::bytes, hundred, std::nullopt}); }
    for (auto const& k : keys) { rows.push_back({slot{2}, k, 1, format::bytes, ten, std::nullopt}); }
    put(rows);
    auto const long_rows = 20 * (2 + hundred.size() + sql::row_bytes_overhead);
    ASSERT_EQ(together({slot{2}}, 1'000'000).first, 1u);  // rows are thought to be short
    EXPECT_EQ(together({slot{1}, slot{2}}, long_rows * 9 / 10).first, 1u);
    ASSERT_EQ(together({slot{2}}, 1'000'000).first, 1u);
    EXPECT_EQ(together({slot{1}, slot{2}}, long_rows * 7 / 10).first, 0u);
}

TEST_P(slots, with_a_long_value_are_left_to_be_read_alone)
{
    std::string const longer(sql::short_value_bytes + 1, 'v');
    std::string_view const longest_short = std::string_view{longer}.substr(1);
    put({{slot{1}, "a", 1, format::bytes, longest_short, std::nullopt}, {slot{2}, "a", 1, format::bytes, "x", std::nullopt},
         {slot{2}, "b", 1, format::bytes, longer, std::nullopt}, {slot{3}, "a", 1, format::bytes, "x", std::nullopt}});
    EXPECT_EQ(together({slot{1}, slot{2}, slot{3}}, 1'000'000).first, 1u);
    EXPECT_THAT(together({slot{1}, slot{3}}, 1'000'000), Pair(2u, ElementsAre(Pair(1, 1), Pair(3, 1))));
    EXPECT_EQ(together({slot{2}, slot{3}}, 1'000'000).first, 0u);
}

TEST_P(slots, are_what_was_saved_of_them)
{
    node_id const peer = *node_id::parse("0123456789abcdef0123456789abcdef01234567");
    slot_row const offered{slot_state::handing_over, {0xffff'ffff'ffff'ffff, 0xffff'ffff'ffff'fffe}, peer};
    slot_row const owned{slot_state::owned, {1, 0}, {}};
    std::vector<std::pair<slot, slot_row>> const both{{here, offered}, {there, owned}};
    must(table.save(both));
    must(c.commit());
    std::vector<std::pair<slot, slot_row>> found;
    must(load_slots(c, found));
    EXPECT_THAT(found, ElementsAre(Pair(here, offered), Pair(there, owned)));
    std::vector<std::pair<slot, slot_row>> const forgotten{{here, slot_row{}}};
    must(table.save(forgotten));
    must(c.commit());
    slot_row row;
    must(table.load(here, row));
    EXPECT_EQ(row, slot_row{});
}

TEST_P(slots, are_saved_and_committed_in_one_message_whatever_bytes_the_peer_has)
{
    node_id const peer = *node_id::parse("273b5c00223b2d2d2027293b5c27270a0d1a0027");  // ';\0";-- ') and the like
    slot_row const offered{slot_state::handing_over, {2, 1}, peer};
    slot_row const owned{slot_state::owned, {1, 0}, {}};
    must(c.allow_two_statements());
    int meanwhile = 0;
    auto const save_and_commit = [&](std::vector<std::pair<slot, slot_row>> const& rows) {
        must(table.save_and_commit(rows, [&] { ++meanwhile; }));
        must(c.rollback());
        std::vector<std::pair<slot, slot_row>> found;
        must(load_slots(c, found));
        return found;
    };
    EXPECT_THAT(save_and_commit({{here, owned}, {there, offered}}), ElementsAre(Pair(here, owned), Pair(there, offered)));
    EXPECT_THAT(save_and_commit({{here, slot_row{}}, {there, owned}}), ElementsAre(Pair(there, owned)));
    EXPECT_THAT(save_and_commit({{there, slot_row{}}}), IsEmpty());
    EXPECT_EQ(meanwhile, 3);
}

}  // namespace
}  // namespace mykeyv::store
