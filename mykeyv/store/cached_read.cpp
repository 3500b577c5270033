// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/cached_read.hpp"

#include <array>
#include <vector>

namespace mykeyv::store {
namespace {

/// A record as an operation sees it: `view` is where it is put, the result null when it is absent or expired.
record_view const* seen(cached_record const& found, unix_ms now, record_view& view)
{
    if (!found.present()) { return nullptr; }
    view = found.view();
    return expired(view.expires_at, now) ? nullptr : &view;
}

/// The common case, without an allocation.
bool decide_one(operation& read, environment& env, context const& known)
{
    auto const found = env.known.find(read.slot(), read.keys()[0]);
    if (!found) { return false; }
    record_view view;
    record_view const* const before = seen(found, known.now, view);
    std::array<change, 1> none{};
    read.decide({&before, 1}, known, none);
    return true;
}

/// Several keys are seen together only if no write of their slot came between the first and the last of them.
bool decide_several(operation& read, environment& env, context const& known)
{
    auto const keys = read.keys();
    auto const stamp = env.stamps.read(read.slot());
    std::vector<cached_record> found;
    for (auto const& key : keys) {
        if (!found.emplace_back(env.known.find(read.slot(), key))) { return false; }
    }
    if (!env.stamps.quiet_since(read.slot(), stamp)) { return false; }
    std::vector<record_view> views(keys.size());
    std::vector<record_view const*> before;
    for (std::size_t i = 0; i < keys.size(); ++i) { before.push_back(seen(found[i], known.now, views[i])); }
    std::vector<change> none(keys.size());
    read.decide(before, known, none);
    return true;
}

}  // namespace

cache_moment moment_of(environment const& env) noexcept { return {env.time.now(), env.lease.holds()}; }

bool decide_from_cache(operation& read, environment& env, cache_moment at)
{
    // A slot that is parked or gone after this look was ours when the read was asked for, and its cache is as it was then.
    // Under a lease that held at `at` and is over by now, the cache is as the last commit before another daemon left it.
    if (!at.is_believed || env.gates.of(read.slot()) != gate::open) { return false; }
    context const known{.now = at.now, .version = 0, .value_bytes_max = env.value_bytes_max};
    return read.keys().size() == 1 ? decide_one(read, env, known) : decide_several(read, env, known);
}

}  // namespace mykeyv::store
