// SPDX-License-Identifier: Apache-2.0
#include "libraries.hpp"

#ifdef MYKEYV_BENCH_HIREDIS
#include <hiredis/hiredis.h>
#endif

#include <chrono>
#include <memory>
#include <stdexcept>

namespace mykeyv::bench {

#ifdef MYKEYV_BENCH_HIREDIS

figures run_hiredis(work const& w)
{
    using steady = std::chrono::steady_clock;
    if (w.operation != "get") { throw std::invalid_argument{"hiredis has no " + w.operation}; }
    std::unique_ptr<redisContext, void (*)(redisContext*)> const c{redisConnect("127.0.0.1", w.port), &redisFree};
    if (!c || c->err != 0) { throw std::runtime_error{"cannot connect"}; }
    key_choice choice{w.keys, w.zipf, w.seed};
    std::vector<std::string> asked(w.pipeline);
    figures result;
    auto const begin = steady::now();
    while (result.seconds < w.seconds) {
        auto const begun = steady::now();
        for (auto& key : asked) {
            key = key_of(w.prefix, choice.next());
            redisAppendCommand(c.get(), "GET %b", key.data(), key.size());
        }
        for (auto const& key : asked) {
            void* raw = nullptr;
            if (redisGetReply(c.get(), &raw) != REDIS_OK) { throw std::runtime_error{c->errstr}; }
            std::unique_ptr<redisReply, void (*)(void*)> const reply{static_cast<redisReply*>(raw), &freeReplyObject};
            bool const is_text = reply->type == REDIS_REPLY_STRING;
            result.wrong += is_text && std::string_view{reply->str, reply->len} == value_of(key, w.value_bytes) ? 0 : 1;
        }
        result.completed = result.operations += asked.size();
        auto const now = steady::now();
        result.latencies_ns.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds{now - begun}.count()));
        result.seconds = std::chrono::duration<double>(now - begin).count();
    }
    return result;
}

#else

figures run_hiredis(work const&) { throw std::invalid_argument{"built without hiredis: install libhiredis-dev and configure again"}; }

#endif

}  // namespace mykeyv::bench
