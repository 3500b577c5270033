// SPDX-License-Identifier: Apache-2.0
// INFO, CONFIG, TIME: facts, figures and settings of this node.
#include "mykeyv/base/number.hpp"
#include "mykeyv/record/glob.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/info.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/session.hpp"

#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

using setting = std::pair<std::string_view, std::string>;

/// What CONFIG GET knows: our settings by their flags, and what tools ask a Redis for.
std::vector<setting> all_settings(node_state const& node)
{
    auto const& chosen = node.chosen;
    return {
        {"appendonly", "yes"},  // what redis-benchmark and others print about durability
        {"bind", chosen.bind.host},
        {"cache-bytes", std::to_string(chosen.store.cache_bytes)},
        {"cluster-enabled", "yes"},
        {"databases", "1"},
        {"io-threads", std::to_string(chosen.io_threads)},
        {"lanes", std::to_string(chosen.store.lanes)},
        {"maxmemory", "0"},
        {"maxmemory-policy", "noeviction"},
        {"port", std::to_string(node.listening.port)},
        {"proto-max-bulk-len", std::to_string(chosen.store.value_bytes_max)},
        {"save", ""},
        {"value-bytes-max", std::to_string(chosen.store.value_bytes_max)},
    };
}

bool is_asked(std::string_view name, arguments patterns)
{
    for (auto const& pattern : patterns) {
        std::string lower{pattern};
        for (auto& c : lower) { c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
        if (glob_matches(lower, name)) { return true; }
    }
    return false;
}

}  // namespace

verdict config_get(session& s, arguments a)
{
    auto found = all_settings(s.node());
    std::erase_if(found, [&](auto const& each) { return !is_asked(each.first, a.subspan(2)); });
    auto to = s.reply();
    to.map(found.size());
    for (auto const& [name, value] : found) {
        to.bulk(name);
        to.bulk(value);
    }
    return verdict::done;
}

verdict config_set(session& s, arguments a)
{
    return s.fail(std::string{"ERR Unknown option or number of arguments for CONFIG SET - '"}.append(a[2].substr(0, 64)).append("'"));
}

verdict config_rewrite(session& s, arguments) { return s.fail("ERR The server is running without a config file"); }

verdict info(session& s, arguments a)
{
    s.reply().verbatim("txt", info_text(s.node(), a.subspan(1)));
    return verdict::done;
}

verdict time(session& s, arguments)
{
    auto const now = s.node().time.now().value;
    auto to = s.reply();
    to.array(2);
    to.bulk(std::to_string(now / 1000));
    to.bulk(std::to_string(now % 1000 * 1000));
    return verdict::done;
}

verdict empty_list(session& s, arguments)
{
    s.reply().array(0);
    return verdict::done;
}

verdict zero(session& s, arguments)
{
    s.reply().integer(0);
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
