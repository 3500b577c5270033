// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/cluster/migration/wire.hpp"
#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/node_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

namespace mykeyv::server {
namespace {

constexpr std::chrono::milliseconds reconcile_pause_after_refusal{500};
constexpr std::chrono::milliseconds gossip_pause_with_news{100};

std::vector<std::string> node_words(std::vector<std::string> words)
{
    words.insert(words.begin(), "KV.NODE");
    return words;
}

}  // namespace

conductor::conductor(node_state& of) : node_{of}
{
    for (unsigned i = 0; i < of.store->lanes(); ++i) { ports_.push_back(std::make_unique<lane_port>(*this, i, of.store->id())); }
    thread_.run_and_wait([this] {
        gossip_timer_ = std::make_unique<async::timer>(thread_);
        reconcile_timer_ = std::make_unique<async::timer>(thread_);
        take_back_timer_ = std::make_unique<async::timer>(thread_);
    });
}

conductor::~conductor() { stop(); }

std::unique_ptr<store::slot_agent> conductor::make_mover(store::lane_core& lane, std::vector<std::pair<slot, store::slot_row>> const& rows)
{
    using enum store::slot_state;
    for (auto const& [s, row] : rows) {
        if (row.state == owned) { node_.owners->learn(s, node_.store->id(), row.epoch()); }
        if (row.state == handing_over) { node_.owners->learn(s, node_.store->id(), row.epoch() - 1); }
        if (row.state == gone) { node_.owners->learn(s, row.peer, row.epoch()); }
    }
    // Transfer ids must grow from one life of the daemon to the next, and so does the fence's epoch.
    auto const index = lane.index();
    return ports_[index]->make_mover(lane, rows, node_.store->fence_epoch() << 32);
}

void conductor::start()
{
    thread_.run_and_wait([this] {
        adopt(node_.owners->topology());
        gossip();
    });
}

void conductor::stop()
{
    if (std::exchange(stopped_, true)) { return; }
    thread_.run_and_wait([this] {
        gossip_timer_.reset();
        reconcile_timer_.reset();
        take_back_timer_.reset();
        for (auto& [id, each] : peers_) { each.close(); }
        peers_.clear();
        for (auto& each : std::exchange(unsettled_, {})) { each.done(std::move(each.text)); }
    });
    thread_.stop();
}

std::vector<std::string> conductor::greeting(cluster_id of) const
{
    return {"KV.NODE", "HELLO", node_.chosen.cluster_secret, node_.store->id().text(), of.text(),
            std::to_string(cluster::node_protocol_version), std::to_string(node_.chosen.store.value_bytes_max)};
}

change_result conductor::ask_to_join(endpoint const& member, cluster::node const& self)
{
    std::promise<change_result> promise;
    auto future = promise.get_future();
    thread_.post(
        [&] { ask_membership(member, self, join_attempts_max, [&promise](auto answer) { promise.set_value(std::move(answer)); }); });
    return future.get();
}

/// A member whose answer is lost may have made this node one. It is asked again: to know a node that is a member already is no harm.
void conductor::ask_membership(endpoint const& member, cluster::node const& self, int attempts_left, change_done done)
{
    auto const link = std::make_shared<peer_link>(thread_, member, greeting(cluster_id{}));
    link->ask({"KV.NODE", "JOIN", self.id.text(), self.endpoint.text(), std::to_string(self.weight)},
              [this, link, member, self, attempts_left, done = std::move(done)](resp::value const* reply, std::string const& why) mutable {
                  link->close();
                  if (reply == nullptr && attempts_left > 1) { return ask_membership(member, self, attempts_left - 1, std::move(done)); }
                  if (reply == nullptr) { return done(cluster::refusal{why}); }
                  auto const text = reply->text() != nullptr ? *reply->text() : std::string{};
                  done(reply->is_error() ? change_result{cluster::refusal{text}} : change_result{text});
              });
}

// About slots

void conductor::peer::close() const
{
    link->close();
    for (auto const& each : slot_links) {
        if (each) { each->close(); }
    }
}

peer_link& conductor::slot_link(peer& to, unsigned lane, cluster::slot_request const& request)
{
    auto const place = 2 * lane + (cluster::is_urgent(request) ? 1 : 0);
    if (to.slot_links.size() <= place) { to.slot_links.resize(place + 1); }
    auto& link = to.slot_links[place];
    if (!link) { link = std::make_shared<peer_link>(thread_, to.link->where(), greeting(topology().cluster())); }
    return *link;
}

void conductor::send(node_id to, cluster::slot_request request, unsigned lane)
{
    auto const place = peers_.find(to);
    auto const lost = [this, lane, s = request.slot, offer = request.offer] {
        node_.store->tell_agent(lane, [this, lane, s, offer](errc why) {
            if (why == errc::ok) { ports_[lane]->mover().unanswered(s, offer); }
        });
    };
    if (place == peers_.end()) { return lost(); }
    auto const expected = reply_to(request);
    auto& link = slot_link(place->second, lane, request);
    link.ask(node_words(words_of(std::move(request))), [this, lane, expected, lost](resp::value const* reply, std::string const&) mutable {
        auto const* const parts = reply != nullptr ? reply->elements() : nullptr;
        auto const is_answer = parts != nullptr && parts->size() == 2 && (*parts)[0].integer() != nullptr && (*parts)[1].text() != nullptr;
        if (!is_answer) { return lost(); }
        auto answer = expected;
        answer.yes = *(*parts)[0].integer() == 1;
        answer.reason = *(*parts)[1].text();
        node_.store->tell_agent(lane, [this, lane, answer = std::move(answer)](errc why) {
            if (why == errc::ok) { ports_[lane]->mover().replied(answer); }
        });
    });
}

void conductor::slot_asked(cluster::slot_request asked, unique_function<void(std::optional<cluster::slot_reply>)> answer)
{
    // One of the two has an older topology. Taken all the same, the slot would only be sent back.
    auto const is_wanted = node_.owners->topology()->owner_of(asked.slot) == node_.store->id();
    if (!is_wanted && std::holds_alternative<cluster::prepare>(asked.what)) {
        auto no = reply_to(asked);
        no.reason = "the topology that is known here does not want the slot here";
        return answer(std::move(no));
    }
    auto const lane = node_.store->lane_of(asked.slot);
    node_.store->tell_agent(lane, [this, lane, asked = std::move(asked), answer = std::move(answer)](errc why) mutable {
        why == errc::ok ? ports_[lane]->mover().asked(std::move(asked), std::move(answer)) : answer(std::nullopt);
    });
}

// What is to be where

void conductor::adopt(std::shared_ptr<cluster::topology const> newer)
{
    topology_ = std::move(newer);
    node_.owners->adopt(topology_);
    node_.pace.set(topology_->moving().bytes_per_second);
    refresh_links();
    reconcile_soon();
    insist_on_own_address();
}

/// Of two versions that two nodes made at once one is lost, and with it perhaps the address that this node has told.
void conductor::insist_on_own_address()
{
    auto const self = node_.store->id();
    auto const* const known = topology().find(self);
    if (known == nullptr || known->endpoint == node_.announced) { return; }
    make_change([this, self](auto const& now) { return now.with_endpoint(self, node_.announced, self); },
                [](auto const&) { return std::string{}; }, [](auto const&) {});
}

void conductor::refresh_links()
{
    auto const self = node_.store->id();
    std::erase_if(peers_, [&](auto& each) {
        auto const* const known = topology().find(each.first);
        if (known != nullptr && known->endpoint == each.second.link->where()) { return false; }
        each.second.close();
        return true;
    });
    for (auto const& n : topology().nodes()) {
        if (n.id == self || peers_.contains(n.id)) { continue; }
        peers_[n.id].link = std::make_shared<peer_link>(thread_, n.endpoint, greeting(topology().cluster()));
    }
}

void conductor::reconcile_soon(std::chrono::milliseconds after)
{
    if (!reconcile_timer_ || std::exchange(reconcile_is_due_, true)) { return; }
    reconcile_timer_->start(after, [this] {
        reconcile_is_due_ = false;
        reconcile();
    });
}

/// Tells each lane which of its slots are to go where. The movers pass over what is not theirs.
void conductor::reconcile()
{
    auto const self = node_.store->id();
    auto const owners = node_.owners->owners();
    std::vector<std::vector<std::pair<slot, node_id>>> wishes(ports_.size());
    for (unsigned number = 0; number < slot::count; ++number) {
        slot const s{number};
        auto const wanted = topology().owner_of(s);
        if (owners[number] == self && wanted != self && !topology().moving().paused) {
            wishes[node_.store->lane_of(s)].emplace_back(s, wanted);
        }
    }
    for (unsigned i = 0; i < ports_.size(); ++i) {
        node_.store->tell_lane(i, [this, i, w = std::move(wishes[i])](errc why) mutable {
            if (why == errc::ok) { return ports_[i]->mover().want(std::move(w)); }
            // A lane that waits for its MySQL takes no errands; nobody else would tell it.
            if (why != errc::stopping) { thread_.post([this] { reconcile_soon(reconcile_pause_after_refusal); }); }
        });
    }
    retire_if_empty();
    // Started once: where slots move all the time it would else be put off for ever.
    if (news_number() != news_gossiped_ && !std::exchange(gossips_soon_, true)) {
        gossip_timer_->start(gossip_pause_with_news, [this] { gossip(); });
    }
}

/// A node that is to leave and owns nothing any more takes itself out, when another one has what else was its alone.
void conductor::retire_if_empty()
{
    auto const self = node_.store->id();
    auto const* const known = topology().find(self);
    if (known == nullptr || !known->leaving || !topology().ranges_of(self).empty() || !node_.owners->own_ranges().empty()) { return; }
    if (std::exchange(is_retiring_, true)) { return; }
    hand_code_over([this, self](std::string const& why_not) {
        if (!why_not.empty()) {
            is_retiring_ = false;
            node_.log.warning("code for update() is not given to another node: {}; trying again", why_not);
            return reconcile_soon(reconcile_pause_after_refusal);
        }
        make_change([self](auto const& now) { return now.without_node(self, self); }, [](auto const&) { return std::string{}; },
                    [this](auto done) {
                        is_retiring_ = false;
                        if (done) { node_.log.info("this node owns no slot any more and has left its cluster: it can be stopped"); }
                    });
    });
}

}  // namespace mykeyv::server
