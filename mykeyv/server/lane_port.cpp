// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/lane_port.hpp"

#include "mykeyv/cluster/migration/warmth.hpp"
#include "mykeyv/server/conductor.hpp"
#include "mykeyv/server/node_state.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::server {

void pacer::set(std::uint64_t rate)
{
    std::lock_guard const lock{mutex_};
    if (rate_.exchange(rate) != rate) { next_ = {}; }  // what is waited for by the old rate
}

pacer::time pacer::after(std::size_t bytes, time now)
{
    auto const rate = rate_.load();
    if (rate == 0) { return now; }
    std::lock_guard const lock{mutex_};
    auto const takes = std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate));
    next_ = std::max(next_, now) + std::chrono::duration_cast<time::duration>(takes);
    return next_;
}

std::size_t lane_figures::place_of(std::uint64_t us) noexcept
{
    std::size_t place = 0;
    while (place + 1 < places && us >= bound_of(place)) { ++place; }
    return place;
}

std::unique_ptr<cluster::mover> lane_port::make_mover(store::lane_core& lane, std::vector<std::pair<slot, store::slot_row>> const& rows,
                                                      std::uint64_t first_transfer)
{
    auto made = std::make_unique<cluster::mover>(lane, *this, rows, first_transfer);
    mover_ = made.get();
    cached_ = &lane.surroundings().known;
    return made;
}

bool lane_port::is_wanted(slot s) const { return of_.node_.owners->topology()->owner_of(s) == self_; }

void lane_port::send(node_id to, cluster::slot_request request)
{
    of_.thread_.post([this, to, request = std::move(request)]() mutable {
        cluster::note_cached(request, *cached_);  // not in the lane, which has enough to do
        of_.send(to, std::move(request), lane_);
    });
}

void lane_port::owned_by(slot s, node_id owner, std::uint64_t epoch)
{
    of_.node_.owners->learn(s, owner, epoch);
    if (owner == self_) {
        of_.thread_.post([this] { of_.member_.slot_came(); });
    }
}

lane_port::time lane_port::pace(std::size_t bytes) { return of_.node_.pace.after(bytes, of_.node_.time.steady()); }

void lane_port::departed(cluster::departure const& left)
{
    auto const us = static_cast<std::uint64_t>(std::max<std::int64_t>(left.parked.count(), 0));
    ++figures_.slots;
    figures_.records += left.records;
    figures_.bytes += left.bytes;
    ++figures_.parked_below[lane_figures::place_of(us)];
    figures_.parked_us_max = std::max(figures_.parked_us_max.load(), us);
    of_.thread_.post([this] { of_.member_.slot_left(); });
}

}  // namespace mykeyv::server
