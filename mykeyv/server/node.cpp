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
    std::shared_ptr<cluster_view const> view;
    bool stopped = false;

    // The steps of a start, in this order. The address comes first: whoever cannot have it must not take over a MySQL.
    void open_door();
    void open_store(unique_function<void()> on_fenced);
    void join_cluster();
    void serve();

    // The steps of a stop.
    void drain_sessions();
    void cut_sessions();
    template <class Visit>
    void on_every_worker(Visit visit);
    endpoint announced() const;
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

void node::parts::join_cluster()
{
    auto& store = *state.store;
    auto const address = announced();
    auto chosen = choose_topology(store.topology(), state.chosen.topology, {store.id(), address, 1});
    if (!chosen) { throw start_up_error{chosen.error().reason}; }
    if (!store.ever_owned()) {
        // Before the topology is stored: a crash in between is a first start again.
        auto const slots = slots_to_claim(*chosen, store.id());
        if (!slots.empty()) { store.claim(slots); }
    }
    auto const& topology = chosen->topology;
    if (chosen->is_new) { store.save_topology(topology.version(), topology.json()); }
    auto map = map_of(topology, store.id(), [&store](slot s) { return store.owns(s); });
    view = std::make_shared<cluster_view const>(std::move(map));
    unsigned owned = 0;
    for (unsigned number = 0; number < slot::count; ++number) { owned += store.owns(slot{number}) ? 1 : 0; }
    state.log.info("node {} at {}, cluster {} version {}, {} nodes, {} slots here", store.id().text(), address.text(),
                   topology.cluster().text(), topology.version(), topology.nodes().size(), owned);
}

void node::parts::serve()
{
    on_every_worker([this](worker& each) { each.view = view; });
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
    parts_->join_cluster();
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
    p.state.store->stop();
    for (auto& each : p.state.workers) { each->thread.stop(); }
    p.state.log.info("stopped");
}

}  // namespace mykeyv::server
