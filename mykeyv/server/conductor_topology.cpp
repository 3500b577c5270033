// SPDX-License-Identifier: Apache-2.0
// The part of the conductor that changes the topology: here, because somebody asked for it, or because another node has a newer one.
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/server/node_state.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::server {
namespace {

constexpr std::chrono::milliseconds away_after{2'000};       // a node that does not answer, and does not ask either
constexpr std::chrono::milliseconds settling_patience{900};  // a bit less than the pause between two rounds of gossip

}  // namespace

void conductor::make_change(change what, std::function<std::string(cluster::topology const&)> reply, change_done done)
{
    auto attempt = [this, what = std::move(what), reply = std::move(reply), done = std::move(done)]() mutable {
        auto changed = what(topology());
        if (!changed) { return done(changed.error()); }
        auto made = std::make_shared<unsettled_change>(unsettled_change{what, reply(*changed), std::move(done), {}});
        auto const version = changed->version();
        save(std::move(*changed), [this, version, made](errc outcome) {
            if (outcome != errc::ok) { return made->done(cluster::refusal{std::string{message(outcome)}}); }
            node_.log.info("topology version {} is made here", version);
            made->made = std::chrono::steady_clock::now();
            unsettled_.push_back(std::move(*made));
            gossip();
        });
    };
    saving_ ? changes_.push_back(std::move(attempt)) : attempt();
}

void conductor::save(cluster::topology wanted, std::function<void(errc)> done)
{
    saving_ = true;
    auto const kept = std::make_shared<cluster::topology const>(std::move(wanted));
    node_.store->async_save_topology(kept->version(), kept->json(), [this, kept, done = std::move(done)](errc outcome) {
        thread_.post([this, kept, done, outcome] {
            saving_ = false;
            if (outcome == errc::ok) { adopt(kept); }
            done(outcome);
            while (!saving_ && !changes_.empty()) {
                auto next = std::move(changes_.front());
                changes_.pop_front();
                next();
            }
        });
    });
}

/// Whether it would change nothing, or can be made no more.
bool conductor::is_in_force(change const& what) const
{
    auto const again = what(topology());
    return !again || (std::ranges::equal(again->nodes(), topology().nodes()) && std::ranges::equal(again->owners(), topology().owners()) &&
                      again->moving() == topology().moving());
}

/// Of two changes that two nodes made at once only one is in the topology that stays. Whoever asked for the other one is told.
void conductor::find_lost_changes()
{
    for (auto& each : std::exchange(unsettled_, {})) {
        if (is_in_force(each.what)) {
            unsettled_.push_back(std::move(each));
            continue;
        }
        node_.log.warning("a change that was made here is lost: node {} made one at the same moment", topology().author().text());
        each.done(cluster::refusal{"another change of the topology was made at the same moment, on another node, and replaced this one: "
                                   "look at the status, then ask again"});
    }
}

/// Whether every other node that can be heard has told that it has the topology of this one.
bool conductor::all_have_ours() const
{
    std::pair const ours{topology().version(), topology().author()};
    auto const now = std::chrono::steady_clock::now();
    return std::ranges::all_of(peers_, [&](auto const& each) {
        auto const& [id, of] = each;
        auto const was_never_heard = of.heard == std::chrono::steady_clock::time_point{};
        auto const is_away = was_never_heard || (of.complaint && now - of.heard > away_after);
        return is_away || of.topology == ours;
    });
}

/// Answers those who asked for a change, once no other node can have made one that replaces it; or when that takes too long.
void conductor::settle_changes()
{
    auto const all_have = all_have_ours();
    auto const now = std::chrono::steady_clock::now();
    for (auto& each : std::exchange(unsettled_, {})) {
        if (all_have || now - each.made >= settling_patience) {
            each.done(std::move(each.text));
        } else {
            unsettled_.push_back(std::move(each));
        }
    }
}

void conductor::topology_came(std::string text, change_done done)
{
    thread_.post([this, text = std::move(text), done = std::move(done)]() mutable {
        auto attempt = [this, text = std::move(text), done = std::move(done)]() mutable {
            auto const parsed = cluster::topology::parse(text);
            if (!parsed) { return done(parsed.error()); }
            if (!parsed->newer_than(topology())) { return done(std::string{}); }
            auto const shared = std::make_shared<change_done>(std::move(done));
            save(*parsed, [this, shared](errc outcome) {
                if (outcome != errc::ok) { return (*shared)(cluster::refusal{std::string{message(outcome)}}); }
                node_.log.info("topology version {} of node {}", topology().version(), topology().author().text());
                (*shared)(std::string{});
                find_lost_changes();
                settle_changes();
            });
        };
        saving_ ? changes_.push_back(std::move(attempt)) : attempt();
    });
}

}  // namespace mykeyv::server
