// SPDX-License-Identifier: Apache-2.0
// The part of the conductor in which nodes tell each other what they know.
//
//     {"id": who speaks, "version": of its topology, "author": of that, "news": number of its slots' state, "seen": the number it has
//      seen of the other's, "slots": [[first, last, epoch], ...] if the other has not seen them, "status": its part of STATUS}
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/server/lane_port.hpp"
#include "mykeyv/server/node_state.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace mykeyv::server {
namespace {

using nlohmann::json;
using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds gossip_pause{1000};

/// What another node says is input: nothing where it is not as it should be.
std::optional<json> parsed_object(std::string_view text)
{
    auto parsed = json::parse(text, nullptr, false);
    return parsed.is_object() ? std::optional{std::move(parsed)} : std::nullopt;
}

std::uint64_t number_in(json const& object, char const* name)
{
    auto const place = object.find(name);
    return place != object.end() && place->is_number_unsigned() ? place->get<std::uint64_t>() : 0;
}

std::optional<node_id> id_in(json const& object, char const* name)
{
    auto const place = object.find(name);
    return place != object.end() && place->is_string() ? node_id::parse(place->get_ref<std::string const&>()) : std::nullopt;
}

}  // namespace

std::uint64_t conductor::news_number() const { return (node_.store->fence_epoch() << 32) + node_.owners->own_version(); }

json conductor::own_status() const
{
    std::uint64_t slots = 0, records = 0, bytes = 0, parked = 0;
    for (auto const& port : ports_) {
        slots += port->figures().slots;
        records += port->figures().records;
        bytes += port->figures().bytes;
        parked = std::max(parked, port->figures().parked_us_max.load());
    }
    // The least bound that 99 % of the slots were below.
    std::uint64_t p99 = 0, below = 0;
    for (std::size_t place = 0; place < lane_figures::places && 100 * below < 99 * slots; ++place) {
        for (auto const& port : ports_) { below += port->figures().parked_below[place]; }
        p99 = std::min(lane_figures::bound_of(place), parked);
    }
    auto const self = node_.store->id();
    std::uint64_t owned = 0, to_leave = 0;
    for (auto const& range : node_.owners->own_ranges()) {
        for (unsigned n = range.slots.first.number(); n <= range.slots.last.number(); ++n) {
            ++owned;
            to_leave += topology().owner_of(slot{n}) != self ? 1 : 0;
        }
    }
    return {{"version", topology().version()},
            {"slots", owned},
            {"to_leave", to_leave},
            {"departed", {{"slots", slots}, {"records", records}, {"bytes", bytes}}},
            {"parked_us_max", parked},
            {"parked_us_p99", p99}};
}

std::string conductor::own_news(std::uint64_t seen, bool with_slots) const
{
    json news{{"id", node_.store->id().text()}, {"version", topology().version()}, {"author", topology().author().text()},
              {"news", news_number()},          {"seen", seen},                    {"status", own_status()}};
    if (with_slots) {
        auto slots = json::array();
        for (auto const& range : node_.owners->own_ranges()) {
            slots.push_back({range.slots.first.number(), range.slots.last.number(), range.epoch});
        }
        news["slots"] = std::move(slots);
    }
    return news.dump();
}

/// Whoever says that it owns a slot at an epoch does, or did: a higher epoch replaces it.
void conductor::learn(json const& told, node_id from, peer& of)
{
    of.heard = clock::now();
    of.topology = {number_in(told, "version"), id_in(told, "author").value_or(node_id{})};
    if (told.contains("status") && told["status"].is_object()) { of.last_said = told["status"].dump(); }
    if (!told.contains("slots") || !told["slots"].is_array()) { return; }
    for (auto const& range : told["slots"]) {
        auto const is_range = range.is_array() && range.size() == 3 && range[0].is_number_unsigned() && range[1].is_number_unsigned() &&
                              range[2].is_number_unsigned() && range[1].get<std::uint64_t>() < slot::count;
        if (!is_range) { return; }
        for (auto n = range[0].get<unsigned>(); n <= range[1].get<unsigned>(); ++n) {
            node_.owners->learn(slot{n}, from, range[2].get<std::uint64_t>());
        }
    }
    of.news_seen = number_in(told, "news");
}

void conductor::gossip()
{
    if (!gossip_timer_) { return; }
    news_gossiped_ = news_number();
    gossips_soon_ = false;
    settle_changes();
    for (auto& [id, each] : peers_) { gossip_with(id, each); }
    gossip_timer_->start(gossip_pause, [this] { gossip(); });
}

void conductor::gossip_with(node_id id, peer& to)
{
    if (std::exchange(to.asked, true)) { return; }
    auto const told = news_number();
    to.link->ask({"KV.NODE", "GOSSIP", own_news(to.news_seen, to.news_told != told)},
                 [this, id, told](resp::value const* reply, std::string const& why) {
                     auto const place = peers_.find(id);
                     if (place == peers_.end()) { return; }
                     auto& from = place->second;
                     from.asked = false;
                     auto const* const text = reply != nullptr && !reply->is_error() ? reply->text() : nullptr;
                     auto const heard = text != nullptr ? parsed_object(*text) : std::nullopt;
                     if (!heard) {
                         from.news_told = 0;
                         auto const is_refusal = reply != nullptr && reply->is_error();
                         std::string const problem = reply == nullptr ? why : is_refusal ? *reply->text() : "its answer is no gossip";
                         if (std::exchange(from.complaint, problem) != problem) {
                             node_.log.warning("node {} does not answer: {}", id.text(), problem);
                         }
                         return settle_changes();
                     }
                     if (std::exchange(from.complaint, std::nullopt)) { node_.log.info("node {} answers again", id.text()); }
                     from.news_told = told;
                     learn(*heard, id, from);
                     settle_changes();
                     compare_topologies(id, from);
                 });
}

/// The newer topology is told to who has the older one. Where somebody waits for all to have it, they are asked at once whether they do.
void conductor::compare_topologies(node_id id, peer& other)
{
    auto const theirs = other.topology;
    std::pair const ours{topology().version(), topology().author()};
    if (theirs < ours) {
        other.link->ask({"KV.NODE", "TOPOLOGY", topology().json()}, [this, id](resp::value const* reply, auto const&) {
            auto const place = peers_.find(id);
            if (reply != nullptr && !reply->is_error() && place != peers_.end() && !unsettled_.empty()) { gossip_with(id, place->second); }
        });
    }
    if (theirs > ours) {
        other.link->ask({"KV.NODE", "TOPOLOGY"}, [this](resp::value const* reply, auto const&) {
            if (reply == nullptr || reply->is_error() || reply->text() == nullptr) { return; }
            topology_came(*reply->text(), [this](auto done) {
                if (!done) { node_.log.warning("a topology that another node sent is not usable: {}", *done.why_not); }
            });
        });
    }
}

void conductor::gossip_came(std::string text, unique_function<void(std::string)> answer)
{
    thread_.post([this, text = std::move(text), answer = std::move(answer)]() mutable {
        auto const told = parsed_object(text);
        auto const from = told ? id_in(*told, "id") : std::nullopt;
        if (!from) { return answer(std::string{}); }
        auto const place = peers_.find(*from);
        std::uint64_t seen = 0;
        if (place != peers_.end()) {
            learn(*told, *from, place->second);
            settle_changes();
            if (place->second.complaint) { gossip_with(*from, place->second); }  // it is back
            seen = place->second.news_seen;
        }
        answer(own_news(seen, number_in(*told, "seen") != news_number()));
    });
}

}  // namespace mykeyv::server
