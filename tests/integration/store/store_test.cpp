// SPDX-License-Identifier: Apache-2.0
// The whole store, over a real server: what was acknowledged is there, whatever happens to its connections.
#include "mykeyv/store/store.hpp"

#include "mykeyv/store/mysql/processlist.hpp"
#include "tests/integration/fixtures/mysql_servers.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <map>
#include <set>
#include <thread>

namespace mykeyv::store {
namespace {

using testing::UnorderedElementsAre;

/// One key, one function; the outcome and what was seen go to whoever waits.
class awaited final : public operation {
public:
    struct end {
        errc outcome = errc::ok;
        std::vector<std::optional<std::string>> saw;
    };
    using function = std::function<change(record_view const*)>;

    awaited(std::vector<std::string> keys, enum access how, function decide)
        : operation{slot_of(keys.front()), std::move(keys), how}, decide_{std::move(decide)}
    {
    }
    std::future<end> ended() { return promise_.get_future(); }

    void decide(std::span<record_view const* const> before, context const&, std::span<change> after) override
    {
        end_.saw.clear();
        for (std::size_t i = 0; i < before.size(); ++i) {
            end_.saw.push_back(before[i] != nullptr ? std::optional<std::string>{before[i]->value} : std::nullopt);
            after[i] = decide_(before[i]);
        }
    }
    void completed(operation_ptr, errc outcome) noexcept override
    {
        end_.outcome = outcome;
        promise_.set_value(std::move(end_));
    }
    end take() { return std::move(end_); }

private:
    function decide_;
    end end_;
    std::promise<end> promise_;
};

class hand_clock final : public clock {
public:
    unix_ms now() const noexcept override { return {time.load()}; }
    std::atomic<std::int64_t> time{1'000'000};
};

class a_store : public mykeyv::test::mysql_test {
protected:
    std::unique_ptr<class store> open(std::size_t cache_bytes = 64u << 20)
    {
        mykeyv::store::settings wanted;
        wanted.mysql = mysql_settings{.socket = settings.socket, .host = {}, .user = settings.user, .password = settings.password,
                                      .database = settings.database};
        wanted.allow_unsafe_mysql = true;  // the servers of these tests need not survive a power cut
        wanted.cache_bytes = cache_bytes;
        auto opened = std::make_unique<class store>(std::move(wanted), log_, clock_, [this] { fenced_ = true; });
        if (!opened->ever_owned()) {
            std::vector<slot> all;
            for (unsigned i = 0; i < slot::count; ++i) { all.emplace_back(i); }
            opened->claim(all);
        }
        opened->start();
        return opened;
    }

    static awaited::end run(class store& on, std::unique_ptr<awaited> op, bool in_order = false)
    {
        if (op->access() == access::read && !in_order && on.try_cached(*op, on.moment())) { return op->take(); }
        auto ended = op->ended();
        in_order ? on.submit_in_order(std::move(op)) : on.submit(std::move(op));
        return ended.get();
    }
    static std::unique_ptr<awaited> reading(std::vector<std::string> keys)
    {
        return std::make_unique<awaited>(std::move(keys), access::read, [](record_view const*) { return keep{}; });
    }
    static errc set(class store& on, std::string key, std::string value, std::optional<unix_ms> expires_at = {})
    {
        return run(on, std::make_unique<awaited>(std::vector{std::move(key)}, access::blind_write, [&](record_view const*) {
                       return put{value, format::bytes, expires_at};
                   })).outcome;
    }
    static awaited::end increment(class store& on, std::string key)
    {
        auto const one_more = [](record_view const* before) {
            return put{std::to_string(before != nullptr ? std::stoll(std::string{before->value}) + 1 : 1), format::bytes, {}};
        };
        return run(on, std::make_unique<awaited>(std::vector{std::move(key)}, access::write, one_more));
    }
    static std::string get(class store& on, std::string key)
    {
        auto const end = run(on, reading({std::move(key)}));
        return end.outcome != errc::ok ? std::string{message(end.outcome)} : end.saw.at(0).value_or("absent");
    }
    static std::uint64_t count(class store& on)
    {
        std::promise<std::uint64_t> counted;
        on.async_count(std::nullopt, [&](errc, std::uint64_t records) { counted.set_value(records); });
        return counted.get_future().get();
    }
    static std::multiset<std::string> all_keys(class store& on, std::size_t page)
    {
        std::multiset<std::string> keys;
        std::uint64_t cursor = 0;
        do {
            std::promise<key_page> got;
            on.async_keys(cursor, page, [&](errc, key_page each) { got.set_value(std::move(each)); });
            auto const each = got.get_future().get();
            keys.insert(each.keys.begin(), each.keys.end());
            cursor = each.next_cursor;
        } while (cursor != 0);
        return keys;
    }
    // On connections of their own: a take-over has ended those from before.
    std::string asked(std::string const& sql)
    {
        auto fresh = connect();
        return ask(fresh, sql);
    }
    /// Ends every session of the store, as a DBA would.
    void kill_sessions()
    {
        auto fresh = connect();
        must(end_other_connections(fresh, std::chrono::seconds{20}));
    }

    mykeyv::log log_{log_level::off};
    hand_clock clock_;
    std::atomic<bool> fenced_{false};
};

TEST_P(a_store, gives_back_what_was_set)
{
    auto const s = open();
    EXPECT_EQ(get(*s, "k"), "absent");
    EXPECT_EQ(set(*s, "k", "v"), errc::ok);
    EXPECT_EQ(get(*s, "k"), "v");
}

TEST_P(a_store, promise_1_an_acknowledged_write_is_committed_in_mysql)
{
    auto const s = open();
    ASSERT_EQ(set(*s, "k", "v"), errc::ok);
    EXPECT_EQ(asked("SELECT v FROM records WHERE k='k'"), "v");
}

TEST_P(a_store, opened_again_has_its_records_and_its_slots)
{
    auto s = open();
    auto const id = s->id();
    set(*s, "k", "v");
    s.reset();
    s = open();
    EXPECT_EQ(s->id(), id);
    EXPECT_TRUE(s->owns(slot{7}));
    EXPECT_EQ(get(*s, "k"), "v");
}

TEST_P(a_store, without_a_cache_answers_from_mysql)
{
    auto const s = open(0);
    for (int i = 0; i < 20; ++i) { ASSERT_EQ(increment(*s, "n").outcome, errc::ok); }
    EXPECT_EQ(get(*s, "n"), "20");
}

TEST_P(a_store, sees_several_keys_of_a_slot_together)
{
    auto const s = open();
    std::vector<std::string> const keys{"{t}a", "{t}b", "{t}c"};
    std::atomic<bool> stop{false};
    std::thread writer{[&] {
        for (int i = 0; !stop; ++i) {
            run(*s, std::make_unique<awaited>(keys, access::blind_write,
                                              [&](record_view const*) { return put{std::to_string(i), format::bytes, {}}; }));
        }
    }};
    for (int i = 0; i < 3000; ++i) {
        auto const saw = run(*s, reading(keys)).saw;
        ASSERT_EQ(saw.at(0), saw.at(1));
        ASSERT_EQ(saw.at(1), saw.at(2));
    }
    stop = true;
    writer.join();
}

TEST_P(a_store, promise_6_tells_the_truth_about_writes_while_its_sessions_are_killed)
{
    auto const s = open();
    std::atomic<bool> stop{false};
    struct tally {
        std::atomic<std::int64_t> acknowledged{0};
        std::int64_t unknown = 0;
    };
    std::map<std::string, tally> tallies;
    for (auto const* const key : {"a", "b", "c", "d"}) { tallies[key]; }
    std::vector<std::thread> writers;
    for (auto& [key, counts] : tallies) {
        writers.emplace_back([&, name = key, &mine = counts] {
            while (!stop) {
                auto const outcome = increment(*s, name).outcome;
                if (outcome == errc::ok) {
                    ++mine.acknowledged;
                    mine.acknowledged.notify_all();
                }
                mine.unknown += outcome == errc::outcome_unknown ? 1 : 0;
            }
        });
    }
    for (int round = 0; round < 20; ++round) {
        for (auto& [key, counts] : tallies) { counts.acknowledged.wait(counts.acknowledged); }  // until there is one more
        kill_sessions();
    }
    stop = true;
    for (auto& each : writers) { each.join(); }
    for (auto const& [key, counts] : tallies) {
        SCOPED_TRACE(key);
        EXPECT_GE(counts.acknowledged, 20);
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        auto now = get(*s, key);
        while (now == message(errc::cluster_down) && std::chrono::steady_clock::now() < deadline) { now = get(*s, key); }
        EXPECT_GE(std::stoll(now), counts.acknowledged);
        EXPECT_LE(std::stoll(now), counts.acknowledged + counts.unknown);
    }
}

TEST_P(a_store, promise_2_repeats_a_batch_that_waited_too_long_for_a_lock_as_if_it_had_never_begun)
{
    auto const s = open(0);
    ASSERT_EQ(set(*s, "{t}b", "v"), errc::ok);
    auto blocker = connect();
    text_rows rows;
    must(blocker.query("SELECT v FROM records WHERE k='{t}b' FOR UPDATE", rows));
    ASSERT_EQ(rows.size(), 1u);
    // One more in {t}a, {t}b erased: the upsert succeeds, the DELETE waits until it times out.
    int decisions = 0;
    auto op = std::make_unique<awaited>(std::vector<std::string>{"{t}a", "{t}b"}, access::write, [&](record_view const* before) -> change {
        ++decisions;
        if (before != nullptr && before->value == "v") { return erase{}; }
        return put{std::to_string(before != nullptr ? std::stoll(std::string{before->value}) + 1 : 1), format::bytes, {}};
    });
    auto ended = op->ended();
    s->submit(std::move(op));
    ended.wait_for(std::chrono::seconds{7});  // longer than a lane waits for a lock: it has begun again by then
    must(blocker.rollback());
    EXPECT_EQ(ended.get().outcome, errc::ok);
    EXPECT_GE(decisions, 4);
    EXPECT_EQ(get(*s, "{t}a"), "1");
    EXPECT_EQ(get(*s, "{t}b"), "absent");
}

TEST_P(a_store, erases_what_has_expired_by_itself)
{
    auto const s = open();
    set(*s, "short", "v", unix_ms{1'000'500});
    set(*s, "long", "v", unix_ms{9'000'000});
    set(*s, "for ever", "v");
    clock_.time = 1'000'500;
    EXPECT_EQ(get(*s, "short"), "absent");
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (count(*s) > 2 && std::chrono::steady_clock::now() < deadline) {}
    EXPECT_EQ(asked("SELECT COUNT(*) FROM records"), "2");
    EXPECT_EQ(asked("SELECT COUNT(*) FROM expiries"), "1");
}

TEST_P(a_store, spares_a_record_whose_expiry_was_moved)
{
    auto const s = open();
    set(*s, "k", "old", unix_ms{1'000'500});
    set(*s, "k", "new", unix_ms{9'000'000});
    clock_.time = 1'000'500;
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (asked("SELECT COUNT(*) FROM expiries") != "1" && std::chrono::steady_clock::now() < deadline) {}
    EXPECT_EQ(asked("SELECT COUNT(*) FROM expiries"), "1");
    EXPECT_EQ(get(*s, "k"), "new");
}

TEST_P(a_store, lists_every_key_once_whatever_the_page)
{
    auto const s = open();
    std::multiset<std::string> expected;
    for (int i = 0; i < 60; ++i) {
        auto const key = (i % 2 == 0 ? "{one slot}" : "") + std::to_string(i);
        set(*s, key, "v");
        expected.insert(key);
    }
    EXPECT_EQ(all_keys(*s, 1), expected);
    EXPECT_EQ(all_keys(*s, 7), expected);
    EXPECT_EQ(all_keys(*s, 1000), expected);
    EXPECT_EQ(count(*s), 60u);
}

TEST_P(a_store, erased_whole_is_empty)
{
    auto const s = open();
    for (int i = 0; i < 100; ++i) { set(*s, std::to_string(i), "v", unix_ms{9'000'000}); }
    std::promise<errc> erased;
    s->async_erase_all([&](errc outcome) { erased.set_value(outcome); });
    EXPECT_EQ(erased.get_future().get(), errc::ok);
    EXPECT_EQ(get(*s, "7"), "absent");
    EXPECT_EQ(count(*s), 0u);
    EXPECT_EQ(asked("SELECT COUNT(*) FROM expiries"), "0");
}

TEST_P(a_store, that_another_one_replaced_serves_and_commits_no_more)
{
    auto const first = open();
    ASSERT_EQ(set(*first, "k", "first"), errc::ok);
    auto const second = open();
    EXPECT_EQ(get(*second, "k"), "first");
    ASSERT_EQ(set(*second, "k", "second"), errc::ok);
    EXPECT_EQ(get(*first, "k"), message(errc::cluster_down));
    EXPECT_NE(set(*first, "k", "late"), errc::ok);
    EXPECT_TRUE(fenced_);
    EXPECT_EQ(get(*second, "k"), "second");
}

TEST_P(a_store, remembers_code_and_topology)
{
    auto s = open();
    std::promise<script_id> saved;
    s->async_save_script("return true", [&](errc, script_id id) { saved.set_value(id); });
    auto const id = saved.get_future().get();
    s->save_topology(3, R"({"version":3})");
    s.reset();
    s = open();
    ASSERT_NE(s->find_script(id), nullptr);
    EXPECT_EQ(*s->find_script(id), "return true");
    EXPECT_EQ(s->topology(), R"({"version":3})");
}

MYKEYV_ON_EACH_SERVER(a_store);

}  // namespace
}  // namespace mykeyv::store
