// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/update_plan.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace mykeyv::detail {

update_plan::update_plan(key_list const& keys, update_call call, int rounds_max)
    : keys_{keys.begin(), keys.end()}, call_{std::move(call)}, rounds_max_{rounds_max}, outcomes_(keys.size())
{
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        outcomes_[i].key = keys_[i].text();
        if (auto const problem = problem_with(keys_[i]); problem != errc::ok) {
            fail(i, problem, "");
        } else {
            pending_.push_back(i);
        }
    }
}

bool update_plan::has_one_slot() const
{
    return std::all_of(pending_.begin(), pending_.end(), [&](std::size_t i) { return place_of(i) == place_of(pending_.front()); });
}

std::vector<update_plan::group> update_plan::first_round(slot_map const& map, std::function<bool(slot)> const& straight)
{
    std::map<destination, std::vector<std::size_t>> by_destination;
    for (auto const index : std::exchange(pending_, {})) {
        auto const place = place_of(index);
        auto const* owner = map.owner(place);
        by_destination[owner != nullptr && straight(place) ? destination{*owner} : destination{place}].push_back(index);
    }
    std::vector<group> groups;
    for (auto& [to, chosen] : by_destination) { groups.push_back(group_of(std::move(chosen), to, 0)); }
    return groups;
}

std::vector<update_plan::group> update_plan::on_answer(group const& asked, error_code ec, resp::value const& reply,
                                                       std::vector<redirect>& learned)
{
    auto const& chosen = asked.chosen;
    bool const divisible = !asked.of_one_slot;
    if (is(ec, errc::moved) || is(ec, errc::cross_slot) || (divisible && is(ec, errc::cluster_down))) { return again(asked, chosen); }
    auto parts = ec ? result<std::vector<update_part>>{ec} : read_update(reply, chosen.size());
    if (parts.has_error()) {
        auto const detail = reply.is_error() ? read_error(*reply.text()).detail : std::string_view{};
        for (auto const index : chosen) { fail(index, parts.error(), detail); }
        return {};
    }
    std::vector<std::size_t> not_executed;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        auto& part = (*parts)[i];
        if (part.owner) { learned.push_back(*part.owner); }
        part.outcome.key = std::move(outcomes_[chosen[i]].key);
        // Neither was executed: it is asked for again, and if that leads to nothing, this is what the caller learns.
        if (part.moved || is(part.outcome.error, errc::cluster_down)) { not_executed.push_back(chosen[i]); }
        outcomes_[chosen[i]] = std::move(part.outcome);
    }
    return again(asked, std::move(not_executed));
}

std::vector<update_plan::group> update_plan::again(group const& asked, std::vector<std::size_t> keys)
{
    if (asked.round >= rounds_max_) {
        pending_ = std::move(keys);
        fail_rest(errc::too_many_redirects);
        return {};
    }
    std::map<slot, std::vector<std::size_t>> by_slot;
    for (auto const index : keys) { by_slot[place_of(index)].push_back(index); }
    std::vector<group> groups;
    for (auto& [place, chosen] : by_slot) { groups.push_back(group_of(std::move(chosen), place, asked.round + 1)); }
    return groups;
}

// Keys of one slot always go by slot.
update_plan::group update_plan::group_of(std::vector<std::size_t> chosen, destination const& to, int round) const
{
    auto what = update_request(call_, keys_, chosen);
    for (auto const index : chosen) { what.places.push_back(place_of(index)); }
    std::sort(what.places.begin(), what.places.end());
    what.places.erase(std::unique(what.places.begin(), what.places.end()), what.places.end());
    bool const one_slot = what.places.size() == 1;
    what.to = one_slot ? destination{what.places.front()} : to;
    what.follows_redirects = one_slot;
    if (one_slot) { what.places.clear(); }
    return {std::move(chosen), std::move(what), one_slot, round};
}

void update_plan::fail_rest(error_code ec)
{
    for (auto const index : std::exchange(pending_, {})) {
        if (!outcomes_[index].error) { fail(index, ec, ""); }
    }
}

std::vector<update_outcome> update_plan::take_outcomes() { return std::move(outcomes_); }

void update_plan::fail(std::size_t index, error_code ec, std::string_view detail)
{
    outcomes_[index].status = update_status::error;
    outcomes_[index].error = ec;
    outcomes_[index].detail = detail;
}

}  // namespace mykeyv::detail
