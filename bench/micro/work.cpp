// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/work.hpp"

#include "mykeyv/base/slot.hpp"
#include "mykeyv/record/decide.hpp"
#include "mykeyv/record/strings.hpp"
#include "mykeyv/resp/lookahead.hpp"
#include "mykeyv/resp/reply_parser.hpp"
#include "mykeyv/resp/request_parser.hpp"
#include "mykeyv/resp/writer.hpp"
#include "mykeyv/script/engine.hpp"
#include "mykeyv/script/json_reader.hpp"
#include "mykeyv/script/json_writer.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/sandbox.hpp"
#include "mykeyv/store/batch.hpp"
#include "mykeyv/store/cache.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mykeyv::bench {
namespace {

using work = std::function<void()>;

constexpr std::size_t keys_in_the_cache = 1000;
constexpr std::size_t value_bytes = 100;
constexpr std::size_t operations_of_a_batch = 64;
constexpr std::size_t pipelined = 16;
constexpr std::size_t value_bytes_max = std::size_t{16} << 20;

/// What was done is not for nothing, so no compiler leaves it out; and it went well.
void must(bool went_well)
{
    if (!went_well) { std::abort(); }
}

std::string key_of(std::size_t number) { return fmt::format("key:{:012}", number); }

work parse(std::string request, std::size_t commands)
{
    return [parser = std::make_shared<resp::request_parser>(), request = std::move(request), commands] {
        std::size_t parsed = 0;
        for (std::string_view rest = request; !rest.empty(); ++parsed) {
            auto const result = parser->parse(rest);
            must(result.state == resp::progress::complete);
            rest.remove_prefix(result.consumed);
        }
        must(parsed == commands);
    };
}

std::string get_request(std::size_t number) { return fmt::format("*2\r\n$3\r\nGET\r\n$16\r\n{}\r\n", key_of(number)); }

work parse_get() { return parse(get_request(1), 1); }

work parse_set()
{
    return parse(fmt::format("*3\r\n$3\r\nSET\r\n$16\r\n{}\r\n${}\r\n{}\r\n", key_of(1), value_bytes, std::string(value_bytes, 'x')), 1);
}

std::string pipeline_of_gets()
{
    std::string request;
    for (std::size_t i = 0; i < pipelined; ++i) { request += get_request(i); }
    return request;
}

work parse_pipeline() { return parse(pipeline_of_gets(), pipelined); }

work look_ahead()
{
    return [request = pipeline_of_gets()] {
        std::array<std::string_view, pipelined> keys;
        must(resp::look_ahead(request, keys).bytes == request.size());
    };
}

work write_reply()
{
    return [out = std::make_shared<std::string>(), value = std::string(value_bytes, 'x')] {
        out->clear();
        resp::writer{*out, resp::protocol::resp2}.bulk(value);
        must(out->size() > value_bytes);
    };
}

work slot_of_key()
{
    auto const key = key_of(1);
    return [key, expected = slot_of(key)] { must(slot_of(key) == expected); };
}

std::shared_ptr<store::cache> filled_cache()
{
    auto const known = std::make_shared<store::cache>(std::size_t{64} << 20);
    std::string const value(value_bytes, 'x');
    record_view const record{.value = value, .format = format::bytes, .version = 1, .expires_at = std::nullopt};
    for (std::size_t i = 0; i < keys_in_the_cache; ++i) {
        auto const key = key_of(i);
        known->publish(slot_of(key), key, &record);
    }
    return known;
}

/// One after the other, so that chains of every length come up.
class next_key {
public:
    next_key()
    {
        for (std::size_t i = 0; i < keys_in_the_cache; ++i) { keys_.emplace_back(key_of(i)); }
    }
    std::string const& operator()() { return keys_[next_++ % keys_.size()]; }

private:
    std::vector<std::string> keys_;
    std::size_t next_ = 0;
};

work hit_cache()
{
    return [known = filled_cache(), next = std::make_shared<next_key>()] {
        auto const& key = (*next)();
        auto const found = known->find(slot{1}, key);
        must(found && found.view().value.size() == value_bytes);
    };
}

work prefetch()
{
    return [known = filled_cache(), next = std::make_shared<next_key>()] {
        std::array<std::string_view, pipelined> keys;
        for (auto& each : keys) { each = (*next)(); }
        known->prefetch(keys);
    };
}

work publish()
{
    return [known = filled_cache(), next = std::make_shared<next_key>(), value = std::string(value_bytes, 'y')] {
        record_view const record{.value = value, .format = format::bytes, .version = 2, .expires_at = std::nullopt};
        known->publish(slot{1}, (*next)(), &record);
    };
}

/// A record function in a batch, without a client behind it.
template <operation Op>
class plain_operation final : public store::operation {
public:
    plain_operation(std::string const& key, store::access how, Op op)
        : store::operation{slot_of(key), {key}, how}, op_{std::move(op)}
    {
    }
    void decide(std::span<record_view const* const> before, context const& ctx, std::span<change> after) override
    {
        after[0] = op_(before[0], ctx).change;
    }
    void completed(store::operation_ptr, errc outcome) noexcept override { must(outcome == errc::ok); }

private:
    Op op_;
};

/// All of a lane's work on a batch but MySQL's.
template <class Make>
work run_batch(Make make)
{
    return [known = filled_cache(), next = std::make_shared<next_key>(), make] {
        store::batch gathered{*known};
        for (std::size_t i = 0; i < operations_of_a_batch; ++i) { gathered.add(make((*next)())); }
        gathered.collect(unix_ms{1});
        std::uint64_t version = 1;
        must(gathered.missing().empty() && gathered.decide(version, value_bytes_max));
        must(gathered.writes().puts.size() == operations_of_a_batch);
        gathered.publish();
        gathered.complete(errc::ok);
    };
}

work batch_of_sets()
{
    return run_batch([](std::string const& key) {
        return std::make_unique<plain_operation<op::set>>(key, store::access::blind_write, op::set{.value = std::string(value_bytes, 'z')});
    });
}

work batch_of_appends()
{
    return run_batch([](std::string const& key) {
        return std::make_unique<plain_operation<op::append>>(key, store::access::write, op::append{.value = ""});
    });
}

constexpr std::string_view document =
    R"({"name":"the grateful dead","first":1965,"last":1995,"plays":41,"members":["jerry","bob","phil","bill","mickey"]})";
/// For under callgrind, and on a busy machine, time passes faster.
constexpr std::chrono::hours patience{1};

work update_document()
{
    std::string const code = "local record = ... record.plays = record.plays + 1 return true";
    script::budget const patient{.time = patience};
    return [engine = std::make_shared<script::engine>(patient), code, id = script_id::of(code)] {
        record_view const before{.value = document, .format = format::document, .version = 1, .expires_at = std::nullopt};
        auto const done = engine->run(id, code, &before, "band", "", {.now = unix_ms{1}, .version = 2, .value_bytes_max = value_bytes_max});
        must(done.status == script::status::stored);
    };
}

/// A Lua state as update() has one, whose budget does not end.
struct lua_room {
    lua_room() : used{{.instructions = std::uint64_t{1} << 60, .memory_bytes = std::size_t{64} << 20, .time = patience}}
    {
        used.attach(lua.get());
        script::build_sandbox(lua.get(), &now);
        lua_settop(lua.get(), 0);
        used.begin(0);
    }
    ~lua_room() { used.end(); }
    lua_room(lua_room const&) = delete;
    lua_room& operator=(lua_room const&) = delete;

    unix_ms now{1};
    script::meter used;
    script::lua_handle lua{lua_newstate(&script::meter::allocate, &used)};
    script::json_reader reader;
};

/// One after the other: each state has another seed for its hashes, and a sum of many does not depend on it.
class next_room {
public:
    static constexpr std::size_t count = 50;
    lua_room& operator()() { return rooms_[next_++ % rooms_.size()]; }

private:
    std::array<lua_room, count> rooms_;
    std::size_t next_ = 0;
};

work json_to_lua()
{
    return [next = std::make_shared<next_room>()] {
        auto& room = (*next)();
        room.reader.push(room.lua.get(), document, "record");
        must(lua_istable(room.lua.get(), -1));
        lua_settop(room.lua.get(), 0);
    };
}

work lua_to_json()
{
    auto const next = std::make_shared<next_room>();
    for (std::size_t i = 0; i < next_room::count; ++i) {
        auto& room = (*next)();
        room.reader.push(room.lua.get(), document, "record");
    }
    return [next] { must(script::json_writer{(*next)().lua.get(), value_bytes_max, "record"}.write().size() == document.size()); };
}

work parse_reply()
{
    return [parser = std::make_shared<resp::reply_parser>(),
            reply = fmt::format("${}\r\n{}\r\n", value_bytes, std::string(value_bytes, 'x'))] {
        auto const result = parser->parse(reply);
        must(result.state == resp::progress::complete);
    };
}

std::array<piece, 15> const all{{
    {"parse GET", parse_get},
    {"parse SET of 100 bytes", parse_set},
    {"parse a pipeline of 16 GET", parse_pipeline},
    {"look ahead at a pipeline of 16 GET", look_ahead},
    {"write a reply of 100 bytes", write_reply},
    {"parse a reply of 100 bytes", parse_reply},
    {"slot of a key of 16 bytes", slot_of_key},
    {"cache: hit", hit_cache},
    {"cache: prefetch of 16", prefetch},
    {"cache: publish", publish},
    {"batch of 64 SET", batch_of_sets},
    {"batch of 64 APPEND", batch_of_appends},
    {"a document from JSON to Lua", json_to_lua},
    {"a document from Lua to JSON", lua_to_json},
    {"update() of a document", update_document},
}};

}  // namespace

std::span<piece const> pieces() { return all; }

}  // namespace mykeyv::bench
