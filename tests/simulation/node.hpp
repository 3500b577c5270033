// SPDX-License-Identifier: Apache-2.0
// A node without threads and sockets: the real lanes, cache and movers over a simulated database and network.
#pragma once

#include "mykeyv/base/log.hpp"
#include "mykeyv/cluster/migration/mover.hpp"
#include "tests/simulation/database.hpp"
#include "tests/simulation/member.hpp"
#include "tests/simulation/world.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace mykeyv::simulation {

class node;

/// What one client's operation came to.
struct ending {
    errc outcome = errc::ok;
    std::optional<std::string> answer;
    std::uint64_t version = 0;        ///< of the record it stored; 0: it stored none
    std::optional<unsigned> owner;    ///< with errc::moved: whom to ask
};

/// One operation on one key. If it is destroyed without an end, its node has died.
class client_operation final : public store::operation {
public:
    using function = std::function<change(record_view const*, context const&, ending&)>;
    client_operation(mykeyv::slot s, std::string key, store::access how, function decide, unique_function<void(ending)> ended)
        : operation{s, {std::move(key)}, how}, decide_{std::move(decide)}, ended_{std::move(ended)}
    {
    }
    ~client_operation() override
    {
        if (ended_) { ended_({errc::outcome_unknown, {}, 0, {}}); }
    }
    void decide(std::span<record_view const* const> before, context const& known, std::span<change> after) override
    {
        result_ = {};
        after[0] = decide_(before[0], known, result_);
        if (std::holds_alternative<put>(after[0])) { result_.version = known.version; }
    }
    void completed(store::operation_ptr, errc outcome) noexcept override { end(outcome, {}); }
    void end(errc outcome, std::optional<unsigned> owner)
    {
        result_.outcome = outcome;
        result_.owner = owner;
        std::exchange(ended_, {})(std::move(result_));
    }

private:
    function decide_;
    ending result_;
    unique_function<void(ending)> ended_;
};

/// The nodes of a cluster, the network between them, and the promises that all of them together keep.
class cluster {
public:
    /// `founders`: of the nodes, those whose cluster it is; the others come later. 0: all nodes know what is desired without telling each
    /// other, so that there is more of everything else.
    cluster(world&, unsigned nodes, unsigned founders, std::vector<slot> slots);
    ~cluster();

    std::vector<std::unique_ptr<node>> nodes;
    std::vector<slot> const slots;
    /// Who is to own each of `slots`; every change is a version.
    std::vector<unsigned> desired;
    /// A node takes no slot that is not to be there, by what it has heard; else any, so more of them are on odd ways.
    bool refuses_unwanted;
    std::uint64_t version = 1;
    /// Every node has a membership of its own.
    bool const has_members;
    cluster_id founded;

    /// Delivers sooner or later, or not at all.
    void send(unsigned from, unsigned to, mykeyv::cluster::slot_request);
    void send(unsigned from, unsigned to, mykeyv::cluster::slot_reply);
    /// A question that node `to` answers, if it is up and has joined a cluster, `of` if that is given.
    void ask(unsigned from, unsigned to, std::vector<std::string> words, std::optional<cluster_id> of,
             unique_function<void(mykeyv::cluster::node_answer const&)> then);
    bool is_cut(unsigned a, unsigned b) const;
    void cut(unsigned a, unsigned b, microseconds how_long);

    node_id id_of(unsigned index) const;
    unsigned index_of(node_id) const;
    endpoint endpoint_of(unsigned index) const { return {"n", static_cast<std::uint16_t>(index + 1)}; }
    unsigned index_of(endpoint const& where) const { return where.port - 1u; }
    /// Whether its topology on disk is of this cluster, not of one of its own.
    bool is_of_it(unsigned index) const;
    bool waits_to_be_invited(unsigned index) const { return index % 2 == 0; }
    void row_committed(unsigned by, slot, store::slot_row const&);
    void topology_adopted(unsigned by, mykeyv::cluster::topology const&);
    /// Throws violation.
    void check();
    void version_given(slot, std::uint64_t version);

private:
    void found(unsigned founders);
    template <class Message>
    void deliver(unsigned from, unsigned to, Message const&);

    world& world_;
    std::map<std::pair<unsigned, unsigned>, time_point> last_delivery_;
    std::map<std::pair<unsigned, unsigned>, time_point> cut_until_;
    std::map<std::pair<slot, std::uint64_t>, unsigned> owner_at_;  // of each slot and epoch, for ever
    std::map<std::pair<slot, unsigned>, store::transfer_offer> offer_at_;  // the newest of each slot's row at each node
    std::map<slot, std::uint64_t> last_version_;
    std::map<std::pair<std::uint64_t, node_id>, mykeyv::cluster::topology> topologies_;  // of the cluster, by version and author, for ever
    std::set<unsigned> left_;  // nodes that have taken themselves out
    std::map<unsigned, std::pair<std::uint64_t, node_id>> topology_of_;  // the newest that each node has had
};

class node final : public mykeyv::cluster::mover_outside {
public:
    static constexpr unsigned lanes = 2;

    node(world&, cluster&, unsigned index, std::size_t cache_bytes);
    ~node() override;

    void start();
    /// Everything but the disk is lost.
    void die();
    /// Dies, to be started again.
    void crashes();
    bool is_up() const noexcept { return life_ != nullptr; }
    database& disk() noexcept { return disk_; }
    store::gate gate_of(slot) const;
    /// This node has heard what is desired, without any membership.
    void learn();
    /// nullptr: it is down, or nodes have none.
    class member* member();
    /// Tells the movers; `lost` is called where one does not hear.
    void want(std::vector<std::pair<slot, node_id>> wishes, std::function<void()> lost);
    using errand = std::function<std::string(mykeyv::cluster::mover&, unsigned lane)>;
    void on_every_lane(errand const& what, std::function<void(std::string const& why_not)> done);
    bool is_settled() const;
    /// For people.
    std::string situation() const;

    void execute(std::unique_ptr<client_operation>);
    void flush_all(unique_function<void(errc)> done);
    void received(unsigned from, mykeyv::cluster::slot_request);
    void received(unsigned from, mykeyv::cluster::slot_reply const&);
    void lost(slot, mykeyv::cluster::transfer_offer const&);
    void unheard(unsigned by, slot, mykeyv::cluster::transfer_offer const& offer);
    /// Hands lines of the sweeper's list to the lanes.
    void sweep();

    // For movers
    node_id self() const override;
    bool is_wanted(slot) const override;
    void send(node_id to, mykeyv::cluster::slot_request) override;
    void owned_by(slot, node_id owner, std::uint64_t epoch) override;
    time pace(std::size_t) override;
    void departed(mykeyv::cluster::departure const&) override;

private:
    struct life;
    struct lane;

    void hand(unsigned number, store::lane_item);
    void run(unsigned number);
    void schedule(unsigned number, time_point when);
    void read(std::unique_ptr<client_operation>);
    std::optional<unsigned> hint(slot) const;
    /// Runs something of this node, which may die in it.
    template <class Do>
    void alive(Do what);

    world& world_;
    cluster& cluster_;
    unsigned const index_;
    std::size_t const cache_bytes_;
    database disk_;
    std::uint64_t births_ = 0;
    log silence_{log_level::off};
    std::unique_ptr<life> life_;
};

}  // namespace mykeyv::simulation
