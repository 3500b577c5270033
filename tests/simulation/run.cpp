// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/run.hpp"

#include "mykeyv/record/strings.hpp"
#include "mykeyv/script/engine.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/operators.hpp"

#include <algorithm>

namespace mykeyv::simulation {
namespace {

using namespace std::chrono_literals;

constexpr microseconds turmoil = 1500ms;   // how long things go wrong
constexpr microseconds patience = 20s;     // within which all must be well after that
constexpr unsigned clients = 4;
constexpr unsigned keys_per_slot_max = 6;
constexpr unsigned attempts_max = 12;

/// Code that is sent to where the record is; the one stores what it answers, the other does not.
constexpr std::string_view update_code = "local r, tail = ... local longer = {t = (r and r.t or '') .. tail} return kv.put(longer), longer";
constexpr std::string_view look_code = "local r, tail = ... return nil, {t = (r and r.t or '') .. tail}";

/// What a key holds: each has operations that the others would refuse.
enum class content { text, number, document };

struct key_history {
    slot where;
    content kind = content::text;
    std::vector<event> events;
};

/// Everything that happens in one run.
class scenario {
public:
    scenario(std::uint64_t seed, weather how, bool traced) : world_{seed, traced}, weather_{how} {}
    ~scenario()
    {
        // What is under way ends with its node, and tells its client so.
        working_ = false;
        for (auto const& each : cluster_->nodes) { each->die(); }
        world_.end();
    }

    report run()
    {
        report result;
        try {
            play();
        } catch (violation const& broken) {
            result.violated = broken.what();
        }
        for (auto const& [name, key] : keys_) {
            for (auto const& e : key.events) { ++(e.known ? result.operations : result.unknown); }
        }
        result.events = world_.events_run;
        result.seen = world_.seen;
        return result;
    }

private:
    void play();
    void choose_trouble();
    void change_topology();
    void disturb();
    void client_goes_on(unsigned client);
    void ask(unsigned client, std::string const& key, std::shared_ptr<event> what, unsigned attempts);
    void answered(unsigned client, std::string const& key, std::shared_ptr<event> const& what, ending end, unsigned attempts);
    void flush_somebody();
    void settle();
    void check_histories();
    std::unique_ptr<client_operation> operation_for(std::string const& key, event const& what, unique_function<void(ending)> ended);
    std::shared_ptr<event> choose_event(content);
    change run_code(event const&, std::string const& key, record_view const* before, context const&, ending&);

    world world_;
    weather const weather_;
    std::optional<cluster> cluster_;
    std::optional<operators> operators_;  // of a cluster whose nodes have a membership
    std::map<std::string, key_history> keys_;
    std::vector<std::string> names_;
    std::map<slot, unsigned> map_;  // where clients look for a slot first
    script::engine engine_{{.time = 1h}};  // its limit is of real time, which has no place here
    unsigned next_value_ = 0;
    bool working_ = true;
};

void scenario::play()
{
    auto const nodes = 2 + world_.below(3);
    std::vector<slot> slots;
    auto const slot_count = 1 + world_.below(world_.one_in(3) ? 1 : 4);
    auto const keys_per_slot = 1 + world_.below(keys_per_slot_max);
    for (unsigned i = 0; i < slot_count; ++i) { slots.emplace_back(100 + i); }
    for (auto const s : slots) {
        for (unsigned i = 0; i < keys_per_slot; ++i) {
            names_.push_back(fmt::format("{}:{}", s.number(), i));
            auto& key = keys_[names_.back()];
            key.where = s;
            key.kind = world_.one_in(2) ? content::text : world_.one_in(2) ? content::number : content::document;
        }
    }
    // All that nodes say to each other about it costs much time: most histories are about the slots.
    auto const founders = weather_ == weather::members || (weather_ == weather::any && world_.one_in(8)) ? 1 + world_.below(nodes) : 0;
    cluster_.emplace(world_, founders > 0 ? nodes + world_.below(3) : nodes, founders, slots);
    choose_trouble();
    for (unsigned i = 0; i < clients; ++i) {
        world_.after(world_.between(0, 1000), [this, i] { client_goes_on(i); });
    }
    if (founders > 0) { operators_.emplace(world_, *cluster_); }
    operators_ ? operators_->work() : change_topology();
    disturb();
    world_.run_until(time_point{} + turmoil);
    working_ = false;
    if (operators_) { operators_->stop(); }
    world_.trouble = {};
    settle();
    check_histories();
}

/// Some runs are rough in one way, some in all, some in none; in some nearly every message goes astray.
void scenario::choose_trouble()
{
    if (world_.one_in(3) || weather_ == weather::rough) {
        world_.trouble = {.statement_lost = 1000,
                          .statement_refused = 0,
                          .statement_crashes = world_.one_in(2) ? 400u : 0u,
                          .message_lost = world_.one_in(2) ? 30u : 0u,
                          .message_twice = 2,
                          .message_late = 5,
                          .slow_sending = 1 + world_.below(8),
                          .read_late = 10};
        return;
    }
    auto const maybe = [this](unsigned n) { return world_.one_in(2) ? n : 0; };
    world_.trouble = {.statement_lost = maybe(300), .statement_refused = maybe(1000), .statement_crashes = maybe(1500),
                      .message_lost = maybe(40), .message_twice = maybe(30), .message_late = maybe(30), .slow_sending = 8,
                      .read_late = maybe(20)};
}

void scenario::change_topology()
{
    if (!working_) { return; }
    ++cluster_->version;
    auto const members = 1 + world_.below(static_cast<unsigned>(cluster_->nodes.size()));
    auto const first = world_.below(static_cast<unsigned>(cluster_->nodes.size()));
    for (auto& owner : cluster_->desired) {
        if (world_.one_in(2)) { owner = (first + world_.below(members)) % static_cast<unsigned>(cluster_->nodes.size()); }
    }
    if (world_.traced()) {
        for (std::size_t i = 0; i < cluster_->slots.size(); ++i) {
            world_.note("version {}: slot {} is to go to {}", cluster_->version, cluster_->slots[i].number(), cluster_->desired[i]);
        }
    }
    for (unsigned i = 0; i < cluster_->nodes.size(); ++i) {
        world_.after(world_.between(100, 30'000), [this, i] { cluster_->nodes[i]->learn(); });
    }
    world_.after(world_.between(5'000, 120'000), [this] { change_topology(); });
}

void scenario::disturb()
{
    if (!working_) { return; }
    auto const size = static_cast<unsigned>(cluster_->nodes.size());
    auto const victim = world_.below(size);
    auto& node = *cluster_->nodes[victim];
    switch (world_.below(8)) {
    case 0:
        if (!node.is_up() || world_.trouble.statement_crashes == 0) { break; }
        node.die();
        world_.after(world_.between(500, 100'000), [&node] { node.start(); });
        break;
    case 1:
        if (world_.trouble.statement_lost != 0) { node.disk().away_until = world_.steady() + world_.between(100, 60'000); }
        break;
    case 2:
        if (world_.trouble.message_lost != 0) { cluster_->cut(victim, world_.below(size), world_.between(1'000, 150'000)); }
        break;
    case 3: flush_somebody(); break;
    default: node.sweep(); break;
    }
    world_.after(world_.between(1'000, 40'000), [this] { disturb(); });
}

// Clients

std::shared_ptr<event> scenario::choose_event(content of)
{
    auto const e = std::make_shared<event>();
    using enum event::kind;
    constexpr enum event::kind of_text[] = {get, get, get, get, set, set, set_if_absent, append, append, replace, erase};
    constexpr enum event::kind of_numbers[] = {get, get, get, set, increment, increment, increment, increment, erase};
    constexpr enum event::kind of_documents[] = {get, get, get, update, update, update, look, erase};
    auto const one_of = [this](auto const& kinds) { return kinds[world_.below(static_cast<unsigned>(std::size(kinds)))]; };
    e->what = of == content::text ? one_of(of_text) : of == content::number ? one_of(of_numbers) : one_of(of_documents);
    if (e->what != get && e->what != increment && e->what != erase) { e->argument = fmt::format("{}.", ++next_value_); }
    if (of == content::number && e->what == set) { e->argument = fmt::format("{}000", next_value_); }
    if (e->what == append || e->what == update || e->what == look) { e->argument = fmt::format("+{}", next_value_); }
    if (e->what == replace) { e->expected = fmt::format("{}.", next_value_ - world_.below(6)); }
    if ((e->what == set || e->what == set_if_absent) && world_.one_in(5)) {
        e->expires_at = unix_ms{world_.now().value + world_.below(200)};
    }
    return e;
}

void scenario::client_goes_on(unsigned client)
{
    if (!working_) { return; }
    auto const& key = names_[world_.below(static_cast<unsigned>(names_.size()))];
    auto what = choose_event(keys_[key].kind);
    what->begun = world_.steady();
    what->begun_at = world_.now();
    ask(client, key, std::move(what), 0);
}

change scenario::run_code(event const& what, std::string const& key, record_view const* before, context const& known, ending& result)
{
    auto const code = what.what == event::kind::update ? update_code : look_code;
    auto const argument = fmt::format("\"{}\"", what.argument);
    auto ran = engine_.run(script_id::of(code), code, before, key, argument, known);
    if (ran.status == script::status::error) { throw violation{"the code of an update fails: " + ran.detail}; }
    result.answer = ran.result_json;
    return std::move(ran.change);
}

std::unique_ptr<client_operation> scenario::operation_for(std::string const& key, event const& what, unique_function<void(ending)> ended)
{
    using enum event::kind;
    auto const how = what.what == get ? store::access::read : what.what == set ? store::access::blind_write : store::access::write;
    auto decide = [this, what, key](record_view const* before, context const& known, ending& result) -> change {
        auto const value = before != nullptr ? std::optional<std::string>{before->value} : std::nullopt;
        auto const expiry = before != nullptr ? before->expires_at : std::nullopt;
        auto const says = [&](bool yes) { return result.answer = yes ? "1" : "0", yes; };
        switch (what.what) {
        case get: result.answer = value; return keep{};
        case set: result.answer = "1"; return put{what.argument, format::bytes, what.expires_at};
        case set_if_absent: return says(!value) ? change{put{what.argument, format::bytes, what.expires_at}} : change{keep{}};
        case append:
            result.answer = value.value_or("") + what.argument;
            return put{*result.answer, format::bytes, expiry};
        case increment: {
            auto sum = op::incr_by{}(before, known);
            result.answer = std::get<put>(sum.change).value;
            return std::move(sum.change);
        }
        case update:
        case look: return run_code(what, key, before, known, result);
        case replace: return says(value == what.expected) ? change{put{what.argument, format::bytes, expiry}} : change{keep{}};
        case erase: return says(value.has_value()) ? change{mykeyv::erase{}} : change{keep{}};
        case flush: break;
        }
        return keep{};
    };
    return std::make_unique<client_operation>(keys_[key].where, key, how, std::move(decide), std::move(ended));
}

void scenario::ask(unsigned client, std::string const& key, std::shared_ptr<event> what, unsigned attempts)
{
    auto const s = keys_[key].where;
    auto const to = world_.one_in(10) ? world_.below(static_cast<unsigned>(cluster_->nodes.size())) : map_[s];
    world_.after(world_.between(20, 200), [this, client, key, what, attempts, to, s] {
        auto ended = [this, client, key, what, attempts, s](ending end) {
            // Versions are compared when they are committed, before anybody waits for the reply.
            if (end.outcome == errc::ok && end.version != 0) { cluster_->version_given(s, end.version); }
            world_.after(world_.between(20, 200), [this, client, key, what, attempts, end = std::move(end)]() mutable {
                answered(client, key, what, std::move(end), attempts);
            });
        };
        if (!cluster_->nodes[to]->is_up()) { return ended({errc::not_connected, {}, 0, {}}); }
        cluster_->nodes[to]->execute(operation_for(key, *what, std::move(ended)));
    });
}

void scenario::answered(unsigned client, std::string const& key, std::shared_ptr<event> const& what, ending end, unsigned attempts)
{
    auto const think = [this, client] {
        world_.after(world_.between(10, world_.one_in(10) ? 20'000 : 1'500), [this, client] { client_goes_on(client); });
    };
    ++world_.seen[std::string{"answer: "}.append(message(end.outcome))];
    if (end.outcome == errc::ok || end.outcome == errc::outcome_unknown) {
        what->known = end.outcome == errc::ok;
        what->answer = end.answer;
        what->ended = world_.steady();
        what->ended_at = world_.now();
        world_.note("client {} {}: {}", client, key, what->text());
        if (what->known || what->what != event::kind::get) { keys_[key].events.push_back(*what); }
        return think();
    }
    // Anything else says: certainly not executed.
    auto& at = map_[keys_[key].where];
    at = end.owner ? *end.owner : world_.below(static_cast<unsigned>(cluster_->nodes.size()));
    if (attempts >= attempts_max && working_) { return think(); }
    world_.after(end.outcome == errc::moved && end.owner ? microseconds{0} : world_.between(200, 10'000),
                 [this, client, key, what, attempts] { ask(client, key, what, attempts + 1); });
}

/// FLUSHALL on one node: for each key it may have erased it, or may not.
void scenario::flush_somebody()
{
    auto& node = *cluster_->nodes[world_.below(static_cast<unsigned>(cluster_->nodes.size()))];
    if (!node.is_up() || !world_.one_in(6)) { return; }
    for (auto& [name, key] : keys_) {
        event e;
        e.what = event::kind::flush;
        e.begun = world_.steady();
        e.begun_at = world_.now();
        e.known = false;
        key.events.push_back(e);
    }
    world_.note("everything on some node is being erased");
    node.flush_all([](errc) {});
}

// The end

void scenario::settle()
{
    auto const owner_of = [&](slot s) {
        if (operators_) { return operators_->owner_of(s); }
        return cluster_->desired[static_cast<std::size_t>(std::ranges::find(cluster_->slots, s) - cluster_->slots.begin())];
    };
    auto const is_well = [&] {
        if (operators_ && !operators_->are_done()) { return false; }
        auto const is_there = [&](slot s) { return cluster_->nodes[owner_of(s)]->gate_of(s) == store::gate::open; };
        return std::ranges::all_of(cluster_->slots, is_there) &&
               std::ranges::all_of(cluster_->nodes, [](auto const& each) { return each->is_settled(); });
    };
    for (auto const& each : cluster_->nodes) { each->learn(); }
    auto const deadline = world_.steady() + patience;
    while (!is_well()) {
        if (world_.steady() >= deadline) {
            for (auto const& each : cluster_->nodes) { world_.note("{}", each->situation()); }
            throw violation{"not every slot gets where it is to be, although nothing goes wrong any more"};
        }
        world_.run_until(world_.steady() + 10ms);
        for (auto const& each : cluster_->nodes) { each->learn(); }
    }
    // Every key is read, until that works.
    for (auto const& [name, key] : keys_) {
        map_[key.where] = owner_of(key.where);
        auto const last = std::make_shared<event>();
        last->begun = world_.steady();
        last->begun_at = world_.now();
        ask(clients, name, last, 0);
    }
    world_.run_until(world_.steady() + 500ms);
    for (auto const& [name, key] : keys_) {
        auto const is_last = [](event const& e) { return e.what == event::kind::get && e.known && e.begun >= time_point{} + turmoil; };
        if (std::ranges::none_of(key.events, is_last)) { throw violation{"key " + name + " cannot be read in the end"}; }
    }
}

void scenario::check_histories()
{
    for (auto const& [name, key] : keys_) {
        if (is_linearizable(key.events)) { continue; }
        if (world_.traced()) {
            fmt::print("the history of key {}, which no order explains:\n", name);
            for (auto const& e : key.events) { fmt::print("  {}\n", e.text()); }
            fmt::print("  the first that is not explained: {}\n", first_unexplained(key.events));
        }
        throw violation{"no order of what happened to key " + name + " explains its answers"};
    }
}

}  // namespace

report run(std::uint64_t seed, weather how, bool traced) { return scenario{seed, how, traced}.run(); }

}  // namespace mykeyv::simulation
