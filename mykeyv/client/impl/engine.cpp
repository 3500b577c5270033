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
    operations_.clear_and_dispose([](operation* left) { delete left; });
}

engine::operation::operation(engine& by, operation_id named, request&& wanted, done&& after)
    : runs_on{by}, id{named}, what{std::move(wanted)}, machine{rules_of(what, by.options_.redirects_max)}, then{std::move(after)}
{
}

void engine::operation::delivered(std::unique_ptr<mail> self) noexcept
{
    static_cast<void>(self.release());
    runs_on.begin(std::unique_ptr<operation>{this}, runs_on.new_deadline(), 0);
}

void engine::deliver_soon(std::unique_ptr<async::mail> letter)
{
    if (inbox_.push(std::move(letter))) {
        boost::asio::post(strand_, [self = shared_from_this()] { self->inbox_.deliver(); });
    }
}

void engine::post(operation_id id, request&& what, done&& then)
{
    deliver_soon(std::make_unique<operation>(*this, id, std::move(what), std::move(then)));
}

engine::deadline engine::new_deadline() const noexcept
{
    return options_.operation_timeout.count() == 0 ? deadline::max() : clock::now() + options_.operation_timeout;
}

void engine::perform(operation_id id, request&& what, deadline until, done&& then, int delay)
{
    begin(std::make_unique<operation>(*this, id, std::move(what), std::move(then)), until, delay);
}

engine::operation& engine::add(std::unique_ptr<operation> fresh)
{
    if (operations_.size() == buckets_.size()) {
        std::vector<operations::bucket_type> more(2 * buckets_.size());
        operations_.rehash({more.data(), more.size()});
        buckets_ = std::move(more);
    }
    fresh->who = ticket{++last_ticket_};
    operations_.insert(*fresh);
    return *fresh.release();
}

void engine::begin(std::unique_ptr<operation> fresh, deadline until, int delay)
{
    auto& made = add(std::move(fresh));
    if (stopped_) { return act(made, made.machine.on_stop()); }
    if (until != deadline::max()) { set_timer(made.deadline, until); }
    if (auto const* pause = std::get_if<a_while>(&made.what.to)) {
        made.machine.start_later(0);
        return set_timer(made.pause, clock::now() + pause->length);
    }
    if (delay > 0) { return act(made, made.machine.start_later(delay)); }
    act(made, made.machine.start());
}

engine::operation* engine::find(ticket who)
{
    auto const found = operations_.find(who);
    return found == operations_.end() ? nullptr : &*found;
}

void engine::cancel(operation_id id, cancel_mode mode)
{
    std::vector<ticket> concerned;
    for (auto const& each : operations_) {
        if (each.id == id) { concerned.push_back(each.who); }
    }
    for (auto const who : concerned) {
        if (auto* const one = find(who)) {
            interrupt(*one, [mode](request_machine& machine) { return machine.on_cancel(mode); });
        }
    }
}

void engine::stop()
{
    stopped_ = true;
    for (auto const& [node, several] : connections_) {
        for (auto const& each : several) { each->detach(); }
    }
    std::vector<ticket> left;
    for (auto const& each : operations_) { left.push_back(each.who); }
    for (auto const who : left) {
        if (auto* const one = find(who)) { act(*one, one->machine.on_stop()); }
    }
    connections_.clear();
}

// For what does not come from the connection: if the request was sent, its reply will meet nobody.
void engine::interrupt(operation& concerned, unique_function<action(request_machine&)> event)
{
    auto const who = concerned.who;
    auto const owed_by = concerned.machine.sent() ? concerned.on : nullptr;
    act(concerned, event(concerned.machine));
    if (owed_by && find(who) == nullptr) { owed_by->abandon(); }
}

void engine::learn(redirect const& told)
{
    map_.assign({told.place, told.place}, told.node, "");
    newest_owner_ = told.node;
}

void engine::act(operation& concerned, action const& next)
{
    switch (next.what) {
    case action::kind::nothing: return;
    case action::kind::send:
        concerned.first = next.first;
        concerned.told = next.node;
        send(concerned);
        break;
    case action::kind::wait:
        set_timer(concerned.pause, clock::now() + backoff_.pause(next.attempt));
        step_back(concerned);
        break;
    case action::kind::complete: return complete(concerned, next.error, {});
    }
    if (next.refresh_map) { refresh(); }
}

void engine::send(operation& concerned)
{
    auto const* place = std::get_if<slot>(&concerned.what.to);
    if (concerned.stands == standing::held) {
        order_.wake(*place, {concerned.id, concerned.who});
        return let_go(*place);
    }
    if (concerned.told) { return send_to(concerned, *concerned.told); }
    if (auto const* node = std::get_if<endpoint>(&concerned.what.to)) { return send_to(concerned, *node); }
    if (auto const* wanted = std::get_if<the_map>(&concerned.what.to)) {
        if (wanted->fresh || map_.empty()) { return await_map(concerned); }
        return act(concerned, concerned.machine.on_reply({}));
    }
    if (std::holds_alternative<a_while>(concerned.what.to)) { return act(concerned, concerned.machine.on_reply({})); }
    if (map_.empty()) { return await_map(concerned); }
    if (place != nullptr) {
        auto const* owner = map_.owner(*place);
        if (owner == nullptr) { return act(concerned, concerned.machine.on_no_owner(errc::cluster_down)); }
        return send_to(concerned, *owner);
    }
    auto const& nodes = map_.nodes();  // after a failure the next one
    send_to(concerned, nodes[(static_cast<std::size_t>(concerned.who) + concerned.attempts++) % nodes.size()]);
}

void engine::send_to(operation& concerned, endpoint const& node)
{
    auto const& on = connection_to(node, concerned.what.to);
    if (!may_go(concerned, *on)) { return; }
    concerned.on = on;
    if (!on->enqueue(concerned.who, wire_bytes(concerned.what, concerned.first))) {
        act(concerned, concerned.machine.on_refused(errc::overloaded));
    }
}

void engine::complete(operation& concerned, errc error, resp::value&& reply, bool answered)
{
    operations_.erase(operations_.iterator_to(concerned));
    std::unique_ptr<operation> const ended{&concerned};
    ended->deadline.unlink();
    ended->pause.unlink();
    arm();
    // Told first: a further request of the same operation takes its place in the order before others go on.
    ended->then(error == errc::ok ? error_code{} : make_error_code(error), std::move(reply));
    leave_order(*ended, answered);
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
    auto* const sent = find(who);
    if (sent == nullptr) { return 0; }
    sent->machine.on_sent();
    auto first = sent->first;
    auto const& code = sent->what.code_wire;
    if (!code.empty() && first != action::prelude::asking && sent->on->must_be_taught(code)) { first = action::prelude::code; }
    if (first != action::prelude::none) { out += first == action::prelude::code ? code : asking_wire(); }
    out += sent->what.wire;
    return first == action::prelude::none ? 1 : 2;
}

bool engine::on_reply(ticket who, resp::value&& reply)
{
    auto* const concerned = find(who);
    if (concerned == nullptr) { return false; }
    auto const meaning = classify(reply);
    if (meaning.what == answer::kind::moved) { learn({meaning.place, meaning.node}); }
    auto const next = concerned->machine.on_reply(meaning);
    if (next.what == action::kind::complete) {
        complete(*concerned, next.error, std::move(reply), true);
    } else {
        step_back(*concerned);
        act(*concerned, next);
    }
    return true;
}

void engine::on_lost(ticket who)
{
    auto* const concerned = find(who);
    if (concerned == nullptr) { return; }
    auto const next = concerned->machine.on_lost();
    note_hindrance(*concerned);
    act(*concerned, next);
}

void engine::on_unreachable(ticket who, errc refused)
{
    auto* const concerned = find(who);
    if (concerned == nullptr) { return; }
    auto& machine = concerned->machine;
    auto const next = refused == errc::ok ? machine.on_unreachable() : machine.on_refused(refused);
    note_hindrance(*concerned);
    act(*concerned, next);
}

}  // namespace mykeyv::detail
