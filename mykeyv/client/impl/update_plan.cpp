// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/update_plan.hpp"

#include "mykeyv/base/limits.hpp"

#include <map>
#include <utility>
#include <variant>

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

std::vector<update_plan::group> update_plan::next_round(slot_map const& map)
{
    if (rounds_ > rounds_max_) { fail_rest(errc::too_many_redirects); }
    std::map<destination, std::vector<std::size_t>> by_destination;
    for (auto const index : std::exchange(pending_, {})) {
        auto const place = slot_of(keys_[index].text());
        auto const* owner = map.owner(place);
        bool const per_node = rounds_ == 0 && owner != nullptr;
        by_destination[per_node ? destination{*owner} : destination{place}].push_back(index);
    }
    std::vector<group> groups;
    for (auto& [to, chosen] : by_destination) {
        auto what = update_request(call_, keys_, chosen);
        what.to = to;
        what.follows_redirects = std::holds_alternative<slot>(to);
        groups.push_back({std::move(chosen), std::move(what)});
    }
    if (!groups.empty()) { ++rounds_; }
    return groups;
}

void update_plan::on_answer(group const& asked, error_code ec, resp::value const& reply, std::vector<redirect>& learned)
{
    auto const& chosen = asked.chosen;
    if (is(ec, errc::moved) || is(ec, errc::cross_slot)) {
        pending_.insert(pending_.end(), chosen.begin(), chosen.end());
        return;
    }
    auto parts = ec ? result<std::vector<update_part>>{ec} : read_update(reply, chosen.size());
    if (parts.has_error()) {
        auto const detail = reply.is_error() ? read_error(*reply.text()).detail : std::string_view{};
        for (auto const index : chosen) { fail(index, parts.error(), detail); }
        return;
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        auto& part = (*parts)[i];
        if (part.owner) { learned.push_back(*part.owner); }
        part.outcome.key = std::move(outcomes_[chosen[i]].key);
        // Neither was executed: it is asked for again, and if that leads to nothing, this is what the caller learns.
        if (part.moved || is(part.outcome.error, errc::cluster_down)) { pending_.push_back(chosen[i]); }
        outcomes_[chosen[i]] = std::move(part.outcome);
    }
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
