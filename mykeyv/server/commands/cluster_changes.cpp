// SPDX-License-Identifier: Apache-2.0
// KV.CLUSTER: what people want the cluster to look like, and how far it is.
#include "mykeyv/base/number.hpp"
#include "mykeyv/server/commands/change_reply.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/options.hpp"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace mykeyv::server::handlers {

verdict cluster_status(session& s, arguments)
{
    later_reply reply{s, later_reply::scope::some_keys};
    s.node().conductor->status([reply](std::string text) mutable { send_text(reply, std::move(text)); });
    return verdict::done;
}

verdict cluster_plan(session& s, arguments)
{
    s.node().conductor->plan(reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_rehash(session& s, arguments)
{
    s.node().conductor->rehash(reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_add(session& s, arguments a)
{
    auto const where = endpoint::parse(a[2], default_port);
    auto const has_weight = a.size() == 5 && is_word(a[3], "WEIGHT");
    auto const weight = has_weight ? parse_weight(a[4]) : std::optional<std::uint32_t>{1};
    if (!where || !weight || (a.size() != 3 && !has_weight)) { return s.fail(errc::syntax); }
    s.node().conductor->add(*where, *weight, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_remove(session& s, arguments a)
{
    s.node().conductor->remove(std::string{a[2]}, reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_pause(session& s, arguments a)
{
    auto const paused = is_word(a[1], "PAUSE");
    s.node().conductor->set_moving([paused](cluster::moving_rules& rules) { rules.paused = paused; },
                                   reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_rate(session& s, arguments a)
{
    auto const rate = parse_unsigned(a[2]);
    if (!rate || *rate > cluster::topology::version_max) { return s.fail(errc::not_an_integer); }
    s.node().conductor->set_moving([rate](cluster::moving_rules& rules) { rules.bytes_per_second = *rate; },
                                   reply_with(later_reply{s, later_reply::scope::some_keys}));
    return verdict::done;
}

verdict cluster_weigh(session& s, arguments a)
{
    struct sum {
        later_reply reply;
        std::vector<std::pair<slot, slot>> ranges;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
    };
    std::vector<std::pair<slot, slot>> ranges;
    for (std::size_t i = 2; i + 1 < a.size(); i += 2) {
        auto const first = parse_unsigned(a[i]);
        auto const last = parse_unsigned(a[i + 1]);
        if (!first || !last || *last >= slot::count || *first > *last) { return s.fail("ERR Invalid slot"); }
        ranges.emplace_back(slot{static_cast<unsigned>(*first)}, slot{static_cast<unsigned>(*last)});
    }
    if (ranges.empty() || a.size() % 2 != 0) { return s.fail(errc::syntax); }
    auto const all = std::make_shared<sum>(sum{later_reply{s, later_reply::scope::some_keys}, std::move(ranges)});
    auto left = std::make_shared<std::atomic<std::size_t>>(all->ranges.size());
    for (auto const& [first, last] : all->ranges) {
        s.node().store->async_weigh(first, last, [all, left](errc outcome, std::uint64_t records, std::uint64_t bytes) {
            // One after the other, on the clerk's thread.
            if (*left == 0) { return; }
            if (outcome != errc::ok) {
                *left = 0;
                return all->reply.fail(outcome);
            }
            all->records += records;
            all->bytes += bytes;
            if (--*left > 0) { return; }
            std::string encoded;
            resp::writer to{encoded, all->reply.version()};
            to.array(2);
            to.integer(static_cast<std::int64_t>(all->records));
            to.integer(static_cast<std::int64_t>(all->bytes));
            all->reply.send(std::move(encoded));
        });
    }
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
