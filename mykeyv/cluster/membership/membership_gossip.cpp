// SPDX-License-Identifier: Apache-2.0
// The part of membership in which nodes tell each other what they know.
//
//     {"id": who speaks, "version": of its topology, "author": of that, "news": number of its slots' state, "seen": the number it has
//      seen of the other's, "slots": [[first, last, epoch], ...] if the other has not seen them, "status": its part of STATUS}
#include "mykeyv/cluster/membership/membership.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace mykeyv::cluster {
namespace {

using nlohmann::json;

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

std::string membership::own_news(std::uint64_t seen, bool with_slots) const
{
    json news{{"id", self_.text()}, {"version", newest().version()}, {"author", newest().author().text()},
              {"news", news_number()},          {"seen", seen},                    {"status", outside_.figures()}};
    if (with_slots) {
        auto slots = json::array();
        for (auto const& range : owners_.own_ranges()) {
            slots.push_back({range.slots.first.number(), range.slots.last.number(), range.epoch});
        }
        news["slots"] = std::move(slots);
    }
    return news.dump();
}

/// Whoever says that it owns a slot at an epoch does, or did: a higher epoch replaces it.
void membership::learn(json const& told, node_id from, peer& of)
{
    of.heard = time_.steady();
    of.has = {number_in(told, "version"), id_in(told, "author").value_or(node_id{})};
    if (told.contains("status") && told["status"].is_object()) { of.last_said = told["status"].dump(); }
    if (!told.contains("slots") || !told["slots"].is_array()) { return; }
    for (auto const& range : told["slots"]) {
        auto const is_range = range.is_array() && range.size() == 3 && range[0].is_number_unsigned() && range[1].is_number_unsigned() &&
                              range[2].is_number_unsigned() && range[1].get<std::uint64_t>() < slot::count;
        if (!is_range) { return; }
        for (auto n = range[0].get<unsigned>(); n <= range[1].get<unsigned>(); ++n) {
            owners_.learn(slot{n}, from, range[2].get<std::uint64_t>());
        }
    }
    of.news_seen = number_in(told, "news");
}

void membership::gossip()
{
    news_gossiped_ = news_number();
    due_at(gossips_at_, time_.steady() + limits_.gossip_pause);
    settle_changes();
    for (auto& [id, each] : peers_) { gossip_with(id, each); }
}

void membership::gossip_soon()
{
    auto const soon = time_.steady() + limits_.gossip_pause_with_news;
    if (soon < gossips_at_) { due_at(gossips_at_, soon); }
}

void membership::gossip_with(node_id id, peer& to)
{
    if (std::exchange(to.asked, true)) { return; }
    auto const told = news_number();
    outside_.ask(id, {"GOSSIP", own_news(to.news_seen, to.news_told != told)}, [this, id, told](node_answer const& answer) {
        auto const place = peers_.find(id);
        if (place == peers_.end()) { return; }
        auto& from = place->second;
        from.asked = false;
        auto const heard = answer.what == node_answer::outcome::said ? parsed_object(answer.text) : std::nullopt;
        if (!heard) {
            from.news_told = 0;
            auto const problem = answer.what == node_answer::outcome::said ? "its answer is no gossip" : answer.text;
            if (std::exchange(from.complaint, problem) != problem) {
                log_.warning("node {} does not answer: {}", id.text(), problem);
            }
            settle_changes();
            // Whoever waits for a change is answered before the next round comes; one that has just begun to listen is to have it by then.
            return unsettled_.empty() ? void() : gossip_soon();
        }
        if (std::exchange(from.complaint, std::nullopt)) { log_.info("node {} answers again", id.text()); }
        from.news_told = told;
        learn(*heard, id, from);
        settle_changes();
        compare_topologies(id, from);
    });
}

/// The newer topology is told to who has the older one. Where somebody waits for all to have it, they are asked at once whether they do.
void membership::compare_topologies(node_id id, peer& other)
{
    auto const theirs = other.has;
    auto const ours = number_of(newest());
    if (theirs < ours) {
        outside_.ask(id, {"TOPOLOGY", newest().json()}, [this, id](node_answer const& answer) {
            auto const place = peers_.find(id);
            auto const is_taken = answer.what == node_answer::outcome::said;
            if (is_taken && place != peers_.end() && !unsettled_.empty()) { gossip_with(id, place->second); }
        });
    }
    if (theirs > ours) {
        outside_.ask(id, {"TOPOLOGY"}, [this](node_answer const& answer) {
            if (answer.what != node_answer::outcome::said) { return; }
            topology_came(answer.text, [this](auto const& taken) {
                if (!taken) { log_.warning("a topology that another node sent is not usable: {}", *taken.why_not); }
            });
        });
    }
}

std::string membership::gossip_came(std::string_view text)
{
    auto const told = parsed_object(text);
    auto const from = told ? id_in(*told, "id") : std::nullopt;
    if (!from) { return {}; }
    auto const place = peers_.find(*from);
    std::uint64_t seen = 0;
    if (place != peers_.end()) {
        learn(*told, *from, place->second);
        settle_changes();
        if (place->second.complaint) { gossip_with(*from, place->second); }  // it is back
        seen = place->second.news_seen;
    }
    return own_news(seen, number_in(*told, "seen") != news_number());
}

}  // namespace mykeyv::cluster
