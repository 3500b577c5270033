// SPDX-License-Identifier: Apache-2.0
// Pages of a slot's keys, and the sweeper's list.
#include "mykeyv/store/mysql/records_table.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <string>

namespace mykeyv::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class pages : public test::mysql_test {
protected:
    struct page {
        std::vector<std::string> keys;
        std::uint32_t last_hash = 0;
    };

    void put(std::vector<std::string> const& keys)
    {
        std::vector<row> rows;
        for (auto const& k : keys) { rows.push_back({home, k, 1, format::bytes, "v", std::nullopt}); }
        std::uint64_t created = 0;
        must(table.upsert(rows, created));
        must(c.commit());
    }
    page read(std::uint32_t first_hash, std::size_t limit)
    {
        page found;
        must(table.keys_page(home, first_hash, limit, [&](std::string_view k, std::uint32_t hash, std::optional<unix_ms>) {
            found.keys.emplace_back(k);
            found.last_hash = hash;
        }));
        return found;
    }
    std::vector<std::string> due(std::int64_t now, std::size_t limit = 100)
    {
        std::vector<std::string> found;
        must(table.due_expiries(unix_ms{now}, limit, [&](expiry const& line) {
            found.push_back(std::to_string(line.expires_at.value) + ":" + std::to_string(line.slot.number()) + ":" + std::string{line.k});
        }));
        return found;
    }

    slot const home{7};
    records_table table{c};
};
MYKEYV_ON_EACH_SERVER(pages);

TEST_P(pages, meet_every_key_of_the_slot_exactly_once)
{
    std::vector<std::string> keys;
    for (int i = 0; i < 500; ++i) { keys.push_back("key-" + std::to_string(i)); }
    put(keys);
    std::map<std::string, int> seen;
    std::uint32_t from = 0;
    for (;;) {
        auto const p = read(from, 7);
        for (auto const& k : p.keys) { ++seen[k]; }
        if (p.keys.size() < 7) { break; }
        from = p.last_hash + 1;
    }
    EXPECT_EQ(seen.size(), 500u);
    for (auto const& [key, times] : seen) { EXPECT_EQ(times, 1) << key; }
}

// These two have the CRC-32 4ddb0c25.
TEST_P(pages, do_not_part_keys_of_one_hash)
{
    put({"plumless", "buckeroo"});
    auto const p = read(0, 1);
    EXPECT_EQ(p.last_hash, 0x4ddb0c25u);
    EXPECT_THAT(p.keys, ElementsAre("buckeroo", "plumless"));
    EXPECT_THAT(read(p.last_hash + 1, 1).keys, IsEmpty());
}

TEST_P(pages, end_before_the_next_hash)
{
    put({"plumless", "buckeroo", "other"});
    std::vector<std::string> seen;
    for (auto p = read(0, 1); !p.keys.empty(); p = read(p.last_hash + 1, 1)) {
        seen.insert(seen.end(), p.keys.begin(), p.keys.end());
        if (p.last_hash == std::numeric_limits<std::uint32_t>::max()) { break; }
    }
    EXPECT_THAT(seen, testing::UnorderedElementsAre("plumless", "buckeroo", "other"));
}

TEST_P(pages, tell_when_a_key_expires)
{
    std::vector<row> const rows{{home, "k", 1, format::bytes, "v", unix_ms{77}}};
    std::uint64_t created = 0;
    must(table.upsert(rows, created));
    std::optional<unix_ms> at;
    must(table.keys_page(home, 0, 10, [&](std::string_view, std::uint32_t, std::optional<unix_ms> expires_at) { at = expires_at; }));
    EXPECT_EQ(at, unix_ms{77});
}

TEST_P(pages, of_the_sweepers_list_hold_what_is_due_oldest_first)
{
    std::vector<expiry> const lines{
        {unix_ms{30}, home, "c"}, {unix_ms{10}, home, "a"}, {unix_ms{20}, slot{1}, "b"}, {unix_ms{31}, home, "d"}};
    must(table.add_expiries(lines));
    EXPECT_THAT(due(30), ElementsAre("10:7:a", "20:1:b", "30:7:c"));
    EXPECT_THAT(due(30, 2), ElementsAre("10:7:a", "20:1:b"));
    EXPECT_THAT(due(9), IsEmpty());
}

TEST_P(pages, of_the_sweepers_list_take_lines_twice_and_lose_absent_ones_quietly)
{
    std::vector<expiry> const lines{{unix_ms{10}, home, "a"}, {unix_ms{10}, home, "b"}};
    must(table.add_expiries(lines));
    must(table.add_expiries(lines));
    EXPECT_THAT(due(10), ElementsAre("10:7:a", "10:7:b"));
    std::vector<expiry> const gone{{unix_ms{10}, home, "a"}, {unix_ms{11}, home, "b"}};
    must(table.remove_expiries(gone));
    EXPECT_THAT(due(10), ElementsAre("10:7:b"));
}

}  // namespace
}  // namespace mykeyv::store
