// SPDX-License-Identifier: Apache-2.0
// The client with three real nodes on real MariaDBs.
#include "mykeyv/base/limits.hpp"
#include "mykeyv/client/sync_client.hpp"
#include "tests/integration/client/playground.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

namespace mykeyv::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class real_cluster : public testing::Test {
protected:
    sync_client kv{{.seeds = playground::running().seeds(), .operation_timeout = 30s}};

    /// Keys that no other test uses.
    std::string name(std::string const& rest = "") const
    {
        return std::string{testing::UnitTest::GetInstance()->current_test_info()->name()} + ':' + rest;
    }
    std::vector<std::string> names(int count) const
    {
        std::vector<std::string> all;
        for (int i = 0; i < count; ++i) { all.push_back(name(std::to_string(i))); }
        return all;
    }
    void put(std::vector<std::string> const& keys, json const& record)
    {
        std::vector<std::pair<key, encoded>> records;
        for (auto const& each : keys) { records.emplace_back(each, encoded(record)); }
        for (auto const& each : kv.set_many(records)) { ASSERT_FALSE(each.error) << each.key; }
    }
};

TEST_F(real_cluster, documents_come_back_as_they_were)
{
    json const records[] = {nullptr, true, 1.5, "text", json::array(), json::object(), {{"deep", {1, {{"a", json::array()}}}}},
                            9007199254740993, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    for (auto const& record : records) {
        ASSERT_TRUE(kv.set(name(), record)) << record;
        EXPECT_EQ(*kv.get<json>(name()).value(), record);
    }
}

TEST_F(real_cluster, keys_that_look_alike_are_four)
{
    std::vector<std::string> const keys{"Foo", "foo", "foo ", std::string("foo\0", 4)};
    for (std::size_t i = 0; i < keys.size(); ++i) { ASSERT_TRUE(kv.set(keys[i], static_cast<int>(i))); }
    for (std::size_t i = 0; i < keys.size(); ++i) { EXPECT_EQ(*kv.get<int>(keys[i]).value(), static_cast<int>(i)); }
}

TEST_F(real_cluster, a_number_and_its_text_are_one_key)
{
    ASSERT_TRUE(kv.set(42, "answer"));
    EXPECT_EQ(*kv.get<std::string>("42").value(), "answer");
}

TEST_F(real_cluster, the_largest_record_comes_back_and_one_byte_more_is_refused)
{
    bytes record{std::string(limits::value_bytes_max_default, '\xff')};
    ASSERT_TRUE(kv.set(name(), record));
    EXPECT_EQ(kv.get<bytes>(name()).value()->data, record.data);
    record.data += 'x';
    EXPECT_EQ(kv.set(name(), record).error(), errc::value_too_long);
    EXPECT_EQ(kv.get<bytes>(name()).value()->data.size(), limits::value_bytes_max_default);
}

TEST_F(real_cluster, conditions_hold)
{
    EXPECT_EQ(kv.set(name(), 1, {.only_if_present = true}).value(), 0u);
    auto const first = kv.set(name(), 1, {.only_if_absent = true}).value();
    EXPECT_GT(first, 0u);
    EXPECT_EQ(kv.set(name(), 2, {.only_if_absent = true}).value(), 0u);
    auto const second = kv.set(name(), 2, {.if_version = first}).value();
    EXPECT_GT(second, first);
    EXPECT_EQ(kv.set(name(), 3, {.if_version = first}).value(), 0u);
    auto const record = kv.get<int>(name()).value();
    EXPECT_EQ(*record, 2);
    EXPECT_EQ(record.version, second);
}

TEST_F(real_cluster, a_record_with_a_ttl_says_how_long_it_stays)
{
    ASSERT_TRUE(kv.set(name(), 1, {.ttl = 1h}));
    auto const left = kv.get<int>(name()).value().expires_in;
    ASSERT_TRUE(left);
    EXPECT_LE(*left, 1h);
    EXPECT_GT(*left, 50min);
    ASSERT_TRUE(kv.set(name(), 1));
    EXPECT_FALSE(kv.get<int>(name()).value().expires_in);
}

TEST_F(real_cluster, an_erased_record_is_absent)
{
    ASSERT_TRUE(kv.set(name(), 1));
    EXPECT_TRUE(kv.erase(name()).value());
    EXPECT_FALSE(kv.get<int>(name()).value());
    EXPECT_FALSE(kv.erase(name()).value());
}

TEST_F(real_cluster, what_redis_wrote_is_bytes)
{
    ASSERT_TRUE(kv.command_by_key(name(), {"SET", name(), "5"}));
    EXPECT_EQ(kv.get<int>(name()).error(), errc::wrong_type);
    EXPECT_EQ(kv.get<bytes>(name()).value()->data, "5");
}

TEST_F(real_cluster, many_keys_reach_all_nodes)
{
    auto const keys = names(5000);
    put(keys, 7);
    auto const outcomes = kv.get_many<int>(keys);
    ASSERT_EQ(outcomes.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        ASSERT_EQ(outcomes[i].key, keys[i]);
        ASSERT_EQ(*outcomes[i].record, 7);
    }
}

TEST_F(real_cluster, the_nodes_own_every_slot_and_list_every_key)
{
    auto const keys = names(300);
    put(keys, 1);
    auto const nodes = kv.nodes().value();
    EXPECT_EQ(nodes.size(), 3u);
    unsigned slots = 0;
    std::set<std::string> listed;
    for (auto const& node : nodes) {
        for (auto const& range : node.slots) { slots += range.last.number() - range.first.number() + 1u; }
        std::string cursor = "0";
        do {
            auto const page = kv.scan(node.address, cursor, name("*"), 100).value();
            listed.insert(page.keys.begin(), page.keys.end());
            cursor = page.cursor;
        } while (cursor != "0");
    }
    EXPECT_EQ(slots, slot::count);
    EXPECT_EQ(listed, std::set<std::string>(keys.begin(), keys.end()));
}

TEST_F(real_cluster, update_changes_records_on_all_nodes_and_tells_each_outcome)
{
    auto const keys = names(1000);
    put(keys, {{"n", 9007199254740992}});
    auto const outcomes = kv.update(keys, "local r, add = ...; r.n = r.n + add; return true, r.n", 1);
    ASSERT_EQ(outcomes.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        ASSERT_EQ(outcomes[i].key, keys[i]);
        ASSERT_EQ(outcomes[i].status, update_status::stored) << outcomes[i].detail;
        ASSERT_EQ(outcomes[i].result, 9007199254740993);
    }
    EXPECT_EQ((*kv.get<json>(keys[0]).value())["n"], 9007199254740993);
}

TEST_F(real_cluster, update_may_leave_erase_create_and_fail_key_by_key)
{
    auto const keys = names(4);
    put(keys, json::object());
    ASSERT_TRUE(kv.erase(keys[2]));
    auto const outcomes = kv.update(keys, R"(
        local record, deeds, key = ...
        local deed = deeds[key]
        if deed == 'erase' then return kv.erase end
        if deed == 'create' then return kv.put({made = true}) end
        if deed == 'fail' then error('on purpose') end)",
                                    {{keys[1], "erase"}, {keys[2], "create"}, {keys[3], "fail"}});
    EXPECT_EQ(outcomes.at(0).status, update_status::unchanged);
    EXPECT_EQ(outcomes.at(1).status, update_status::erased);
    EXPECT_EQ(outcomes.at(2).status, update_status::stored);
    EXPECT_EQ(outcomes.at(3).status, update_status::error);
    EXPECT_EQ(outcomes.at(3).error, errc::script_runtime);
    EXPECT_NE(outcomes.at(3).detail.find("on purpose"), std::string::npos);
    EXPECT_EQ(*kv.get<json>(keys[2]).value(), (json{{"made", true}}));
    EXPECT_EQ(*kv.get<json>(keys[3]).value(), json::object());
}

TEST_F(real_cluster, update_with_bad_code_says_where)
{
    auto const outcomes = kv.update({name("a"), name("b")}, "return true\nthen what");
    EXPECT_EQ(outcomes.at(1).error, errc::script_compile);
    EXPECT_NE(outcomes.at(1).detail.find('2'), std::string::npos) << outcomes.at(1).detail;
}

TEST_F(real_cluster, one_seed_that_answers_is_enough)
{
    sync_client other{{.seeds = {"127.0.0.1:1", playground::running().seeds().back()}}};
    EXPECT_TRUE(other.set(name(), 1));
}

// The course

class examples : public testing::Test {
protected:
    std::string const seed = playground::running().seeds().front();
};

TEST_F(examples, hello_shows_what_it_stored)
{
    auto const [code, output] = run("hello", seed);
    EXPECT_EQ(code, 0) << output;
    EXPECT_TRUE(output.starts_with(R"({"band":"grateful dead","first":"jerry","plays":"guitar"} version )")) << output;
}

TEST_F(examples, the_grateful_dead_end_with_jerry)
{
    auto const [code, output] = run("grateful_dead", seed);
    EXPECT_EQ(code, 0) << output;
    EXPECT_TRUE(output.starts_with("jerry record set!\n")) << output;
    EXPECT_NE(output.find("pigpen: stored \"dead\"\n"), std::string::npos) << output;
    EXPECT_TRUE(output.ends_with("\njerry played for the grateful dead\n")) << output;
}

TEST_F(examples, coroutines_read_from_top_to_bottom)
{
    auto const [code, output] = run("coroutines", seed);
    EXPECT_EQ(code, 0) << output;
    EXPECT_EQ(output, "visits: 2\nticket: row A, seat 1, expires\nerased: true, there: false\n");
}

TEST_F(examples, structs_are_records)
{
    auto const [code, output] = run("structs", seed);
    EXPECT_EQ(code, 0) << output;
    EXPECT_TRUE(output.starts_with("phil: lesh, born in 1940\nbobby: weir, born in 1947\nbill: ")) << output;
}

TEST_F(examples, say_what_is_wrong_when_nobody_is_there)
{
    for (auto const* name : {"grateful_dead", "coroutines", "structs"}) {
        auto const [code, output] = run(name, "127.0.0.1:1");
        EXPECT_EQ(code, 1) << name;
        EXPECT_NE(output.find("no connection to the node could be made"), std::string::npos) << output;
    }
}

}  // namespace
}  // namespace mykeyv::test
