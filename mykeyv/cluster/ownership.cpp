// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/ownership.hpp"

#include <utility>

namespace mykeyv::cluster {

void ownership::adopt(std::shared_ptr<class topology const> newer)
{
    std::lock_guard const lock{mutex_};
    topology_ = std::move(newer);
    for (unsigned number = 0; number < slot::count; ++number) {
        auto& each = known_[number];
        if (each.epoch == 0) { each = {topology_->owner_of(slot{number}), 0, true}; }
    }
    ++version_;
}

std::shared_ptr<class topology const> ownership::topology() const
{
    std::lock_guard const lock{mutex_};
    return topology_;
}

void ownership::forget()
{
    std::lock_guard const lock{mutex_};
    known_ = {};
    ++version_;
    ++own_version_;
}

void ownership::restore(slot s, store::slot_row const& row)
{
    using enum store::slot_state;
    if (row.state == owned) { learn(s, self_, row.epoch()); }
    if (row.state == handing_over) { learn(s, self_, row.epoch() - 1); }
    if (row.state == gone) { learn(s, row.peer, row.epoch()); }
}

bool ownership::learn(slot s, node_id owner, std::uint64_t epoch)
{
    std::lock_guard const lock{mutex_};
    auto& each = known_[s.number()];
    if (each.epoch >= epoch) { return false; }
    auto const concerns_us = owner == self_ || each.owner == self_;
    each = {owner, epoch, true};
    ++version_;
    if (concerns_us) { ++own_version_; }
    return true;
}

std::optional<endpoint> ownership::elsewhere(slot s) const
{
    std::lock_guard const lock{mutex_};
    auto const& each = known_[s.number()];
    if (!each.is_known || each.owner == self_) { return std::nullopt; }
    auto const* const found = topology_->find(each.owner);
    return found != nullptr ? std::optional{found->endpoint} : std::nullopt;
}

std::vector<std::optional<node_id>> ownership::owners() const
{
    std::lock_guard const lock{mutex_};
    return owners_locked();
}

std::vector<std::optional<node_id>> ownership::owners_locked() const
{
    std::vector<std::optional<node_id>> all(slot::count);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& each = known_[i];
        // A wish is no ownership: that this node was to have it says only that it has not.
        if (each.is_known && !(each.epoch == 0 && each.owner == self_)) { all[i] = each.owner; }
    }
    return all;
}

std::vector<ownership::owned_range> ownership::own_ranges() const
{
    std::lock_guard const lock{mutex_};
    std::vector<owned_range> ranges;
    for (unsigned number = 0; number < slot::count; ++number) {
        auto const& each = known_[number];
        if (each.owner != self_ || each.epoch == 0) { continue; }
        auto const goes_on = !ranges.empty() && ranges.back().slots.last.number() + 1u == number && ranges.back().epoch == each.epoch;
        if (goes_on) {
            ranges.back().slots.last = slot{number};
        } else {
            ranges.push_back({{slot{number}, slot{number}}, each.epoch});
        }
    }
    return ranges;
}

std::pair<std::shared_ptr<slot_map const>, std::uint64_t> ownership::map() const
{
    std::lock_guard const lock{mutex_};
    return {std::make_shared<slot_map const>(self_, topology_->version(), topology_->nodes(), owners_locked()), version_};
}

}  // namespace mykeyv::cluster
