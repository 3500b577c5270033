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

/// GETs, or SETs, of which so many are under way as the pipeline says.
class many_operations {
public:
    many_operations(work const& w, client& kv) : w_{w}, kv_{kv}, choice_{w.keys, w.zipf, w.seed}, asked_(w.pipeline) {}

    void begin()
    {
        period_ = {steady::now(), w_.seconds};
        for (auto& each : asked_) { next(each); }
    }
    figures result;

private:
    struct question {
        std::string name;
        steady::time_point begun;
    };

    void next(question& q)
    {
        q.name = key_of(w_.prefix, choice_.next());
        q.begun = steady::now();
        if (sets_) {
            auto value = value_number((w_.seed << 40) + ++stored_, w_.value_bytes);
            return kv_.async_set(q.name, bytes{std::move(value)}, [this, &q](error_code ec) { ended(q, ec, true); });
        }
        kv_.async_get<bytes>(q.name, [this, &q](error_code ec, found<bytes> const& record) {
            ended(q, ec, ec || (record && record->data == value_of(q.name, w_.value_bytes)));
        });
    }

    void ended(question& q, error_code ec, bool is_right)
    {
        auto const now = steady::now();
        result.errors += ec ? 1 : 0;
        if (ec) { result.last_error = ec.message(); }
        result.wrong += is_right ? 0 : 1;
        result.latencies_ns.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds{now - q.begun}.count()));
        ++result.completed;
        if (!period_.counts_answer_at(now)) { return; }
        ++result.operations;
        result.seconds = period_.seconds_until(now);
        if (now < period_.end()) { next(q); }
    }

    work const& w_;
    client& kv_;
    key_choice choice_;
    std::vector<question> asked_;
    bool const sets_ = w_.operation == "set";
    std::uint64_t stored_ = 0;
    period period_;
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

/// Values of `fill`, documents of `fill_docs`.
figures fill(work const& w, client& kv, boost::asio::io_context& ctx)
{
    auto const record_of = [&w](std::string const& key) -> encoded {
        if (w.operation == "fill") { return bytes{value_of(key, w.value_bytes)}; }
        return nlohmann::json::parse(document_of(0, w.value_bytes));
    };
    figures result;
    for (std::uint64_t first = 0; first < w.keys; first += 1000) {
        std::vector<std::pair<key, encoded>> records;
        for (auto i = first; i < std::min(first + 1000, w.keys); ++i) {
            auto name = key_of(w.prefix, i);
            auto record = record_of(name);
            records.emplace_back(std::move(name), std::move(record));
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
    if (w.operation == "fill" || w.operation == "fill_docs") { return fill(w, kv, ctx); }
    if (w.operation != "get" && w.operation != "set") { throw std::invalid_argument{"client has no " + w.operation}; }
    kv.async_get<bytes>(key_of(w.prefix, 0), [](error_code, found<bytes> const&) {});  // connects
    ctx.run();
    ctx.restart();
    many_operations all{w, kv};
    all.begin();
    ctx.run();
    return std::move(all.result);
}

}  // namespace mykeyv::bench
