// SPDX-License-Identifier: Apache-2.0
// Between a mover, on its lane's thread, and the rest of the node.
#pragma once

#include "mykeyv/cluster/migration/mover.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace mykeyv::server {

class conductor;

/// How fast rows may be sent: all lanes of a node together. Safe from any thread.
class pacer {
public:
    using time = std::chrono::steady_clock::time_point;
    /// Bytes per second; 0: no limit.
    void set(std::uint64_t rate);
    /// When the next bytes may be sent, after these.
    time after(std::size_t bytes, time now);

private:
    std::atomic<std::uint64_t> rate_{0};
    std::mutex mutex_;
    time next_{};
};

/// What has left, of one lane; written by it, read by anybody.
struct lane_figures {
    std::atomic<std::uint64_t> slots{0};
    std::atomic<std::uint64_t> records{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> parked_us_max{0};
    /// How many slots' operations had to wait for so long: below 16, 17, 18, ... 32, 34, 36, ... 64, 68 ... microseconds.
    static constexpr std::size_t places = 352;
    std::array<std::atomic<std::uint64_t>, places> parked_below{};

    static std::size_t place_of(std::uint64_t us) noexcept;
    static std::uint64_t bound_of(std::size_t place) noexcept { return (16 + place % 16) << (place / 16); }
};

class lane_port final : public cluster::mover_outside {
public:
    lane_port(conductor& of, unsigned lane, node_id self) : of_{of}, lane_{lane}, self_{self} {}

    std::unique_ptr<cluster::mover> make_mover(store::lane_core&, std::vector<std::pair<slot, store::slot_row>> const&,
                                               std::uint64_t first_transfer);
    /// Only on the lane's thread.
    cluster::mover& mover() noexcept { return *mover_; }
    lane_figures const& figures() const noexcept { return figures_; }

    node_id self() const override { return self_; }
    bool is_wanted(slot) const override;
    void send(node_id to, cluster::slot_request) override;
    void owned_by(slot, node_id owner, std::uint64_t epoch) override;
    time pace(std::size_t bytes) override;
    void departed(cluster::departure const&) override;

private:
    conductor& of_;
    unsigned const lane_;
    node_id const self_;
    cluster::mover* mover_ = nullptr;        // the store's
    store::cache const* cached_ = nullptr;  // likewise
    lane_figures figures_;
};

}  // namespace mykeyv::server
