// SPDX-License-Identifier: Apache-2.0
// What is written to `records` is what is read from it.
#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/mysql/records_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>

namespace mykeyv::store {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class records : public test::mysql_test {
protected:
    using values = std::map<std::string, std::string>;

    std::uint64_t put(std::vector<row> const& rows)
    {
        std::uint64_t created = 0;
        must(table.upsert(rows, created));
        must(c.commit());
        return created;
    }
    std::uint64_t put(std::string_view k, std::string_view v, std::uint64_t version = 1)
    {
        return put({row{home, k, version, format::bytes, v, std::nullopt}});
    }
    values load(std::vector<row_key> const& keys)
    {
        values found;
        must(table.load(keys, [&](row const& r) { found.emplace(r.k, r.v); }));
        must(c.commit());
        return found;
    }
    std::uint64_t erase(std::vector<row_key> const& keys)
    {
        std::uint64_t erased = 0;
        must(table.erase(keys, erased));
        must(c.commit());
        return erased;
    }
    std::uint64_t count(slot first, slot last)
    {
        std::uint64_t number = 0;
        must(table.count(first, last, number));
        return number;
    }
    /// `number` keys in `home`, sorted; they live as long as the fixture.
    std::vector<row> many(int number, std::uint64_t version = 1)
    {
        for (int i = static_cast<int>(names.size()); i < number; ++i) { names.insert("key-" + std::to_string(i)); }
        std::vector<row> rows;
        for (auto const& name : names) { rows.push_back({home, name, version, format::bytes, name, std::nullopt}); }
        return rows;
    }
    static std::vector<row_key> keys_of(std::vector<row> const& rows)
    {
        std::vector<row_key> keys;
        for (auto const& r : rows) { keys.push_back(r.key()); }
        return keys;
    }

    slot const home{7};
    std::set<std::string> names;
    records_table table{c};
};
MYKEYV_ON_EACH_SERVER(records);

TEST_P(records, come_back_whole)
{
    put({row{slot{16383}, "k", 0xffff'ffff'ffff'ffff, format::document, "{}", unix_ms{1'700'000'000'123}}});
    std::vector<row_key> const keys{{slot{16383}, "k"}};
    int seen = 0;
    must(table.load(keys, [&](row const& r) {
        ++seen;
        EXPECT_EQ(r.slot, slot{16383});
        EXPECT_EQ(r.version, 0xffff'ffff'ffff'ffff);
        EXPECT_EQ(r.format, format::document);
        EXPECT_EQ(r.v, "{}");
        EXPECT_EQ(r.expires_at, unix_ms{1'700'000'000'123});
    }));
    EXPECT_EQ(seen, 1);
}

TEST_P(records, of_keys_that_differ_in_case_blanks_or_zeros_are_different)
{
    std::vector<std::string> const four{"Foo", "foo", "foo\0"s, "foo "};
    for (auto const& k : four) { EXPECT_EQ(put(k, "value of " + k), 1u); }
    EXPECT_EQ(count(home, home), 4u);
    for (auto const& k : four) { EXPECT_THAT(load({{home, k}}), UnorderedElementsAre(Pair(k, "value of " + k))); }
}

TEST_P(records, may_have_any_bytes_in_keys_and_values)
{
    std::string all(256, '\0');
    for (std::size_t i = 0; i < all.size(); ++i) { all[i] = static_cast<char>(i); }
    put(all, all);
    EXPECT_THAT(load({{home, all}}), UnorderedElementsAre(Pair(all, all)));
}

TEST_P(records, may_be_empty)
{
    put("", "");
    EXPECT_THAT(load({{home, ""}}), UnorderedElementsAre(Pair("", "")));
}

TEST_P(records, with_a_key_of_the_longest_length_are_kept_apart_by_its_last_byte)
{
    std::string const a(limits::key_bytes_max, 'k');
    auto b = a;
    b.back() = 'l';
    put(a, "a");
    put(b, "b");
    EXPECT_THAT(load({{home, a}, {home, b}}), UnorderedElementsAre(Pair(a, "a"), Pair(b, "b")));
}

TEST_P(records, with_a_key_one_byte_too_long_are_refused_not_cut)
{
    std::string const k(limits::key_bytes_max + 1, 'k');
    std::uint64_t created = 0;
    std::vector<row> const rows{{home, k, 1, format::bytes, "v", std::nullopt}};
    EXPECT_EQ(table.upsert(rows, created).what, failure::kind::refused);
    must(c.rollback());
    EXPECT_EQ(count(home, home), 0u);
}

TEST_P(records, with_values_of_16_mib_come_back_beside_small_ones)
{
    std::string huge(limits::value_bytes_max_default, 'h');
    for (std::size_t i = 0; i < huge.size(); i += 4096) { huge[i] = static_cast<char>(i >> 12); }
    put({row{home, "a", 1, format::bytes, "small", std::nullopt}, row{home, "b", 2, format::bytes, huge, std::nullopt},
         row{home, "c", 3, format::bytes, "after", std::nullopt}});
    auto const found = load({{home, "a"}, {home, "b"}, {home, "c"}});
    EXPECT_THAT(found, testing::SizeIs(3));
    EXPECT_TRUE(found.at("b") == huge);
    EXPECT_EQ(found.at("a") + found.at("c"), "smallafter");
}

TEST_P(records, that_fill_several_messages_are_one_upsert)
{
    std::string const v(1u << 20, 'v');
    auto rows = many(10);
    for (auto& r : rows) { r.v = v; }
    EXPECT_EQ(put(rows), 10u);
    EXPECT_EQ(count(home, home), 10u);
}

TEST_P(records, that_are_new_are_counted_by_upsert)
{
    auto const rows = many(300);
    EXPECT_EQ(put({rows.begin(), rows.begin() + 100}), 100u);
    auto const changed = many(300, 2);
    EXPECT_EQ(put(changed), 200u);
    EXPECT_EQ(put(many(300, 3)), 0u);
}

TEST_P(records, that_are_replaced_lose_the_old_expiry)
{
    put({row{home, "k", 1, format::document, "old", unix_ms{5}}});
    put("k", "new", 2);
    EXPECT_EQ(ask("SELECT CONCAT(v, ' ', version, ' ', format, ' ', ISNULL(expires_at)) FROM records"), "new 2 0 1");
}

TEST_P(records, are_loaded_in_batches_of_any_size)
{
    auto const rows = many(1000);
    put(rows);
    auto const all = keys_of(rows);
    for (std::size_t size : {0, 1, 2, 3, 64, 65, 255, 256, 257, 999, 1000}) {
        EXPECT_EQ(load({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)}).size(), size);
    }
}

TEST_P(records, that_are_absent_are_not_loaded) { EXPECT_THAT(load({{home, "a"}, {slot{8}, "b"}}), IsEmpty()); }

TEST_P(records, of_another_slot_are_not_loaded)
{
    put("k", "v");
    EXPECT_THAT(load({{slot{8}, "k"}}), IsEmpty());
}

TEST_P(records, tell_their_versions_without_values)
{
    put("a", "v", 41);
    put("b", "v", 42);
    std::map<std::string, std::uint64_t> versions;
    std::vector<row_key> const keys{{home, "a"}, {home, "absent"}, {home, "b"}};
    must(table.load_versions(keys, [&](row_key const& key, std::uint64_t version) { versions.emplace(key.k, version); }));
    EXPECT_THAT(versions, ElementsAre(Pair("a", 41), Pair("b", 42)));
}

TEST_P(records, are_erased_and_counted)
{
    auto const rows = many(300);
    put(rows);
    auto keys = keys_of(rows);
    keys.push_back({home, "zz-absent"});
    EXPECT_EQ(erase({keys.begin() + 10, keys.end()}), 290u);
    EXPECT_EQ(count(home, home), 10u);
}

TEST_P(records, of_a_rolled_back_transaction_are_as_before)
{
    put("k", "before");
    std::uint64_t created = 0;
    std::vector<row> const rows{{home, "k", 2, format::bytes, "after", std::nullopt}};
    must(table.upsert(rows, created));
    must(c.rollback());
    EXPECT_THAT(load({{home, "k"}}), UnorderedElementsAre(Pair("k", "before")));
}

TEST_P(records, are_counted_by_slot)
{
    put({row{slot{0}, "a", 1, format::bytes, "", std::nullopt}, row{slot{0}, "b", 2, format::bytes, "", std::nullopt},
         row{slot{16383}, "c", 3, format::bytes, "", std::nullopt}});
    EXPECT_EQ(count(slot{0}, slot{16383}), 3u);
    EXPECT_EQ(count(slot{1}, slot{16382}), 0u);
    std::map<unsigned, std::uint64_t> counts;
    must(table.count_by_slot(slot{0}, slot{16383}, [&](slot s, std::uint64_t n) { counts[s.number()] = n; }));
    EXPECT_THAT(counts, ElementsAre(Pair(0, 2), Pair(16383, 1)));
}

TEST_P(records, of_some_slots_are_erased_in_bounded_chunks_with_their_expiries)
{
    std::vector<row> rows;
    for (unsigned s : {3u, 4u, 5u}) { rows.push_back({slot{s}, "k", 1, format::bytes, "", unix_ms{9}}); }
    put(rows);
    std::vector<expiry> const lines{{unix_ms{9}, slot{3}, "k"}, {unix_ms{9}, slot{4}, "k"}, {unix_ms{9}, slot{5}, "k"}};
    must(table.add_expiries(lines));
    std::vector<slot> const slots{slot{3}, slot{5}};
    std::uint64_t erased = 0;
    must(table.erase_slots(slots, 1, erased));
    EXPECT_EQ(erased, 1u);
    must(table.erase_slots(slots, 100, erased));
    EXPECT_EQ(erased, 1u);
    EXPECT_EQ(count(slot{0}, slot{16383}), 1u);
    EXPECT_EQ(ask("SELECT GROUP_CONCAT(slot) FROM expiries"), "4");
}

TEST_P(records, of_all_slots_can_be_erased_at_once)
{
    put(many(600));
    std::vector<slot> every;
    for (unsigned s = 0; s < slot::count; ++s) { every.emplace_back(s); }
    std::uint64_t erased = 0;
    must(table.erase_slots(every, 1000, erased));
    EXPECT_EQ(erased, 600u);
}

}  // namespace
}  // namespace mykeyv::store
