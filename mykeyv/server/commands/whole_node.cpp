// SPDX-License-Identifier: Apache-2.0
// What concerns every key of the node: it waits for all that this connection has under way, and the rest waits for it.
#include "mykeyv/base/number.hpp"
#include "mykeyv/record/glob.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/later_reply.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/options.hpp"

#include <random>
#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

constexpr std::size_t page_keys = 1000;

/// The cursor of store::async_keys before all keys of a slot.
constexpr std::uint64_t cursor_before(unsigned slot_number) noexcept { return std::uint64_t{slot_number} << 32; }

/// Collects keys page by page: `wanted` says which, `enough` when to stop. Lives as long as a page is awaited.
struct key_walk : std::enable_shared_from_this<key_walk> {
    key_walk(session& asker, later_reply::scope of) : store{*asker.node().store}, reply{asker, of} {}

    store::store& store;
    later_reply reply;
    unique_function<bool(std::string_view)> wanted;
    std::size_t enough = limits::keys_per_command_max;
    std::vector<std::string> found;
    unique_function<void(key_walk&)> done;

    void go_on(std::uint64_t cursor)
    {
        store.async_keys(cursor, std::min(page_keys, enough), [self = shared_from_this()](errc outcome, store::key_page page) {
            self->arrived(outcome, page);
        });
    }

    void arrived(errc outcome, store::key_page& page)
    {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        for (auto& key : page.keys) {
            if (found.size() < enough && wanted(key)) { found.push_back(std::move(key)); }
        }
        if (page.next_cursor != 0 && found.size() < enough) { return go_on(page.next_cursor); }
        done(*this);
    }
};

void write_keys(std::vector<std::string> const& keys, resp::writer to)
{
    to.array(keys.size());
    for (auto const& key : keys) { to.bulk(key); }
}

void answer_keys(key_walk& walk)
{
    std::string encoded;
    write_keys(walk.found, resp::writer{encoded, walk.reply.version()});
    walk.reply.send(std::move(encoded));
}

unsigned random_slot()
{
    thread_local std::minstd_rand random{std::random_device{}()};
    return static_cast<unsigned>(random() % slot::count);
}

void count_into(store::store& from, std::optional<slot> where, later_reply reply)
{
    from.async_count(where, [reply = std::move(reply)](errc outcome, std::uint64_t records) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::string encoded;
        resp::writer{encoded, reply.version()}.integer(static_cast<std::int64_t>(records));
        reply.send(std::move(encoded));
    });
}

std::optional<slot> parse_slot(std::string_view text) noexcept
{
    auto const number = parse_integer(text);
    return number && *number >= 0 && *number < slot::count ? std::optional{slot{static_cast<unsigned>(*number)}} : std::nullopt;
}

}  // namespace

verdict scan(session& s, arguments a)
{
    auto const cursor = parse_unsigned(a[1]);
    if (!cursor) { return s.fail("ERR invalid cursor"); }
    auto options = parse_scan(a.subspan(2));
    if (!options) { return s.fail(options.error()); }
    if (!s.begin_node_work()) { return verdict::wait; }
    later_reply reply{s, later_reply::scope::node};
    s.node().store->async_keys(*cursor, options->count, [reply, options = std::move(*options)](errc outcome, store::key_page page) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::erase_if(page.keys, [&](auto const& key) { return !glob_matches(options.pattern, key); });
        std::string encoded;
        resp::writer to{encoded, reply.version()};
        to.array(2);
        to.bulk(std::to_string(page.next_cursor));
        write_keys(page.keys, to);
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

verdict keys(session& s, arguments a)
{
    if (!s.begin_node_work()) { return verdict::wait; }
    auto const walk = std::make_shared<key_walk>(s, later_reply::scope::node);
    walk->wanted = [pattern = std::string{a[1]}](std::string_view key) { return glob_matches(pattern, key); };
    walk->done = [](key_walk& all) { answer_keys(all); };
    walk->go_on(0);
    return verdict::done;
}

verdict randomkey(session& s, arguments)
{
    if (!s.begin_node_work()) { return verdict::wait; }
    auto const walk = std::make_shared<key_walk>(s, later_reply::scope::node);
    walk->enough = 1;
    walk->wanted = [](std::string_view) { return true; };
    // From a slot at random to the end; if nothing is there, from the beginning.
    walk->done = [second = false](key_walk& w) mutable {
        if (w.found.empty() && !std::exchange(second, true)) { return w.go_on(0); }
        std::string encoded;
        resp::writer to{encoded, w.reply.version()};
        w.found.empty() ? to.null() : to.bulk(w.found.front());
        w.reply.send(std::move(encoded));
    };
    walk->go_on(cursor_before(random_slot()));
    return verdict::done;
}

verdict dbsize(session& s, arguments)
{
    if (!s.begin_node_work()) { return verdict::wait; }
    count_into(*s.node().store, std::nullopt, later_reply{s, later_reply::scope::node});
    return verdict::done;
}

verdict flushall(session& s, arguments a)
{
    if (a.size() > 2 || (a.size() == 2 && !is_word(a[1], "ASYNC") && !is_word(a[1], "SYNC"))) { return s.fail(errc::syntax); }
    if (!s.begin_node_work()) { return verdict::wait; }
    s.node().store->async_erase_all([reply = later_reply{s, later_reply::scope::node}](errc outcome) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::string encoded;
        resp::writer{encoded, reply.version()}.simple("OK");
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

verdict cluster_countkeysinslot(session& s, arguments a)
{
    auto const where = parse_slot(a[2]);
    if (!where) { return s.fail("ERR Invalid slot"); }
    if (!s.serves(*where)) { return s.reply().integer(0), verdict::done; }
    if (!s.begin_node_work()) { return verdict::wait; }
    count_into(*s.node().store, where, later_reply{s, later_reply::scope::node});
    return verdict::done;
}

verdict cluster_getkeysinslot(session& s, arguments a)
{
    auto const where = parse_slot(a[2]);
    auto const count = parse_integer(a[3]);
    if (!where || !count || *count < 0) { return s.fail("ERR Invalid slot or number of keys"); }
    if (*count == 0 || !s.serves(*where)) { return s.reply().array(0), verdict::done; }
    if (!s.begin_node_work()) { return verdict::wait; }
    auto const enough = static_cast<std::size_t>(std::min<std::int64_t>(*count, limits::scan_count_max));
    later_reply reply{s, later_reply::scope::node};
    s.node().store->async_keys(cursor_before(where->number()), enough, [reply, where, enough](errc outcome, store::key_page page) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::erase_if(page.keys, [&](auto const& key) { return slot_of(key) != *where; });
        if (page.keys.size() > enough) { page.keys.resize(enough); }
        std::string encoded;
        write_keys(page.keys, resp::writer{encoded, reply.version()});
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
