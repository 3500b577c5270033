// SPDX-License-Identifier: Apache-2.0
// The network, and the promises that all nodes together keep.
#include "tests/simulation/node.hpp"

#include <algorithm>

namespace mykeyv::simulation {

using mykeyv::cluster::slot_reply;
using mykeyv::cluster::slot_request;
using mykeyv::cluster::transfer_offer;

namespace {

std::string text(slot_request const& r)
{
    constexpr std::string_view names[] = {"PREPARE", "ROWS", "CUT_OVER", "QUERY", "CANCEL"};
    auto const* const rows = std::get_if<mykeyv::cluster::portion>(&r.what);
    return fmt::format("{} slot {} ({}, {}){}", names[r.what.index()], r.slot.number(), r.offer.epoch, r.offer.transfer & 0xffff,
                       rows != nullptr ? fmt::format(" number {} with {} records", rows->number, rows->rows.records()) : "");
}

std::string text(slot_reply const& r)
{
    constexpr std::string_view names[] = {"PREPARE", "ROWS", "CUT_OVER", "QUERY", "CANCEL"};
    return fmt::format("{} to {} slot {} ({}, {}) {}", r.yes ? "yes" : "no", names[static_cast<int>(r.about)], r.slot.number(),
                       r.offer.epoch, r.offer.transfer & 0xffff, r.reason);
}

}  // namespace

cluster::cluster(world& in, unsigned size, unsigned founders, std::vector<slot> which)
    : slots{std::move(which)}, desired(slots.size(), 0), refuses_unwanted{in.one_in(2)}, has_members{founders > 0}, world_{in}
{
    auto const cache_bytes = in.one_in(4) ? 0 : std::size_t{1} << 20;
    for (unsigned i = 0; i < size; ++i) { nodes.push_back(std::make_unique<node>(in, *this, i, cache_bytes)); }
    if (has_members) { found(founders); }
    for (auto const s : slots) { nodes[0]->disk().slots[s] = {store::slot_state::owned, {1, 0}, {}}; }
    for (auto& each : nodes) { each->start(); }
}

cluster::~cluster() = default;

/// The planner gives the first slots to the least id, which is the first node.
void cluster::found(unsigned founders)
{
    std::vector<mykeyv::cluster::node> first;
    for (unsigned i = 0; i < founders; ++i) { first.push_back({id_of(i), endpoint_of(i), 1, false}); }
    auto const known = mykeyv::cluster::topology::fresh(std::move(first)).value();
    founded = known.cluster();
    for (unsigned i = 0; i < founders; ++i) { nodes[i]->disk().topology = known.json(); }
}

node_id cluster::id_of(unsigned index) const
{
    std::array<std::uint8_t, 20> bytes{};
    bytes[19] = static_cast<std::uint8_t>(index + 1);
    return node_id{bytes};
}

unsigned cluster::index_of(node_id id) const { return id.bytes()[19] - 1u; }

bool cluster::is_cut(unsigned a, unsigned b) const
{
    auto const place = cut_until_.find(std::minmax(a, b));
    return place != cut_until_.end() && place->second > world_.steady();
}

void cluster::cut(unsigned a, unsigned b, microseconds how_long)
{
    world_.note("link {} - {} is cut for {} ms", a, b, how_long.count() / 1000);
    cut_until_[std::minmax(a, b)] = world_.steady() + how_long;
}

template <class Message>
void cluster::deliver(unsigned from, unsigned to, Message const& m)
{
    auto when = world_.steady() + world_.between(50, 400);
    if (world_.one_in(world_.trouble.message_late)) {
        ++world_.seen["message late"];
        when += world_.between(100, world_.one_in(2) ? 4'000 : 200'000);
    } else {
        auto& last = last_delivery_[{from, to}];
        last = when = std::max(when, last + microseconds{1});
    }
    world_.at(when, [this, from, to, m]() mutable {
        if (is_cut(from, to)) { return; }
        // Some networks keep what they cannot deliver.
        if (!nodes[to]->is_up()) { return world_.one_in(2) ? deliver(from, to, m) : void(); }
        world_.note("{} -> {}: {}", from, to, text(m));
        nodes[to]->received(from, std::move(m));
    });
}

void cluster::send(unsigned from, unsigned to, slot_request r)
{
    auto const is_lost = is_cut(from, to) || (!nodes[to]->is_up() && world_.one_in(2)) || world_.one_in(world_.trouble.message_lost);
    if (is_lost && !world_.one_in(4)) {
        // The connection breaks, and that is noticed.
        world_.after(world_.between(200, 20'000), [this, from, s = r.slot, offer = r.offer] { nodes[from]->lost(s, offer); });
    }
    if (is_lost) { return; }
    deliver(from, to, r);
    if (world_.one_in(world_.trouble.message_twice)) { deliver(from, to, r); }
}

void cluster::send(unsigned from, unsigned to, slot_reply r)
{
    if (r.reason == mykeyv::cluster::figures_differ) { throw violation{"the rows of a slot were not those that were offered"}; }
    auto const is_lost = is_cut(from, to) || world_.one_in(world_.trouble.message_lost);
    if (is_lost && !world_.one_in(4)) {
        world_.after(world_.between(200, 20'000), [this, to, s = r.slot, offer = r.offer] { nodes[to]->lost(s, offer); });
    }
    if (is_lost) { return; }
    deliver(from, to, r);
    if (world_.one_in(world_.trouble.message_twice)) { deliver(from, to, r); }
}

bool cluster::is_of_it(unsigned index) const
{
    auto const& saved = nodes[index]->disk().topology;
    return !saved.empty() && mykeyv::cluster::topology::parse(saved).value().cluster() == founded;
}

void cluster::ask(unsigned from, unsigned to, std::vector<std::string> words, std::optional<cluster_id> of,
                  unique_function<void(mykeyv::cluster::node_answer const&)> then)
{
    using mykeyv::cluster::node_answer;
    /// Whoever asked learns something at last, also of an answer that is forgotten.
    struct question {
        world& in;
        unique_function<void(node_answer const&)> then;
        ~question() { say({node_answer::outcome::none, "no answer"}); }
        void say(node_answer answer)
        {
            if (!then) { return; }
            auto const late = in.one_in(in.trouble.message_late) ? in.between(100, 200'000) : in.between(50, 400);
            in.after(late, [answer = std::move(answer), then = std::exchange(then, {})]() mutable { then(answer); });
        }
    };
    auto const is_lost = [this, from, to] { return is_cut(from, to) || world_.one_in(world_.trouble.message_lost); };
    auto asked = std::make_shared<question>(world_, std::move(then));
    if (is_lost()) { return; }
    auto const on_the_way = world_.one_in(world_.trouble.message_late) ? world_.between(100, 200'000) : world_.between(50, 400);
    world_.after(on_the_way, [this, from, to, is_lost, words = std::move(words), of, asked] {
        auto* const there = nodes[to]->member();
        if (there == nullptr || !there->has_started()) { return; }
        world_.note("{} -> {}: {}", from, to, words[0]);
        there->asked(from, words, of, [asked, is_lost](node_answer answer) {
            if (!is_lost()) { asked->say(std::move(answer)); }
        });
    });
}

void cluster::topology_adopted(unsigned by, mykeyv::cluster::topology const& newer)
{
    if (newer.cluster() != founded) { return; }
    std::pair const number{newer.version(), newer.author()};
    auto const [place, fresh] = topologies_.try_emplace(number, newer);
    if (place->second != newer) {
        throw violation{fmt::format("there are two topologies of version {} of {}", number.first, index_of(number.second))};
    }
    auto& newest = topology_of_[by];
    if (number < newest) { throw violation{fmt::format("{} goes back to version {}", by, number.first)}; }
    newest = number;
    auto const is_in_it = newer.find(id_of(by)) != nullptr;
    if (!is_in_it && newer.author() == id_of(by)) { left_.insert(by); }
    if (is_in_it) { left_.erase(by); }
}

void cluster::row_committed(unsigned by, slot s, store::slot_row const& row)
{
    world_.note("{} commits slot {}: state {} at ({}, {})", by, s.number(), static_cast<int>(row.state), row.offer.epoch,
                row.offer.transfer & 0xffff);
    ++world_.seen[fmt::format("row in state {}", static_cast<int>(row.state))];
    auto& newest = offer_at_[{s, by}];
    if (row.offer < newest) {
        throw violation{fmt::format("slot {}: the row of {} goes back from ({}, {}) to ({}, {})", s.number(), by, newest.epoch,
                                    newest.transfer & 0xffff, row.offer.epoch, row.offer.transfer & 0xffff)};
    }
    newest = row.offer;
    if (row.state != store::slot_state::owned) { return; }
    if (left_.contains(by)) { throw violation{fmt::format("{} takes slot {} after it has left", by, s.number())}; }
    auto const [place, fresh] = owner_at_.try_emplace({s, row.epoch()}, by);
    if (place->second != by) {
        throw violation{fmt::format("slot {} has two owners at epoch {}: {} and {}", s.number(), row.epoch(), place->second, by)};
    }
}

void cluster::check()
{
    for (auto const s : slots) {
        std::optional<unsigned> serving;
        for (unsigned i = 0; i < nodes.size(); ++i) {
            if (left_.contains(i) && nodes[i]->gate_of(s) != store::gate::closed) {
                throw violation{fmt::format("{} has left, and slot {} is not closed there", i, s.number())};
            }
            if (nodes[i]->gate_of(s) != store::gate::open) { continue; }
            if (serving) { throw violation{fmt::format("slot {} is served by {} and by {}", s.number(), *serving, i)}; }
            serving = i;
        }
    }
}

void cluster::version_given(slot s, std::uint64_t given)
{
    auto& last = last_version_[s];
    if (given <= last) { world_.breaks(fmt::format("slot {}: version {} after {}", s.number(), given, last)); }
    last = given;
}

}  // namespace mykeyv::simulation
