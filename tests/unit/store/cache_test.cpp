// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/cache.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace mykeyv::store {
namespace {

class a_cache : public ::testing::Test {
protected:
    void publish(std::string const& key, std::string const& value)
    {
        record_view const record{.value = value, .format = format::bytes, .version = 1, .expires_at = {}};
        cache_.publish(slot_of(key), key, &record);
    }
    std::string found(std::string const& key)
    {
        auto const record = cache_.find(slot_of(key), key);
        return !record ? "unknown" : !record.present() ? "absent" : std::string{record.view().value};
    }
    bool fill(std::string const& key, std::string const& value, write_stamps::stamp before)
    {
        record_view const record{.value = value, .format = format::bytes, .version = 1, .expires_at = {}};
        return cache_.fill(slot_of(key), key, &record, stamps_, before);
    }

    /// All of slot {a}; nothing: nothing is known of the key.
    void put_aside(std::vector<std::pair<std::string, std::optional<std::string>>> const& all)
    {
        std::vector<std::string_view> keys;
        std::vector<std::optional<record_view>> records;
        for (auto const& [key, value] : all) {
            keys.push_back(key);
            auto& record = records.emplace_back();
            if (value) { record = {.value = *value, .format = format::bytes, .version = 1, .expires_at = {}}; }
        }
        cache_.put_aside(slot_of("{a}"), keys, records);
    }

    static constexpr std::size_t bytes_max = 1 << 20;
    cache cache_{bytes_max};
    write_stamps stamps_;
};

TEST_F(a_cache, knows_nothing_at_first) { EXPECT_EQ(found("k"), "unknown"); }

TEST_F(a_cache, gives_back_the_whole_record)
{
    record_view const record{.value = "v", .format = format::document, .version = 42, .expires_at = unix_ms{7}};
    cache_.publish(slot_of("k"), "k", &record);
    auto const got = cache_.find(slot_of("k"), "k").view();
    EXPECT_EQ(got.format, format::document);
    EXPECT_EQ(got.version, 42u);
    EXPECT_EQ(got.expires_at, unix_ms{7});
}

TEST_F(a_cache, remembers_absence)
{
    cache_.publish(slot_of("k"), "k", nullptr);
    EXPECT_EQ(found("k"), "absent");
}

TEST_F(a_cache, tells_keys_apart_byte_by_byte)
{
    using namespace std::string_literals;
    for (auto const& key : {"Foo"s, "foo"s, "foo "s, "foo\0"s}) { publish(key, key + "!"); }
    for (auto const& key : {"Foo"s, "foo"s, "foo "s, "foo\0"s}) { EXPECT_EQ(found(key), key + "!"); }
}

TEST_F(a_cache, entry_that_somebody_holds_outlives_its_replacement)
{
    publish("k", "old");
    auto const held = cache_.find(slot_of("k"), "k");
    publish("k", "new");
    cache_.forget("k");
    EXPECT_EQ(held.view().value, "old");
    EXPECT_EQ(found("k"), "unknown");
}

TEST_F(a_cache, never_holds_more_than_its_bytes)
{
    for (int i = 0; i < 20'000; ++i) { publish("key " + std::to_string(i), std::string(100, 'v')); }
    EXPECT_LE(cache_.figures().bytes, bytes_max);
    EXPECT_GT(cache_.figures().bytes, bytes_max * 9 / 10);
    EXPECT_EQ(cache_.figures().records + cache_.figures().evictions, 20'000u);
}

TEST_F(a_cache, spends_at_most_80_bytes_beyond_key_and_value_on_the_average)
{
    std::size_t records = 0;
    std::size_t payload = 0;
    for (std::size_t bytes = 100; bytes < 116; ++bytes, ++records, payload += 2 + bytes) {
        publish(std::to_string(10 + records), std::string(bytes, 'v'));
    }
    EXPECT_LE(cache_.figures().bytes, payload + records * 80);
}

TEST_F(a_cache, keeps_what_is_used_through_a_scan)
{
    publish("hot", "v");
    for (int i = 0; i < 50'000; ++i) {
        publish("scan " + std::to_string(i), std::string(100, 'v'));
        if (i % 50 == 0) { ASSERT_EQ(found("hot"), "v") << "after " << i; }
    }
}

TEST_F(a_cache, does_not_keep_a_record_over_a_64th_of_itself_nor_what_it_had_before)
{
    publish("k", "small");
    publish("k", std::string(bytes_max / 32, 'v'));
    EXPECT_EQ(found("k"), "unknown");
}

TEST_F(a_cache, of_no_bytes_keeps_nothing)
{
    cache none{0};
    none.publish(slot_of("k"), "k", nullptr);
    EXPECT_FALSE(none.find(slot_of("k"), "k"));
}

TEST_F(a_cache, is_filled_by_a_read_that_no_write_overlapped)
{
    EXPECT_TRUE(fill("k", "v", stamps_.read(slot_of("k"))));
    EXPECT_EQ(found("k"), "v");
}

TEST_F(a_cache, is_not_filled_by_a_read_that_began_during_a_write)
{
    stamps_.begin(slot_of("k"));
    auto const before = stamps_.read(slot_of("k"));
    stamps_.end(slot_of("k"));
    EXPECT_FALSE(fill("k", "v", before));
    EXPECT_EQ(found("k"), "unknown");
}

TEST_F(a_cache, is_not_filled_by_a_read_that_a_write_overtook)
{
    auto const before = stamps_.read(slot_of("k"));
    stamps_.begin(slot_of("k"));
    EXPECT_FALSE(fill("k", "old", before));
    publish("k", "new");
    stamps_.end(slot_of("k"));
    EXPECT_FALSE(fill("k", "old", before));
    EXPECT_EQ(found("k"), "new");
}

TEST_F(a_cache, forgets_all_keys_of_a_dropped_slot_and_no_others)
{
    publish("{a}1", "v");
    publish("{a}2", "v");
    publish("{b}1", "v");
    cache_.drop_slot(slot_of("{a}"));
    EXPECT_EQ(found("{a}1"), "unknown");
    EXPECT_EQ(found("{a}2"), "unknown");
    EXPECT_EQ(found("{b}1"), "v");
    publish("{a}1", "again");
    EXPECT_EQ(found("{a}1"), "again");
}

TEST_F(a_cache, finds_nothing_from_before_however_often_a_slot_was_dropped)
{
    publish("{a}1", "old");
    for (int drops = 0; drops < 600; ++drops) {
        cache_.drop_slot(slot_of("{a}"));
        ASSERT_EQ(found("{a}2"), "unknown");
    }
    EXPECT_EQ(found("{a}1"), "unknown");
    publish("{a}1", "old");
    for (int drops = 0; drops < 256; ++drops) { cache_.drop_slot(slot_of("{a}")); }
    EXPECT_EQ(found("{a}1"), "unknown");
}

TEST_F(a_cache, finds_what_was_put_aside_for_a_slot_when_that_is_taken_up_and_nothing_older)
{
    publish("{a}1", "old");
    publish("{a}2", "old");
    publish("{b}1", "other");
    cache_.drop_slot(slot_of("{a}"));
    put_aside({{"{a}1", "new"}, {"{a}3", "new"}});
    EXPECT_EQ(found("{a}3"), "unknown");
    put_aside({{"{a}1", "new"}, {"{a}3", "newer"}});
    cache_.take_up(slot_of("{a}"));
    EXPECT_EQ(found("{a}1"), "new");
    EXPECT_EQ(found("{a}2"), "unknown");
    EXPECT_EQ(found("{a}3"), "newer");
    EXPECT_EQ(found("{b}1"), "other");
}

TEST_F(a_cache, forgets_what_was_put_aside_of_a_key_that_nothing_is_known_of_any_more)
{
    put_aside({{"{a}1", "v"}, {"{a}2", "v"}});
    put_aside({{"{a}1", std::nullopt}});
    cache_.take_up(slot_of("{a}"));
    EXPECT_EQ(found("{a}1"), "unknown");
    EXPECT_EQ(found("{a}2"), "v");
}

TEST_F(a_cache, never_finds_what_was_put_aside_before_its_slot_was_dropped)
{
    for (int i = 0; i < 600; ++i) {
        put_aside({{"{a}1", "v"}});
        cache_.drop_slot(slot_of("{a}"));
        ASSERT_EQ(found("{a}1"), "unknown") << i;
        put_aside({{"{a}2", std::to_string(i)}});
        cache_.take_up(slot_of("{a}"));
        ASSERT_EQ(found("{a}1"), "unknown") << i;
        ASSERT_EQ(found("{a}2"), std::to_string(i));
        cache_.drop_slot(slot_of("{a}"));
        ASSERT_EQ(found("{a}2"), "unknown") << i;
    }
}

TEST_F(a_cache, finds_nothing_older_than_what_was_taken_up_however_often_its_slot_was_dropped_before)
{
    for (int drops = 0; drops < 300; ++drops) {
        cache fresh{bytes_max};
        record_view const record{.value = "v", .format = format::bytes, .version = 1, .expires_at = {}};
        auto const has = [&](std::string_view key) { return bool{fresh.find(slot_of("{a}"), key)}; };
        auto const put = [&](std::string_view key) {
            std::optional<record_view> const one{record};
            fresh.put_aside(slot_of("{a}"), {&key, 1}, {&one, 1});
        };
        fresh.publish(slot_of("{a}"), "{a}old", &record);
        fresh.publish(slot_of("{b}"), "{b}", &record);
        put("{a}first");
        fresh.take_up(slot_of("{a}"));
        for (int i = 0; i < drops; ++i) { fresh.drop_slot(slot_of("{a}")); }
        put("{a}new");
        ASSERT_FALSE(has("{a}new")) << drops;
        fresh.take_up(slot_of("{a}"));
        ASSERT_TRUE(has("{a}new")) << drops;
        ASSERT_FALSE(has("{a}old")) << drops;
        ASSERT_FALSE(has("{a}first")) << drops;
        fresh.drop_slot(slot_of("{a}"));
        ASSERT_FALSE(has("{a}new")) << drops;
        ASSERT_TRUE(fresh.find(slot_of("{b}"), "{b}")) << "of another slot";
    }
}

TEST_F(a_cache, says_which_keys_of_a_slot_it_has_and_counts_that_as_no_use)
{
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) { keys.push_back("{a}" + std::to_string(i)); }
    for (std::size_t i = 0; i < keys.size(); i += 2) { publish(keys[i], "v"); }
    std::vector<std::string_view> const asked{keys.begin(), keys.end()};
    auto const before = cache_.figures();
    auto const has = cache_.has(slot_of("{a}"), asked);
    for (std::size_t i = 0; i < keys.size(); ++i) { EXPECT_EQ(has[i], i % 2 == 0) << keys[i]; }
    EXPECT_EQ(cache_.figures().hits, before.hits);
    EXPECT_EQ(cache_.figures().misses, before.misses);
    cache_.drop_slot(slot_of("{a}"));
    EXPECT_EQ(cache_.has(slot_of("{a}"), asked), std::vector<bool>(keys.size()));
}

TEST_F(a_cache, cleared_knows_nothing)
{
    for (int i = 0; i < 1000; ++i) { publish(std::to_string(i), "v"); }
    cache_.clear();
    EXPECT_EQ(found("7"), "unknown");
    EXPECT_EQ(cache_.figures().bytes, 0u);
}

TEST_F(a_cache, is_as_it_was_after_a_prefetch_of_what_it_has_and_what_it_has_not)
{
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) { keys.push_back(std::to_string(i)); }
    for (auto const& key : keys) { publish(key, key); }
    keys.emplace_back();
    keys.emplace_back("unknown");
    auto const before = cache_.figures();
    std::vector<std::string_view> const asked{keys.begin(), keys.end()};
    cache_.prefetch(asked);
    cache_.prefetch({});
    auto const after = cache_.figures();
    EXPECT_EQ(after.hits, before.hits);
    EXPECT_EQ(after.misses, before.misses);
    EXPECT_EQ(after.bytes, before.bytes);
    EXPECT_EQ(found("7"), "7");
    EXPECT_EQ(found("unknown"), "unknown");
}

TEST_F(a_cache, can_be_used_from_several_threads)
{
    auto const work = [this](int seed) {
        for (int i = 0; i < 20'000; ++i) {
            auto const key = std::to_string((i * 31 + seed) % 500);
            if (i % 3 == 0) { publish(key, key); }
            std::string_view const soon = key;
            if (i % 5 == 0) { cache_.prefetch({&soon, 1}); }
            auto const got = found(key);
            if (got != "unknown" && got != key) { return false; }
        }
        return true;
    };
    bool other_is_fine = false;
    std::thread other{[&] { other_is_fine = work(7); }};
    EXPECT_TRUE(work(0));
    other.join();
    EXPECT_TRUE(other_is_fine);
}

}  // namespace
}  // namespace mykeyv::store
