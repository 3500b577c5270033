// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/cluster/migration/wire.hpp"
#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/node_state.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace mykeyv::server {
namespace {

std::vector<std::string> node_words(std::vector<std::string> words)
{
    words.insert(words.begin(), "KV.NODE");
    return words;
}

}  // namespace

conductor::conductor(node_state& of)
    : node_{of}, member_{of.store->id(), of.store->fence_epoch(), *of.owners, of.time, of.log, *this}
{
    for (unsigned i = 0; i < of.store->lanes(); ++i) { ports_.push_back(std::make_unique<lane_port>(*this, i, of.store->id())); }
    thread_.run_and_wait([this] { timer_ = std::make_unique<async::timer>(thread_); });
}

conductor::~conductor() { stop(); }

std::unique_ptr<store::slot_agent> conductor::make_mover(store::lane_core& lane, std::vector<std::pair<slot, store::slot_row>> const& rows)
{
    for (auto const& [s, row] : rows) { node_.owners->restore(s, row); }
    // Transfer ids must grow from one life of the daemon to the next, and so does the fence's epoch.
    auto const index = lane.index();
    return ports_[index]->make_mover(lane, rows, node_.store->fence_epoch() << 32);
}

void conductor::start()
{
    thread_.run_and_wait([this] { member_.start(node_.announced); });
}

void conductor::stop()
{
    if (std::exchange(stopped_, true)) { return; }
    thread_.run_and_wait([this] {
        timer_.reset();
        for (auto& [id, each] : links_) { each.close(); }
        links_.clear();
        member_.stop();
    });
    thread_.stop();
}

std::vector<std::string> conductor::greeting(cluster_id of) const
{
    return {"KV.NODE", "HELLO", node_.chosen.cluster_secret, node_.store->id().text(), of.text(),
            std::to_string(cluster::node_protocol_version), std::to_string(node_.chosen.store.value_bytes_max)};
}

cluster::change_result conductor::ask_to_join(endpoint const& member, cluster::node const& self)
{
    std::promise<cluster::change_result> promise;
    auto future = promise.get_future();
    thread_.post([&] {
        member_.ask_to_join(member, self, [&promise](auto joined) { promise.set_value(std::move(joined)); });
    });
    return future.get();
}

// About slots

void conductor::links::close() const
{
    talk->close();
    for (auto const& each : of_lanes) {
        if (each) { each->close(); }
    }
}

peer_link& conductor::slot_link(links& to, unsigned lane, cluster::slot_request const& request)
{
    auto const place = 2 * lane + (cluster::is_urgent(request) ? 1 : 0);
    if (to.of_lanes.size() <= place) { to.of_lanes.resize(place + 1); }
    auto& link = to.of_lanes[place];
    if (!link) { link = std::make_shared<peer_link>(thread_, to.talk->where(), greeting(member_.newest().cluster())); }
    return *link;
}

void conductor::send(node_id to, cluster::slot_request request, unsigned lane)
{
    auto const place = links_.find(to);
    auto const lost = [this, lane, s = request.slot, offer = request.offer] {
        node_.store->tell_agent(lane, [this, lane, s, offer](errc why) {
            if (why == errc::ok) { ports_[lane]->mover().unanswered(s, offer); }
        });
    };
    if (place == links_.end()) { return lost(); }
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
    auto const lane = node_.store->lane_of(asked.slot);
    node_.store->tell_agent(lane, [this, lane, asked = std::move(asked), answer = std::move(answer)](errc why) mutable {
        why == errc::ok ? ports_[lane]->mover().asked(std::move(asked), std::move(answer)) : answer(std::nullopt);
    });
}

// For the membership

namespace {

cluster::node_answer answer_of(resp::value const* reply, std::string const& why)
{
    using enum cluster::node_answer::outcome;
    if (reply == nullptr) { return {none, why}; }
    return {reply->is_error() ? refused : said, reply->text() != nullptr ? *reply->text() : std::string{}};
}

}  // namespace

void conductor::ask(node_id of, std::vector<std::string> words, answered then)
{
    auto const place = links_.find(of);
    if (place == links_.end()) { return then({cluster::node_answer::outcome::none, "it is no member"}); }
    place->second.talk->ask(node_words(std::move(words)),
                            [then = std::move(then)](auto const* reply, auto const& why) mutable { then(answer_of(reply, why)); });
}

void conductor::ask_stranger(endpoint const& where, std::vector<std::string> words, std::chrono::milliseconds patience, answered then)
{
    auto const link = std::make_shared<peer_link>(thread_, where, greeting(cluster_id{}), patience);
    link->ask(node_words(std::move(words)), [link, then = std::move(then)](resp::value const* reply, std::string const& why) mutable {
        link->close();
        then(answer_of(reply, why));
    });
}

void conductor::save(std::shared_ptr<cluster::topology const> wanted, std::function<void(errc)> done)
{
    node_.store->async_save_topology(wanted->version(), wanted->json(), [this, done = std::move(done)](errc outcome) {
        thread_.post([done, outcome] { done(outcome); });
    });
}

void conductor::adopted(cluster::topology const& newer)
{
    node_.pace.set(newer.moving().bytes_per_second);
    std::erase_if(links_, [&](auto& each) {
        auto const* const known = newer.find(each.first);
        if (known != nullptr && known->endpoint == each.second.talk->where()) { return false; }
        each.second.close();
        return true;
    });
    for (auto const& n : newer.nodes()) {
        if (n.id == node_.store->id() || links_.contains(n.id)) { continue; }
        links_[n.id].talk = std::make_shared<peer_link>(thread_, n.endpoint, greeting(newer.cluster()));
    }
}

std::vector<conductor::wishes> conductor::shares(wishes const& all) const
{
    std::vector<wishes> of_each(ports_.size());
    for (auto const& each : all) { of_each[node_.store->lane_of(each.first)].push_back(each); }
    return of_each;
}

/// The movers pass over what is not theirs.
void conductor::want(std::vector<std::pair<slot, node_id>> all)
{
    auto each = shares(all);
    for (unsigned i = 0; i < ports_.size(); ++i) {
        node_.store->tell_lane(i, [this, i, share = std::move(each[i])](errc why) mutable {
            if (why == errc::ok) { return ports_[i]->mover().want(std::move(share)); }
            // A lane that waits for its MySQL takes no errands; nobody else would tell it.
            if (why != errc::stopping) { thread_.post([this] { member_.wishes_were_lost(); }); }
        });
    }
}

void conductor::want_and_look(std::vector<std::pair<slot, node_id>> all, node_id leaving, done_or_why done)
{
    auto const look = [each = shares(all), leaving](cluster::mover& m, unsigned lane) -> std::string {
        m.want(each[lane]);
        return m.is_bringing_to(leaving) ? "a slot is on its way there still" : "";
    };
    on_every_lane(look, std::move(done));
}

void conductor::wake_at(time when)
{
    if (!timer_) { return; }
    auto const delay = std::chrono::ceil<std::chrono::milliseconds>(when - node_.time.steady());
    timer_->start(std::max(delay, std::chrono::milliseconds{0}), [this] { member_.wake(); });
}

}  // namespace mykeyv::server
