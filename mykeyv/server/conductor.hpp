// SPDX-License-Identifier: Apache-2.0
// What a node has to do with the others: it hears and tells the topology and who owns what, and sees to it that each slot gets
// to where the topology wants it.
//
// Everything happens on a thread of its own. Once a second each node asks each other one what it knows (gossip); of two
// topologies the newer one stays. A rehash is no process that could be interrupted: it is the difference between the topology and
// the owners, and every node works on its share of it for as long as there is one.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/cluster/migration/mover.hpp"
#include "mykeyv/cluster/planner.hpp"
#include "mykeyv/cluster/topology.hpp"
#include "mykeyv/server/ownership.hpp"
#include "mykeyv/server/peer_link.hpp"
#include "mykeyv/store/store.hpp"

#include <nlohmann/json_fwd.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mykeyv::server {

struct node_state;
class lane_port;

/// How the wish of somebody who asked for a change ends: a text for the reply, or why not.
struct change_result {
    change_result(std::string said) : text{std::move(said)} {}                        // NOLINT(google-explicit-constructor)
    change_result(cluster::refusal refused) : why_not{std::move(refused.reason)} {}  // NOLINT(google-explicit-constructor)
    explicit operator bool() const noexcept { return !why_not; }

    std::string text;
    std::optional<std::string> why_not;
};
using change_done = unique_function<void(change_result)>;

class conductor {
public:
    /// `of` and what it holds must outlive it.
    explicit conductor(node_state& of);
    ~conductor();  ///< stops, if stop() was not called

    // While the node starts, in this order

    /// What owns what by this node's own rows, and the mover of each lane.
    std::unique_ptr<store::slot_agent> make_mover(store::lane_core&, std::vector<std::pair<slot, store::slot_row>> const&);
    /// Asks a member to make this node one; blocks. The topology with this node in it, or why not.
    change_result ask_to_join(endpoint const& member, cluster::node const& self);
    void start();
    /// Nothing is asked or told any more.
    void stop();

    // From other nodes; any thread

    /// A question about a slot, answered on some thread; nothing where the truth is not known now.
    void slot_asked(cluster::slot_request, unique_function<void(std::optional<cluster::slot_reply>)>);
    /// What another node knows; what this one knows.
    void gossip_came(std::string text, unique_function<void(std::string)>);
    /// Another node's topology; kept if it is newer.
    void topology_came(std::string text, change_done);
    void join_asked(cluster::node, change_done);

    // From people; any thread

    void plan(change_done);
    void rehash(change_done);
    void add(endpoint, std::uint32_t weight, change_done);
    void remove(std::string id_or_endpoint, change_done);
    void set_moving(std::function<void(cluster::moving_rules&)>, change_done);
    void status(unique_function<void(std::string)>);
    /// Makes this node, which is alone and has no records, a member of another cluster.
    void become_member(endpoint member, std::uint32_t weight, change_done);

    /// Code that some other node has; null: nobody that answers. Called on the conductor's thread.
    void find_script(script_id, unique_function<void(std::shared_ptr<std::string const>)>);

private:
    friend class lane_port;
    using change = std::function<cluster::checked<cluster::topology>(cluster::topology const&)>;

    struct peer {
        std::shared_ptr<peer_link> link;
        /// Two for each lane, made when needed. Answers come in the order of questions, and no lane is to wait for another one, nor
        /// a slot that nobody serves for rows of others.
        std::vector<std::shared_ptr<peer_link>> slot_links;
        void close() const;
        std::chrono::steady_clock::time_point heard{};
        std::string last_said;        // its part of STATUS, as JSON
        std::pair<std::uint64_t, node_id> topology{};  // version and author of the one it has
        std::uint64_t news_seen = 0;  // of its slots
        std::uint64_t news_told = 0;  // of ours, as far as it has answered
        bool asked = false;           // and has not answered yet
        std::optional<std::string> complaint;  // why it did not answer when it was asked last
    };

    /// One that is committed here, and that the others have not all been heard to have.
    struct unsettled_change {
        change what;
        std::string text;
        change_done done;
        std::chrono::steady_clock::time_point made;
    };

    void send(node_id to, cluster::slot_request, unsigned lane);
    peer_link& slot_link(peer&, unsigned lane, cluster::slot_request const&);
    void gossip();
    void gossip_with(node_id, peer&);
    void learn(nlohmann::json const& told, node_id from, peer&);
    void compare_topologies(node_id, peer&);
    std::uint64_t news_number() const;
    std::string own_news(std::uint64_t seen, bool with_slots) const;
    nlohmann::json own_status() const;
    std::string status_text();

    static constexpr int join_attempts_max = 3;
    void ask_membership(endpoint const& member, cluster::node const& self, int attempts_left, change_done);
    void make_change(change, std::function<std::string(cluster::topology const&)> reply, change_done);
    void save(cluster::topology, std::function<void(errc)> done);
    bool is_in_force(change const&) const;
    bool all_have_ours() const;
    void find_lost_changes();
    void settle_changes();
    void adopt(std::shared_ptr<cluster::topology const>);
    void refresh_links();
    void insist_on_own_address();
    void reconcile();
    void reconcile_soon(std::chrono::milliseconds after = std::chrono::milliseconds{20});
    void retire_if_empty();
    peer* successor();
    /// Code that this node keeps durably is kept by another one when `done` is called with nothing.
    void hand_code_over(std::function<void(std::string const& why_not)> done);
    cluster::checked<std::vector<node_id>> planned(cluster::topology const&) const;
    std::string plan_text(std::uint64_t version, std::vector<node_id> const& desired) const;
    void on_every_lane(std::function<std::string(cluster::mover&)> what, std::function<void(std::string const&)> done);
    void give_own_slots_up(std::function<void(std::string const&)> done);
    void take_own_slots_back(std::function<void()> done);

    std::vector<std::string> greeting(cluster_id) const;
    cluster::topology const& topology() const { return *topology_; }

    node_state& node_;
    std::vector<std::unique_ptr<lane_port>> ports_;
    std::shared_ptr<cluster::topology const> topology_;
    std::unordered_map<node_id, peer> peers_;
    std::deque<unique_function<void()>> changes_;  // that wait for one that is being saved
    std::vector<unsettled_change> unsettled_;
    std::uint64_t news_gossiped_ = 0;
    bool gossips_soon_ = false;  // because there is news
    bool saving_ = false;
    bool stopped_ = false;
    bool reconcile_is_due_ = false;
    bool is_retiring_ = false;
    async::io_thread thread_{"conductor"};
    std::unique_ptr<async::timer> gossip_timer_;
    std::unique_ptr<async::timer> reconcile_timer_;
    std::unique_ptr<async::timer> take_back_timer_;
    bool is_being_admitted_ = false;  // from the moment its own slots are given up until it is a member or has them again
};

}  // namespace mykeyv::server
