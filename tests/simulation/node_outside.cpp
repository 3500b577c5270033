// SPDX-License-Identifier: Apache-2.0
// The part of a simulated node that has to do with the others.
#include "mykeyv/cluster/migration/warmth.hpp"
#include "tests/simulation/life.hpp"

#include <algorithm>

namespace mykeyv::simulation {

using mykeyv::cluster::slot_reply;
using mykeyv::cluster::slot_request;
using mykeyv::cluster::transfer_offer;

member* node::member() { return life_ && life_->member ? &*life_->member : nullptr; }

void node::want(std::vector<std::pair<slot, node_id>> wishes, std::function<void()> lost)
{
    for (unsigned i = 0; i < lanes; ++i) {
        auto share = wishes;
        std::erase_if(share, [i](auto const& each) { return each.first.number() % lanes != i; });
        hand(i, store::errand{[this, i, share = std::move(share), lost](errc why) mutable {
                 why == errc::ok ? life_->all[i].mover->want(std::move(share)) : lost();
             }});
    }
}

void node::on_every_lane(errand const& what, std::function<void(std::string const&)> done)
{
    struct progress {
        unsigned left = lanes;
        std::string why_not;
    };
    auto const shared = std::make_shared<progress>();
    for (unsigned i = 0; i < lanes; ++i) {
        hand(i, store::errand{[this, i, shared, what, done](errc why) {
                 auto problem = why == errc::ok ? what(*life_->all[i].mover, i) : std::string{message(why)};
                 if (!problem.empty()) { shared->why_not = std::move(problem); }
                 if (--shared->left == 0) { world_.after(world_.between(10, 1'000), [shared, done] { done(shared->why_not); }); }
             }});
    }
}

void node::received(unsigned from, slot_request r)
{
    // Of another cluster, nodes do not even greet each other.
    auto const is_stranger = life_->member && !(life_->member->has_started() && life_->member->core.newest().cluster() == cluster_.founded);
    if (is_stranger) { return unheard(from, r.slot, r.offer); }
    auto const number = r.slot.number() % lanes;
    hand(number, store::note{[this, from, number, r = std::move(r)](errc why) mutable {
             if (why != errc::ok) { return unheard(from, r.slot, r.offer); }
             auto const s = r.slot;
             auto const offer = r.offer;
             life_->all[number].mover->asked(std::move(r), [this, from, s, offer](std::optional<slot_reply> reply) {
                 if (!reply) { return unheard(from, s, offer); }
                 cluster_.send(index_, from, std::move(*reply));
                 // Not to be noticed by the other end is the worst moment.
                 if (world_.one_in(world_.trouble.statement_crashes / 30)) { throw crash{}; }
             });
         }});
}

void node::unheard(unsigned by, slot s, transfer_offer const& offer)
{
    if (world_.one_in(4)) { return; }
    world_.after(world_.between(50, 400), [&c = cluster_, by, s, offer] { c.nodes[by]->lost(s, offer); });
}

void node::received(unsigned, slot_reply const& r)
{
    auto const number = r.slot.number() % lanes;
    hand(number, store::note{[this, number, r](errc why) {
             if (why == errc::ok) { life_->all[number].mover->replied(r); }
         }});
}

void node::lost(slot s, transfer_offer const& offer)
{
    if (!life_) { return; }
    auto const number = s.number() % lanes;
    hand(number, store::note{[this, number, s, offer](errc why) {
             if (why == errc::ok) { life_->all[number].mover->unanswered(s, offer); }
         }});
}

node_id node::self() const { return cluster_.id_of(index_); }
bool node::is_wanted(slot s) const
{
    auto const wanted = life_->member ? life_->member->core.newest().owner_of(s) == self()
                                      : !cluster_.refuses_unwanted || life_->wanted.contains(s);
    if (!wanted) { ++world_.seen["not wanted here"]; }
    return wanted;
}
void node::send(node_id to, slot_request r)
{
    if (life_) { mykeyv::cluster::note_cached(r, life_->known); }
    auto const is_stranger = life_ && life_->member && life_->member->core.newest().find(to) == nullptr;
    if (is_stranger) {
        return world_.after(world_.between(50, 400), [this, s = r.slot, offer = r.offer] { lost(s, offer); });
    }
    cluster_.send(index_, cluster_.index_of(to), std::move(r));
}
void node::owned_by(slot s, node_id owner, std::uint64_t epoch)
{
    // While the node is born `life_` is not there yet; hints come with the first redirect then.
    if (!life_) { return; }
    life_->owners[s] = {owner, epoch};
    if (!life_->member) { return; }
    life_->member->owners.learn(s, owner, epoch);
    if (owner == self() && life_->member->has_started()) {
        world_.after(world_.between(5, 200), [this, born = life_->number] {
            if (life_ && life_->number == born) { life_->member->core.slot_came(); }
        });
    }
}
node::time node::pace(std::size_t)
{
    return world_.steady() + (world_.one_in(world_.trouble.slow_sending) ? world_.between(1, 2000) : microseconds{0});
}
void node::departed(mykeyv::cluster::departure const&)
{
    ++world_.seen["departure"];
    if (!life_->member) { return; }
    world_.after(world_.between(5, 200), [this, born = life_->number] {
        if (life_ && life_->number == born) { life_->member->core.slot_left(); }
    });
}

}  // namespace mykeyv::simulation
