// SPDX-License-Identifier: Apache-2.0
// The part of membership by which a node becomes a member.
#include "mykeyv/cluster/membership/membership.hpp"

#include <utility>

namespace mykeyv::cluster {

void membership::ask_to_join(endpoint const& member, node const& self, done then)
{
    ask_membership(member, self, limits_.join_attempts_max, std::move(then));
}

/// A member whose answer is lost may have made this node one. It is asked again: to know a node that is a member already is no harm.
void membership::ask_membership(endpoint const& member, node const& self, int attempts_left, done then)
{
    std::vector<std::string> words{"JOIN", self.id.text(), self.endpoint.text(), std::to_string(self.weight)};
    outside_.ask_stranger(member, std::move(words), limits_.join_patience,
                          [this, member, self, attempts_left, then = std::move(then)](node_answer const& answer) mutable {
                              using enum node_answer::outcome;
                              if (answer.what == none && attempts_left > 1) {
                                  return ask_membership(member, self, attempts_left - 1, std::move(then));
                              }
                              if (answer.what != said) { return then(refusal{answer.text}); }
                              then(answer.text);
                          });
}

void membership::join_asked(node fresh, done then)
{
    // In turn: what is being saved may be that this node is a member of another cluster, or that this very one has joined.
    in_turn([this, fresh = std::move(fresh), then = std::move(then)]() mutable {
        if (is_being_admitted_) { return then(refusal{"this node is being made a member of another cluster"}); }
        auto const* const known = newest().find(fresh.id);
        if (known != nullptr && known->endpoint == fresh.endpoint) { return then(newest().json()); }
        make_change([this, fresh = std::move(fresh)](auto const& now) { return now.with_node(fresh, self_); },
                    [](auto const& with) { return with.json(); }, std::move(then));
    });
}

void membership::add(endpoint const& where, std::uint32_t weight, done then)
{
    // One that was never heard may be a member without knowing it: a JOIN whose answer was lost. To ask it again is no harm.
    auto const* const known = newest().find(where);
    auto const place = known != nullptr ? peers_.find(known->id) : peers_.end();
    auto const was_never_heard = place != peers_.end() && !place->second.was_heard();
    if (known != nullptr && !was_never_heard) {
        return then(refusal{"a node with the address " + where.text() + " is a member already"});
    }
    auto const* const self = newest().find(self_);
    if (self == nullptr) { return then(refusal{"this node has left its cluster"}); }
    outside_.ask_stranger(where, {"INVITE", self->endpoint.text(), std::to_string(weight)}, limits_.invitation_patience,
                          [then = std::move(then)](node_answer const& answer) mutable {
                              if (answer.what != node_answer::outcome::said) { return then(refusal{answer.text}); }
                              then(std::string{});
                          });
}

void membership::invited(endpoint const& member, std::uint32_t weight, done then)
{
    in_turn([this, member, weight, then = std::move(then)]() mutable { be_admitted(member, weight, std::move(then)); });
}

void membership::be_admitted(endpoint const& member, std::uint32_t weight, done then)
{
    auto const* const known = newest().find(self_);
    if (known == nullptr) { return then(refusal{"this node has left its cluster: to be used once more it begins with an empty MySQL"}); }
    if (newest().nodes().size() > 1) { return then(refusal{"this node has a cluster of its own already, of several nodes"}); }
    // Of two, one could take the slots back while the other one is told that the node is a member.
    if (std::exchange(is_being_admitted_, true)) { return then(refusal{"this node is being made a member already"}); }
    auto self = *known;
    self.weight = weight;
    auto const shared = std::make_shared<done>(std::move(then));
    give_own_slots_up([this, member, self, shared](std::string const& why_not) {
        if (!why_not.empty()) { return (*shared)(refusal{why_not}); }
        ask_to_join(member, self, [this, shared](change_result const& answer) {
            auto parsed = answer ? topology::parse(answer.text) : checked<topology>{refusal{*answer.why_not}};
            if (parsed && parsed->find(self_) == nullptr) { parsed = refusal{"the topology that came does not have this node"}; }
            if (!parsed) {
                return take_own_slots_back([shared, why_not = parsed.error()] { (*shared)(why_not); });
            }
            owners_.forget();
            enter(*parsed, [shared] { (*shared)(std::string{}); });
        });
    });
}

/// The others count this node in already, so that is saved sooner or later.
void membership::enter(topology const& joined, std::function<void()> then)
{
    in_turn([this, joined, then = std::move(then)] {
        save(joined, [this, joined, then](errc outcome) {
            is_being_admitted_ = outcome != errc::ok;
            if (!is_being_admitted_) { return then(); }
            log_.warning("this node has joined a cluster and cannot save that: {}; trying again", message(outcome));
            go_on_with_admission([this, joined, then] { enter(joined, then); });
        });
    });
}

/// Only of a node that is alone: no other one has ever heard of these slots. `then` gets why not, or nothing.
void membership::give_own_slots_up(std::function<void(std::string const&)> then)
{
    outside_.give_own_slots_up([this, then = std::move(then)](std::string const& why_not) {
        if (why_not.empty()) { return then({}); }
        take_own_slots_back([then, why_not] { then(why_not); });
    });
}

void membership::take_own_slots_back(std::function<void()> then)
{
    outside_.take_own_slots_back([this, then = std::move(then)](std::string const& why_not) {
        then();
        is_being_admitted_ = !why_not.empty();
        if (!is_being_admitted_) { return; }
        log_.warning("this node's own slots are not served: {}; trying again", why_not);
        go_on_with_admission([this] { take_own_slots_back([] {}); });
    });
}

}  // namespace mykeyv::cluster
