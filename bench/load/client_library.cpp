// SPDX-License-Identifier: Apache-2.0
#include "libraries.hpp"

#include "mykeyv/client/client.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace mykeyv::bench {
namespace {

using steady = std::chrono::steady_clock;

constexpr char const* add_one = "local r = ...; r.n = r.n + 1; return true";

class many_gets {
public:
    many_gets(work const& w, client& kv) : w_{w}, kv_{kv}, choice_{w.keys, w.zipf, w.seed} {}

    void begin()
    {
        begin_ = steady::now();
        end_ = begin_ + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{w_.seconds});
        for (std::size_t i = 0; i < w_.pipeline; ++i) { next(); }
    }
    figures result;

private:
    void next()
    {
        auto name = key_of(w_.prefix, choice_.next());
        kv_.async_get<bytes>(name, [this, name, begun = steady::now()](error_code ec, found<bytes> const& record) {
            auto const now = steady::now();
            if (ec) {
                ++result.errors;
                result.last_error = ec.message();
            } else if (!record || record->data != value_of(name, w_.value_bytes)) {
                ++result.wrong;
            }
            result.latencies_ns.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds{now - begun}.count()));
            ++result.completed;
            if (now >= end_) { return; }
            ++result.operations;
            result.seconds = std::chrono::duration<double>(now - begin_).count();
            next();
        });
    }

    work const& w_;
    client& kv_;
    key_choice choice_;
    steady::time_point begin_, end_;
};

figures update_many(work const& w, client& kv, boost::asio::io_context& ctx)
{
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < w.keys; ++i) { keys.push_back(key_of(w.prefix, i)); }
    figures result;
    auto const begin = steady::now();
    do {
        auto const begun = steady::now();
        kv.async_update(keys, add_one, nullptr, [&](error_code ec, std::vector<update_outcome> const& outcomes) {
            result.errors += ec ? 1 : 0;
            for (auto const& each : outcomes) {
                if (each.status == update_status::stored) { continue; }
                ++result.wrong;
                result.last_error = each.error.message() + " " + each.detail;
            }
        });
        ctx.run();
        ctx.restart();
        result.completed = result.operations += w.keys;
        result.latencies_ns.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds{steady::now() - begun}.count()));
        result.seconds = std::chrono::duration<double>(steady::now() - begin).count();
    } while (result.seconds < w.seconds);
    return result;
}

figures fill_documents(work const& w, client& kv, boost::asio::io_context& ctx)
{
    figures result;
    for (std::uint64_t first = 0; first < w.keys; first += 1000) {
        std::vector<std::pair<key, encoded>> records;
        for (auto i = first; i < std::min(first + 1000, w.keys); ++i) {
            records.emplace_back(key_of(w.prefix, i), nlohmann::json::parse(document_of(0, w.value_bytes)));
        }
        kv.async_set_many(std::move(records), [&](error_code ec, std::vector<set_outcome> const& outcomes) {
            result.errors += ec ? 1 : 0;
            for (auto const& each : outcomes) { result.errors += each.error ? 1 : 0; }
        });
        ctx.run();
        ctx.restart();
    }
    result.completed = result.operations = w.keys;
    return result;
}

}  // namespace

figures run_client(work const& w)
{
    boost::asio::io_context ctx{1};
    client kv{ctx, {.seeds = {fmt::format("127.0.0.1:{}", w.port)}, .operation_timeout = std::chrono::seconds{60}}};
    if (w.operation == "update_many") { return update_many(w, kv, ctx); }
    if (w.operation == "fill_docs") { return fill_documents(w, kv, ctx); }
    if (w.operation != "get") { throw std::invalid_argument{"client has no " + w.operation}; }
    kv.async_get<bytes>(key_of(w.prefix, 0), [](error_code, found<bytes> const&) {});  // connects
    ctx.run();
    ctx.restart();
    many_gets gets{w, kv};
    gets.begin();
    ctx.run();
    return std::move(gets.result);
}

}  // namespace mykeyv::bench
