// SPDX-License-Identifier: Apache-2.0
// What a simulated node has to do with the others: the real membership over the simulated network and disk. Lives as long as its node.
#pragma once

#include "mykeyv/cluster/membership/membership.hpp"
#include "tests/simulation/world.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv::simulation {

class cluster;
class node;

class member final : mykeyv::cluster::membership_outside {
public:
    using reply = unique_function<void(mykeyv::cluster::node_answer)>;

    member(world&, cluster&, node&, unsigned index, std::uint64_t life);

    /// With the topology on disk. A node that has none asks to join until it is let in, or waits to be invited.
    void start();
    unsigned index() const noexcept { return index_; }
    /// It knows a topology, and so can be asked.
    bool has_started() const noexcept { return has_started_; }
    /// For people.
    std::string situation() const;
    /// Of the cluster that all are to come to, by what it knows.
    bool is_member() const;

    mykeyv::cluster::ownership owners;
    mykeyv::cluster::membership core;

    /// A question of another node, that may be of another cluster.
    void asked(unsigned by, std::vector<std::string> const& words, std::optional<cluster_id> of, reply);

private:
    void ask(node_id, std::vector<std::string> words, answered) override;
    void ask_stranger(endpoint const&, std::vector<std::string> words, std::chrono::milliseconds patience, answered) override;
    void save(std::shared_ptr<mykeyv::cluster::topology const>, std::function<void(errc)> done) override;
    void adopted(mykeyv::cluster::topology const&) override;
    void want(std::vector<std::pair<slot, node_id>>) override;
    void want_and_look(std::vector<std::pair<slot, node_id>>, node_id leaving, done_or_why) override;
    nlohmann::json figures() const override;
    void hand_code_over(node_id to, done_or_why) override;
    void refuse_arrivals(done_or_why) override;
    void give_own_slots_up(done_or_why) override;
    void take_own_slots_back(done_or_why) override;
    void wake_at(time) override;

    /// Calls it only if this node still lives this life.
    template <class Do>
    auto if_alive(Do what);
    void join();
    void begin(mykeyv::cluster::topology);

    world& world_;
    cluster& cluster_;
    node& node_;
    unsigned const index_;
    bool has_started_ = false;
    time wakes_at_ = time::max();
    std::shared_ptr<bool> pulse_ = std::make_shared<bool>();
    log silence_{log_level::off};
};

}  // namespace mykeyv::simulation
