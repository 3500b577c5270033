// SPDX-License-Identifier: Apache-2.0
// What a node has to do with the others, on a thread of its own: its membership, which hears and tells the topology and who owns what
// (cluster/membership), and the questions about slots that its movers and theirs have.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/cluster/membership/membership.hpp"
#include "mykeyv/cluster/migration/mover.hpp"
#include "mykeyv/server/peer_link.hpp"
#include "mykeyv/store/store.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mykeyv::server {

struct node_state;
class lane_port;

class conductor final : private cluster::membership_outside {
public:
    using change_done = cluster::membership::done;

    /// `of` and what it holds must outlive it.
    explicit conductor(node_state& of);
    ~conductor() override;  ///< stops, if stop() was not called

    // While the node starts, in this order

    /// What owns what by this node's own rows, and the mover of each lane.
    std::unique_ptr<store::slot_agent> make_mover(store::lane_core&, std::vector<std::pair<slot, store::slot_row>> const&);
    /// Asks a member to make this node one; blocks. The topology with this node in it, or why not.
    cluster::change_result ask_to_join(endpoint const& member, cluster::node const& self);
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
    /// Another node, which knows this topology, wants to leave.
    void leave_asked(node_id, std::uint64_t version, node_id author, change_done);

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

    /// To another node.
    struct links {
        std::shared_ptr<peer_link> talk;
        /// Two for each lane, made when needed. Answers come in the order of questions, and no lane is to wait for another one, nor
        /// a slot that nobody serves for rows of others.
        std::vector<std::shared_ptr<peer_link>> of_lanes;
        void close() const;
    };

    // For the membership
    void ask(node_id, std::vector<std::string> words, answered) override;
    void ask_stranger(endpoint const&, std::vector<std::string> words, std::chrono::milliseconds patience, answered) override;
    void save(std::shared_ptr<cluster::topology const>, std::function<void(errc)> done) override;
    void adopted(cluster::topology const&) override;
    void want(std::vector<std::pair<slot, node_id>>) override;
    void want_and_look(std::vector<std::pair<slot, node_id>>, node_id leaving, done_or_why) override;
    nlohmann::json figures() const override;
    void hand_code_over(node_id to, done_or_why done) override;
    void refuse_arrivals(done_or_why done) override;
    void give_own_slots_up(done_or_why done) override;
    void take_own_slots_back(done_or_why done) override;
    void wake_at(time) override;

    void send(node_id to, cluster::slot_request, unsigned lane);
    peer_link& slot_link(links&, unsigned lane, cluster::slot_request const&);
    std::string status_text();
    void on_every_lane(std::function<std::string(cluster::mover&, unsigned lane)> what, done_or_why done);
    using wishes = std::vector<std::pair<slot, node_id>>;
    /// Those of each lane.
    std::vector<wishes> shares(wishes const&) const;
    std::vector<std::string> greeting(cluster_id) const;

    node_state& node_;
    std::vector<std::unique_ptr<lane_port>> ports_;
    cluster::membership member_;
    bool stopped_ = false;
    async::io_thread thread_{"conductor"};
    // What belongs to the thread.
    std::unordered_map<node_id, links> links_;
    std::unique_ptr<async::timer> timer_;
};

}  // namespace mykeyv::server
