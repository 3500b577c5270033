// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/rehash_watch.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::detail {

void rehash_watch::begin(rehash_plan const& plan)
{
    version_ = plan.version;
    so_far_.slots_total = so_far_.slots_left = plan.moves;
}

void rehash_watch::on_status(cluster_status const& status, time now)
{
    if (version_ == 0) { version_ = status.version; }
    bool const all_know = std::all_of(status.nodes.begin(), status.nodes.end(),
                                      [&](member const& each) { return each.version && *each.version >= version_; });
    bool const is_of_now = status.version >= version_ && all_know;
    finished_ = is_of_now && status.slots_to_move == 0;
    count(status);
    measure(now);
    // Who has not heard of the plan yet tells of the time before it; then as much is left as has not departed.
    auto const not_departed = so_far_.slots_total - std::min<std::uint64_t>(so_far_.slots_total, departed_);
    auto const left = is_of_now ? status.slots_to_move : std::max<std::uint64_t>(status.slots_to_move, not_departed);
    so_far_.slots_left = static_cast<std::uint32_t>(left);
    so_far_.slots_total = std::max(so_far_.slots_total, so_far_.slots_left);
    so_far_.paused = status.paused;
}

// Each daemon counts from its own start. Where a count went back, the daemon was started again (or another node was asked, which has
// heard less): it is counted on from there.
void rehash_watch::count(cluster_status const& status)
{
    for (auto const& each : status.nodes) {
        auto const before = std::exchange(last_.try_emplace(each.id, each.departed).first->second, each.departed);
        departed_ += std::max(each.departed.slots, before.slots) - before.slots;
        so_far_.records += std::max(each.departed.records, before.records) - before.records;
        so_far_.bytes += std::max(each.departed.bytes, before.bytes) - before.bytes;
    }
}

void rehash_watch::measure(time now)
{
    samples_.push_back({now, so_far_.records, so_far_.bytes});
    while (samples_.size() > 2 && samples_.front().at + window < now) { samples_.pop_front(); }
    auto const& first = samples_.front();
    auto const seconds = std::chrono::duration<double>(now - first.at).count();
    if (seconds <= 0) { return; }
    so_far_.records_per_second = static_cast<double>(so_far_.records - first.records) / seconds;
    so_far_.bytes_per_second = static_cast<double>(so_far_.bytes - first.bytes) / seconds;
}

}  // namespace mykeyv::detail
