// SPDX-License-Identifier: Apache-2.0
#include "direct.hpp"

#include "sql.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <exception>
#include <functional>
#include <thread>

namespace mykeyv::bench {
namespace {

using steady = std::chrono::steady_clock;

/// One thread's share: its connection, and what it does again and again. Returns whether what was read is right.
using step = std::function<bool(std::uint64_t i, std::uint64_t number)>;

step get_step(sql_connection& c, work const& w)
{
    auto const select = std::make_shared<sql_statement>(c, "SELECT v FROM kv WHERE k=?", 1);
    return [select, &w](std::uint64_t i, std::uint64_t) {
        auto const key = key_of(w.prefix, i);
        select->execute({&key, 1});
        bool const right = select->fetch() && select->column(0) == value_of(key, w.value_bytes);
        select->end_rows();
        return right;
    };
}

/// `i` is a group's number. One statement for all, or one for each.
step mget_step(sql_connection& c, work const& w)
{
    std::string several = "SELECT k,v FROM kv WHERE k IN (?";
    for (std::uint64_t i = 1; i < mget_keys; ++i) { several += ",?"; }
    bool const single = w.operation == "mget_single";
    auto const select = std::make_shared<sql_statement>(c, single ? "SELECT k,v FROM kv WHERE k=?" : several + ")", 2);
    return [select, single, &w](std::uint64_t group, std::uint64_t) {
        std::vector<std::string> keys;
        for (std::uint64_t i = 0; i < mget_keys; ++i) { keys.push_back(grouped_key_of(w.prefix, group * mget_keys + i)); }
        std::size_t right = 0;
        for (std::size_t at = 0; at < keys.size(); at += single ? 1 : keys.size()) {
            select->execute(std::span<std::string const>{keys}.subspan(at));
            while (select->fetch()) { right += select->column(1) == value_of(select->column(0), w.value_bytes) ? 1 : 0; }
            select->end_rows();
        }
        return right == mget_keys;
    };
}

step set_step(sql_connection& c, work const& w)
{
    c.autocommit(true);
    auto const upsert = std::make_shared<sql_statement>(c, "INSERT INTO kv (k,v) VALUES (?,?) ON DUPLICATE KEY UPDATE v=VALUES(v)");
    return [upsert, &w](std::uint64_t i, std::uint64_t number) {
        std::array<std::string, 2> const row{key_of(w.prefix, i), value_number(number, w.value_bytes)};
        upsert->execute(row);
        return upsert->rows_affected() > 0;
    };
}

/// As INCR it gives the new number back.
step incr_step(sql_connection& c, work const& w)
{
    c.autocommit(true);
    auto const upsert = std::make_shared<sql_statement>(
        c, "INSERT INTO counters (k,n) VALUES (?,LAST_INSERT_ID(1)) ON DUPLICATE KEY UPDATE n=LAST_INSERT_ID(n+1)");
    return [upsert, &c, &w](std::uint64_t i, std::uint64_t) {
        auto const key = key_of(w.prefix, i);
        upsert->execute({&key, 1});
        return mysql_insert_id(c.get()) > 0;
    };
}

/// SELECT ... FOR UPDATE, a change in this program, UPDATE, COMMIT.
step update_step(sql_connection& c, work const& w)
{
    c.autocommit(false);
    auto const select = std::make_shared<sql_statement>(c, "SELECT doc FROM docs WHERE k=? FOR UPDATE", 1);
    auto const update = std::make_shared<sql_statement>(c, "UPDATE docs SET doc=? WHERE k=?");
    return [select, update, &c, &w](std::uint64_t i, std::uint64_t) {
        std::array<std::string, 2> row{"", key_of(w.prefix, i)};
        select->execute(std::span<std::string const>{row}.subspan(1));
        if (!select->fetch()) { return false; }
        auto document = nlohmann::json::parse(select->column(0));
        select->end_rows();
        document["n"] = document["n"].get<std::int64_t>() + 1;
        row[0] = document.dump();
        update->execute(row);
        c.commit();
        return update->rows_affected() == 1;
    };
}

step make_step(sql_connection& c, work const& w)
{
    if (w.operation == "get") { return get_step(c, w); }
    if (w.operation == "mget" || w.operation == "mget_single") { return mget_step(c, w); }
    if (w.operation == "set") { return set_step(c, w); }
    if (w.operation == "incr") { return incr_step(c, w); }
    if (w.operation == "update" || w.operation == "update_many") { return update_step(c, w); }
    throw std::invalid_argument{"mysql has no " + w.operation};
}

figures fill(work const& w)
{
    sql_connection c{w.socket, "direct"};
    auto const begin = steady::now();
    bool const documents = w.operation == "fill_docs";
    for (std::uint64_t first = 0; first < w.keys; first += 1000) {
        std::string rows;
        for (auto i = first; i < std::min(first + 1000, w.keys); ++i) {
            auto const key = w.operation == "fill_groups" ? grouped_key_of(w.prefix, i) : key_of(w.prefix, i);
            auto const value = documents ? document_of(0, w.value_bytes) : value_of(key, w.value_bytes);
            fmt::format_to(std::back_inserter(rows), "{}('{}','{}')", rows.empty() ? "" : ",", key, value);
        }
        c.query((documents ? "REPLACE INTO docs (k,doc) VALUES " : "REPLACE INTO kv (k,v) VALUES ") + rows);
    }
    figures result;
    result.operations = result.completed = w.keys;
    result.seconds = std::chrono::duration<double>(steady::now() - begin).count();
    return result;
}

class crew {
public:
    explicit crew(work const& w) : w_{w}, ready_{static_cast<std::ptrdiff_t>(w.connections + 1)} {}

    figures run()
    {
        std::vector<figures> results(w_.connections);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < w_.connections; ++i) { threads.emplace_back([&, i] { work_alone(i, results[i]); }); }
        ready_.arrive_and_wait();  // all are connected
        begin_ = steady::now();
        ready_.arrive_and_wait();
        for (auto& each : threads) { each.join(); }
        figures all;
        for (auto& each : results) { all.add(std::move(each)); }
        if (all.operations == 0) {  // the server paused for longer
            all.operations = all.completed;
            all.seconds = std::chrono::duration<double>(steady::now() - begin_).count();
        }
        return all;
    }

private:
    void work_alone(std::size_t which, figures& result)
    {
        try {
            sql_connection c{w_.socket, "direct"};
            auto const once = make_step(c, w_);
            ready_.arrive_and_wait();
            ready_.arrive_and_wait();
            repeat(c, once, which, result);
        } catch (std::exception const& failed) {
            fmt::print(stderr, "{}\n", failed.what());
            std::_Exit(1);
        }
    }

    void repeat(sql_connection& c, step const& once, std::size_t which, figures& result)
    {
        key_choice choice{w_.operation.starts_with("mget") ? w_.keys / mget_keys : w_.keys, w_.zipf, w_.seed * 1000 + which};
        auto const end = begin_ + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{w_.seconds});
        bool const each_once = w_.operation == "update_many";
        auto number = w_.seed * 1'000'003 + which * 10'007;
        while (each_once || steady::now() < end) {
            auto const i = each_once ? given_.fetch_add(1) : choice.next();
            if (each_once && i >= w_.keys) { break; }
            auto const begin = steady::now();
            while (!tried(c, once, i, ++number, result)) {}
            auto const now = steady::now();
            result.latencies_ns.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds{now - begin}.count()));
            ++result.completed;
            if (each_once || now < end) { ++result.operations; }
        }
        result.seconds = each_once ? std::chrono::duration<double>(steady::now() - begin_).count() : w_.seconds;
    }

    /// False: it was the victim of a deadlock, and nothing was done.
    static bool tried(sql_connection& c, step const& once, std::uint64_t i, std::uint64_t number, figures& result)
    {
        try {
            result.wrong += once(i, number) ? 0 : 1;
            return true;
        } catch (sql_error const& failed) {
            if (!failed.may_repeat) { throw; }
            c.rollback();
            return false;
        }
    }

    work const& w_;
    std::barrier<> ready_;
    steady::time_point begin_;
    std::atomic<std::uint64_t> given_ = 0;
};

}  // namespace

figures run_directly(work const& w)
{
    if (w.operation.starts_with("fill")) { return fill(w); }
    return crew{w}.run();
}

}  // namespace mykeyv::bench
