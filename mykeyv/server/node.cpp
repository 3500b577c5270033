// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/node.hpp"

#include "mykeyv/net/listener.hpp"
#include "mykeyv/server/first_start.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/session.hpp"

#include <utility>
#include <vector>

namespace mykeyv::server {

struct node::parts {
    parts(settings s, class log& l, clock const& c) : state{std::move(s), l, c} {}

    node_state state;
    std::unique_ptr<net::listener> door;
    bool stopped = false;

    // The steps of a start, in this order. The address comes first: whoever cannot have it must not take over a MySQL.
    void open_door();
    void open_store(unique_function<void()> on_fenced);
    void find_cluster();
    void serve();

    // The steps of a stop.
    void drain_sessions();
    void cut_sessions();
    template <class Visit>
    void on_every_worker(Visit visit);
    endpoint announced() const;
    cluster::checked<starting_topology> join(cluster::node const& self);
};

void node::parts::open_door()
{
    std::vector<async::io_thread*> threads;
    for (unsigned i = 0; i < state.chosen.io_threads; ++i) {
        state.workers.push_back(std::make_unique<worker>(state, i));
        threads.push_back(&state.workers.back()->thread);
    }
    door = std::make_unique<net::listener>(threads, state.chosen.bind, state.log, [this](std::size_t index, auto connection) {
        auto const fresh = std::make_shared<session>(*state.workers[index], connection);
        connection->start(fresh);
    });
    state.listening = door->local();
}

void node::parts::open_store(unique_function<void()> on_fenced)
{
    state.store = std::make_unique<store::store>(state.chosen.store, state.log, state.time, std::move(on_fenced));
    state.owners = std::make_unique<cluster::ownership>(state.store->id());
    state.views = std::make_unique<cluster_views>(*state.owners);
    state.conductor = std::make_unique<class conductor>(state);
    for (unsigned i = 0; i < state.chosen.store.lanes; ++i) {
        state.engines.push_back(std::make_unique<script::engine>(state.chosen.script_budget));
    }
}

endpoint node::parts::announced() const
{
    auto const& local = state.listening;
    if (!state.chosen.announce) {
        auto const is_every_address = local.host == "0.0.0.0" || local.host == "::";
        if (is_every_address) {
            state.log.warning("clients are told 127.0.0.1, which other machines cannot follow: name this node's address with --announce");
        }
        return is_every_address ? endpoint{"127.0.0.1", local.port} : local;
    }
    auto given = *state.chosen.announce;
    if (given.port == 0) { given.port = local.port; }
    return given;
}

/// The first start of a node that comes to a cluster which is there already.
cluster::checked<starting_topology> node::parts::join(cluster::node const& self)
{
    auto& store = *state.store;
    if (store.ever_owned() || store.has_records()) {
        return cluster::refusal{"--join is for a node without records, and this one has some, or has served slots before"};
    }
    auto const text = state.conductor->ask_to_join(*state.chosen.join, self);
    if (!text) { return cluster::refusal{"could not join the cluster of " + state.chosen.join->text() + ": " + *text.why_not}; }
    auto joined = cluster::topology::parse(text.text);
    if (!joined) { return joined.error(); }
    return starting_topology{std::move(*joined), true, false};
}

void node::parts::find_cluster()
{
    auto& store = *state.store;
    auto const address = state.announced = announced();
    auto const stored = store.topology();
    cluster::node const self{store.id(), address, state.chosen.join ? state.chosen.join_weight : 1, false};
    if (state.chosen.join && stored && is_founder_alone(*stored, self.id)) {
        throw start_up_error{"--join is for a new node, and this one is a cluster of its own already; if it has no records, start it "
                             "without --join and add it: mykeyv node add " + address.text()};
    }
    if (state.chosen.join && stored && has_left(*stored, self.id)) {
        throw start_up_error{"--join is for a new node, and this one has left its cluster: to be used once more it begins with an empty "
                             "MySQL, as another node; without --join it starts and answers MOVED"};
    }
    auto chosen = state.chosen.join && !stored ? join(self) : choose_topology(stored, state.chosen.topology, self);
    if (!chosen) { throw start_up_error{chosen.error().reason}; }
    // Before the topology is stored: a crash in between is a first start again.
    auto slots = slots_to_claim(*chosen, store.id());
    std::erase_if(slots, [&](slot s) { return store.has_row(s); });
    if (!slots.empty()) { store.claim(slots); }
    auto const& topology = chosen->topology;
    if (chosen->is_new) { store.save_topology(topology.version(), topology.json()); }
    state.owners->adopt(std::make_shared<cluster::topology const>(topology));
    unsigned owned = 0;
    for (unsigned number = 0; number < slot::count; ++number) { owned += store.owns(slot{number}) ? 1 : 0; }
    state.log.info("node {} at {}, cluster {} version {}, {} nodes, {} slots here", store.id().text(), address.text(),
                   topology.cluster().text(), topology.version(), topology.nodes().size(), owned);
}

void node::parts::serve()
{
    state.store->start([this](auto& lane, auto const& rows) { return state.conductor->make_mover(lane, rows); });
    state.conductor->start();
    door->start();
    state.log.info("serving on {}: {} I/O threads, {} lanes, {} of cache, values up to {}", state.listening.text(),
                   state.chosen.io_threads, state.chosen.store.lanes, byte_size_text(state.chosen.store.cache_bytes),
                   byte_size_text(state.chosen.store.value_bytes_max));
}

template <class Visit>
void node::parts::on_every_worker(Visit visit)
{
    for (auto& each : state.workers) {
        each->thread.run_and_wait([&] { visit(*each); });
    }
}

void node::parts::drain_sessions()
{
    on_every_worker([](worker& each) {
        std::vector<session*> open;
        for (auto const& [id, s] : each.sessions) { open.push_back(s); }
        for (auto* const s : open) { s->drain(); }
    });
    std::unique_lock lock{state.session_closed_mutex};
    state.session_closed.wait_for(lock, state.chosen.stop_patience, [this] { return state.open_sessions == 0; });
}

void node::parts::cut_sessions()
{
    on_every_worker([this](worker& each) {
        std::vector<session*> open;
        for (auto const& [id, s] : each.sessions) { open.push_back(s); }
        if (!open.empty()) { state.log.warning("cutting {} connections that did not take their replies in time", open.size()); }
        for (auto* const s : open) { s->cut(); }
    });
}

node::node(settings s, class log& log, clock const& time, unique_function<void()> on_fenced)
    : parts_{std::make_unique<parts>(std::move(s), log, time)}
{
    parts_->open_door();
    parts_->open_store(std::move(on_fenced));
    parts_->find_cluster();
    parts_->serve();
}

node::~node() { stop(); }

endpoint const& node::listening() const noexcept { return parts_->state.listening; }
node_id node::id() const noexcept { return parts_->state.store->id(); }

void node::stop()
{
    auto& p = *parts_;
    if (std::exchange(p.stopped, true)) { return; }
    p.state.log.info("stopping: finishing what is in flight");
    p.door->stop();
    p.drain_sessions();
    p.cut_sessions();
    p.state.compiler.stop();  // no session waits for it any more, so this is what it compiles right now
    p.state.conductor->stop();
    p.state.store->stop();
    for (auto& each : p.state.workers) { each->thread.stop(); }
    p.state.log.info("stopped");
}

}  // namespace mykeyv::server
