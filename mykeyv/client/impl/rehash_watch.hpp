// SPDX-License-Identifier: Apache-2.0
// How far a rehash is, from one status of the cluster after the other, whichever node gave it. No I/O, no clock.
#pragma once

#include "mykeyv/client/cluster_status.hpp"

#include <chrono>
#include <deque>
#include <string>
#include <unordered_map>

namespace mykeyv::detail {

class rehash_watch {
public:
    using time = std::chrono::steady_clock::time_point;

    /// The rehash that is watched, if it is known; else the first status says what there is to wait for.
    void begin(rehash_plan const&);

    void on_status(cluster_status const&, time now);

    progress const& so_far() const noexcept { return so_far_; }

    /// Every slot is where it should be, and every member knows of the topology that says so.
    bool finished() const noexcept { return finished_; }

private:
    // Long enough to even out the seconds at which the nodes hear of each other.
    static constexpr std::chrono::seconds window{5};

    struct sample {
        time at;
        std::uint64_t records;
        std::uint64_t bytes;
    };

    void count(cluster_status const&);
    void measure(time now);

    std::uint64_t version_ = 0;  // that every member has to know
    bool finished_ = false;
    std::uint64_t departed_ = 0;  // slots, since it is watched
    progress so_far_;
    std::unordered_map<std::string, member::departures> last_;  // by node
    std::deque<sample> samples_;
};

}  // namespace mykeyv::detail
