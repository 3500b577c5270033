// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/engine.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

namespace mykeyv::detail {
namespace {

class errand final : public async::mail {
public:
    explicit errand(unique_function<void()> task) : task_{std::move(task)} {}
    void delivered(std::unique_ptr<mail>) noexcept override { task_(); }

private:
    unique_function<void()> task_;
};

std::size_t wire_bytes(request const& what, action::prelude first) noexcept
{
    return what.wire.size() + (first == action::prelude::code ? what.code_wire.size() : 0);
}

client_options checked(client_options options)
{
    auto const demand = [](bool met, char const* sentence) {
        if (!met) { throw std::invalid_argument{sentence}; }
    };
    demand(!options.seeds.empty(), "no seed: name at least one node, as host:port");
    demand(options.operation_timeout.count() >= 0, "operation_timeout is negative");
    demand(options.connect_timeout.count() > 0, "connect_timeout is not positive");
    demand(options.backoff_min.count() > 0 && options.backoff_min <= options.backoff_max, "backoff_min is not within 1 ms and backoff_max");
    demand(options.connections_per_node >= 1 && options.connections_per_node <= 64, "connections_per_node is not within 1 and 64");
    demand(options.redirects_max >= 0, "redirects_max is negative");
    return options;
}

std::vector<endpoint> parsed(std::vector<std::string> const& seeds)
{
    std::vector<endpoint> endpoints;
    for (auto const& seed : seeds) {
        auto address = endpoint::parse(seed, default_port);
        if (!address) { throw std::invalid_argument{"the seed '" + seed + "' is not host:port"}; }
        endpoints.push_back(std::move(*address));
    }
    return endpoints;
}

request_machine::rules rules_of(request const& what, int redirects_max)
{
    return {.repeatable = what.repeatable,
            .follows_redirects = what.follows_redirects,
            .patient = what.patient,
            .has_code = !what.code_wire.empty(),
            .divisible = !what.places.empty(),
            .redirects_max = redirects_max};
}

}  // namespace

engine::engine(boost::asio::any_io_executor const& executor, client_options options)
    : options_{checked(std::move(options))},
      strand_{boost::asio::make_strand(executor)},
      seeds_{parsed(options_.seeds)},
      backoff_{options_.backoff_min, options_.backoff_max, std::random_device{}()},
      timer_{strand_}
{
}

engine::~engine()
{
    for (auto const& [node, several] : connections_) {
        for (auto const& each : several) { each->detach(); }
    }
}

void engine::post(unique_function<void()> task)
{
    if (inbox_.push(std::make_unique<errand>(std::move(task)))) {
        boost::asio::post(strand_, [self = shared_from_this()] { self->inbox_.deliver(); });
    }
}

engine::deadline engine::new_deadline() const noexcept
{
    return options_.operation_timeout.count() == 0 ? deadline::max() : clock::now() + options_.operation_timeout;
}

void engine::perform(operation_id id, request what, deadline until, done then, int delay)
{
    ticket const who{++last_ticket_};
    request_machine const machine{rules_of(what, options_.redirects_max)};
    auto& made = operations_.emplace(who, operation{id, std::move(what), machine, std::move(then)}).first->second;
    if (stopped_) { return act(who, made.machine.on_stop()); }
    if (until != deadline::max()) { set_timer(who, made.deadline, until); }
    if (auto const* pause = std::get_if<a_while>(&made.what.to)) {
        made.machine.start_later(0);
        return set_timer(who, made.pause, clock::now() + pause->length);
    }
    if (delay > 0) { return act(who, made.machine.start_later(delay)); }
    act(who, made.machine.start());
}

void engine::cancel(operation_id id, cancel_mode mode)
{
    std::vector<ticket> concerned;
    for (auto const& [who, each] : operations_) {
        if (each.id == id) { concerned.push_back(who); }
    }
    for (auto const who : concerned) {
        interrupt(who, [mode](request_machine& machine) { return machine.on_cancel(mode); });
    }
}

void engine::stop()
{
    stopped_ = true;
    for (auto const& [node, several] : connections_) {
        for (auto const& each : several) { each->detach(); }
    }
    while (!operations_.empty()) {
        auto& [who, first] = *operations_.begin();
        act(who, first.machine.on_stop());
    }
    connections_.clear();
}

// For what does not come from the connection: if the request was sent, its reply will meet nobody.
void engine::interrupt(ticket who, unique_function<action(request_machine&)> event)
{
    auto const found = operations_.find(who);
    if (found == operations_.end()) { return; }
    bool const owed = found->second.machine.sent();
    auto const on = found->second.on;
    act(who, event(found->second.machine));
    if (owed && !operations_.contains(who)) { on->abandon(); }
}

void engine::learn(redirect const& told)
{
    map_.assign({told.place, told.place}, told.node, "");
    newest_owner_ = told.node;
}

void engine::act(ticket who, action const& next)
{
    auto& concerned = operations_.at(who);
    switch (next.what) {
    case action::kind::nothing: return;
    case action::kind::send:
        concerned.first = next.first;
        concerned.told = next.node;
        send(who);
        break;
    case action::kind::wait:
        set_timer(who, concerned.pause, clock::now() + backoff_.pause(next.attempt));
        step_back(who, concerned);
        break;
    case action::kind::complete: return complete(who, next.error, {});
    }
    if (next.refresh_map) { refresh(); }
}

void engine::send(ticket who)
{
    auto& concerned = operations_.at(who);
    auto const* place = std::get_if<slot>(&concerned.what.to);
    if (concerned.stands == standing::held) {
        order_.wake(*place, {concerned.id, who});
        return let_go(*place);
    }
    if (concerned.told) { return send_to(who, concerned, *concerned.told); }
    if (auto const* node = std::get_if<endpoint>(&concerned.what.to)) { return send_to(who, concerned, *node); }
    if (auto const* wanted = std::get_if<the_map>(&concerned.what.to)) {
        if (wanted->fresh || map_.empty()) { return await_map(who); }
        return act(who, concerned.machine.on_reply({}));
    }
    if (std::holds_alternative<a_while>(concerned.what.to)) { return act(who, concerned.machine.on_reply({})); }
    if (map_.empty()) { return await_map(who); }
    if (place != nullptr) {
        auto const* owner = map_.owner(*place);
        if (owner == nullptr) { return act(who, concerned.machine.on_no_owner(errc::cluster_down)); }
        return send_to(who, concerned, *owner);
    }
    auto const& nodes = map_.nodes();  // after a failure the next one
    send_to(who, concerned, nodes[(static_cast<std::size_t>(who) + concerned.attempts++) % nodes.size()]);
}

void engine::send_to(ticket who, operation& concerned, endpoint const& node)
{
    auto const& on = connection_to(node, concerned.what.to);
    if (!may_go(who, concerned, *on)) { return; }
    concerned.on = on;
    if (!on->enqueue(who, wire_bytes(concerned.what, concerned.first))) { act(who, concerned.machine.on_refused(errc::overloaded)); }
}

void engine::complete(ticket who, errc error, resp::value reply, bool answered)
{
    auto const found = operations_.find(who);
    auto ended = std::move(found->second);
    operations_.erase(found);
    drop_timer(ended.deadline);
    drop_timer(ended.pause);
    arm();
    // Told first: a further request of the same operation takes its place in the order before others go on.
    ended.then(error == errc::ok ? error_code{} : make_error_code(error), std::move(reply));
    leave_order(who, ended, answered);
}

std::shared_ptr<connection> const& engine::connection_to(endpoint const& node, destination const& to)
{
    auto& several = connections_[node];
    if (several.empty()) {
        connection_events& me = *this;
        for (std::size_t i = 0; i < options_.connections_per_node; ++i) {
            several.push_back(std::make_shared<connection>(strand_, node, options_, std::random_device{}(), me));
        }
    }
    auto const* place = std::get_if<slot>(&to);
    return several[place != nullptr ? place->number() % several.size() : 0];
}

int engine::write(ticket who, std::string& out)
{
    auto const found = operations_.find(who);
    if (found == operations_.end()) { return 0; }
    auto& sent = found->second;
    sent.machine.on_sent();
    if (sent.first != action::prelude::none) { out += sent.first == action::prelude::code ? sent.what.code_wire : asking_wire(); }
    out += sent.what.wire;
    return sent.first == action::prelude::none ? 1 : 2;
}

bool engine::on_reply(ticket who, resp::value&& reply)
{
    auto const found = operations_.find(who);
    if (found == operations_.end()) { return false; }
    auto const meaning = classify(reply);
    if (meaning.what == answer::kind::moved) { learn({meaning.place, meaning.node}); }
    auto const next = found->second.machine.on_reply(meaning);
    if (next.what == action::kind::complete) {
        complete(who, next.error, std::move(reply), true);
    } else {
        step_back(who, found->second);
        act(who, next);
    }
    return true;
}

void engine::on_lost(ticket who)
{
    auto const found = operations_.find(who);
    if (found == operations_.end()) { return; }
    auto const next = found->second.machine.on_lost();
    note_hindrance(found->second);
    act(who, next);
}

void engine::on_unreachable(ticket who, errc refused)
{
    auto const found = operations_.find(who);
    if (found == operations_.end()) { return; }
    auto& machine = found->second.machine;
    auto const next = refused == errc::ok ? machine.on_unreachable() : machine.on_refused(refused);
    note_hindrance(found->second);
    act(who, next);
}

}  // namespace mykeyv::detail
