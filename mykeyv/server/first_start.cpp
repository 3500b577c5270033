// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/first_start.hpp"

#include <fmt/format.h>

#include <utility>

namespace mykeyv::server {
namespace {

using cluster::checked;
using cluster::refusal;
using cluster::topology;

checked<topology> parse(std::string const& text, std::string_view origin)
{
    auto parsed = topology::parse(text);
    if (!parsed) { return refusal{fmt::format("the {} topology is not usable: {}", origin, parsed.error().reason)}; }
    return parsed;
}

checked<starting_topology> with_own_address(starting_topology chosen, cluster::node const& self)
{
    auto const* const known = chosen.topology.find(self.id);
    // One that has left its cluster starts all the same: what it still owns, if anything, is to go to the others.
    if (known == nullptr && !chosen.is_new) { return chosen; }
    if (known == nullptr) { return refusal{fmt::format("the topology does not name this node, {}", self.id.text())}; }
    if (known->endpoint == self.endpoint) { return chosen; }
    auto changed = chosen.topology.with_endpoint(self.id, self.endpoint, self.id);
    if (!changed) { return refusal{changed.error().reason}; }
    return starting_topology{std::move(*changed), true, chosen.is_birth};
}

}  // namespace

checked<starting_topology> choose_topology(std::optional<std::string> const& stored, std::optional<std::string> const& given,
                                           cluster::node const& self)
{
    if (!stored && !given) {
        auto alone = topology::single(self);
        if (!alone) { return refusal{alone.error().reason}; }
        return starting_topology{std::move(*alone), true, true};
    }
    auto first = stored ? parse(*stored, "stored") : parse(*given, "given");
    if (!first) { return refusal{first.error().reason}; }
    starting_topology chosen{std::move(*first), !stored, false};
    chosen.is_birth = !stored && chosen.topology.version() == 1;
    if (stored && given) {
        auto offered = parse(*given, "given");
        if (!offered) { return refusal{offered.error().reason}; }
        if (offered->cluster() != chosen.topology.cluster()) {
            return refusal{fmt::format("the given topology is of cluster {}, this node belongs to {}", offered->cluster().text(),
                                       chosen.topology.cluster().text())};
        }
        if (offered->newer_than(chosen.topology)) { chosen = {std::move(*offered), true, false}; }
    }
    return with_own_address(std::move(chosen), self);
}

bool is_founder_alone(std::string const& stored, node_id const& self)
{
    auto const known = topology::parse(stored);
    return known && known->cluster() == cluster_id::of({&self, 1});
}

bool has_left(std::string const& stored, node_id const& self)
{
    auto const known = topology::parse(stored);
    return known && known->find(self) == nullptr;
}

std::vector<slot> slots_to_claim(starting_topology const& chosen, node_id const& self)
{
    std::vector<slot> slots;
    auto const is_alone = chosen.topology.nodes().size() == 1 && chosen.topology.cluster() == cluster_id::of({&self, 1});
    if (!chosen.is_birth && !is_alone) { return slots; }
    for (auto const& range : chosen.topology.ranges_of(self)) {
        for (unsigned number = range.first.number(); number <= range.last.number(); ++number) { slots.emplace_back(number); }
    }
    return slots;
}

}  // namespace mykeyv::server
