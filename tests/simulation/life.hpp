// SPDX-License-Identifier: Apache-2.0
// What of a simulated node is lost when it dies.
#pragma once

#include "tests/simulation/node.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace mykeyv::simulation {

inline constexpr mykeyv::cluster::move_limits tiny_steps()
{
    using std::chrono::milliseconds;
    mykeyv::cluster::move_limits limits;
    limits.portion_bytes = 40;
    limits.portions_on_the_way_max = 2;
    limits.dirty_keys_per_portion = 2;
    limits.cut_over_keys_max = 2;
    limits.resend_rounds_max = 4;
    limits.outgoing_per_lane_max = 2;
    limits.purge_rows = 2;
    limits.again_after = milliseconds{5};
    limits.patience = milliseconds{60};
    limits.offer_patience = milliseconds{20};
    limits.query_every = milliseconds{10};
    return limits;
}

struct node::lane final : store::lane_inbox {
    world* in = nullptr;
    std::vector<store::lane_item> waiting;
    std::optional<store::lane_core> core;
    std::optional<mykeyv::cluster::mover> mover;
    std::optional<time_point> scheduled;

    void take(std::vector<store::lane_item>& out, std::chrono::milliseconds patience) override
    {
        if (waiting.empty()) { in->stall(patience); }
        out.clear();
        out.swap(waiting);
    }
    bool closed() const override { return false; }
};

struct node::life {
    life(world& in, node& of)
        : number{++of.births_},
          mysql{{}, next_tenure(of.disk_), of.silence_, [] {}},
          known{of.cache_bytes_},
          env{of.silence_, in, mysql, known, 1000, std::chrono::milliseconds{1000}}
    {
        limits.cut_over_keys_max = in.below(3);
        limits.outgoing_per_lane_max = 1 + in.below(4);
        limits.slots_per_commit = 1 + in.below(4);
        limits.on_the_way_bytes_max = 1 + in.below(200);
        limits.cut_overs_at_once = 1 + in.below(3);
        limits.open_bytes_max = in.below(3) * 100;
        limits.slot_rows_per_commit = 1 + in.below(4);
        limits.slot_rows_within = std::chrono::milliseconds{in.below(30)};
        limits.busy_after_write = std::chrono::milliseconds{in.below(2) * 5};
        constexpr store::serving_lease::clock_ms far = store::serving_lease::clock_ms{1} << 60;
        env.lease.renew(far);
        if (of.cluster_.has_members) { member.emplace(in, of.cluster_, of, of.index_, of.disk_.epoch); }
        std::vector<std::pair<slot, store::slot_row>> rows[lanes];
        for (auto const& [s, row] : of.disk_.slots) {
            rows[s.number() % lanes].emplace_back(s, row);
            if (member) { member->owners.restore(s, row); }
        }
        for (unsigned i = 0; i < lanes; ++i) {
            all[i].in = &in;
            auto const trouble = std::exchange(in.trouble, {});  // a daemon whose first connection fails starts again
            all[i].core.emplace(i, env, std::make_unique<database_session>(in, of.disk_), all[i]);
            in.trouble = trouble;
            all[i].mover.emplace(*all[i].core, of, rows[i], of.disk_.epoch << 32, limits);
        }
    }

    static store::tenure next_tenure(database& disk)
    {
        store::tenure held;
        held.epoch = ++disk.epoch;
        held.version_floor = disk.ceiling;
        held.version_ceiling = disk.ceiling += store::versions_per_tenure;
        return held;
    }

    std::uint64_t number;
    mykeyv::cluster::move_limits limits = tiny_steps();
    store::connector mysql;
    store::cache known;
    store::environment env;
    std::map<slot, std::pair<node_id, std::uint64_t>> owners;
    std::optional<class member> member;
    std::set<slot> wanted;  // here, by what this node has heard
    std::array<lane, lanes> all;
};

}  // namespace mykeyv::simulation
