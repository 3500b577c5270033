// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/history.hpp"

#include <algorithm>
#include <unordered_set>

namespace mykeyv::simulation {
namespace {

struct record {
    std::optional<std::string> value;
    std::optional<unix_ms> expires_at;
};

/// The states that an event may lead to from `before` if it takes effect now; none: its answer says that it does not.
std::vector<record> outcomes(event const& e, record const& before)
{
    std::vector<record> seen;  // the record as the event may find it: expiry may come within it
    if (!before.value || (before.expires_at && (!e.known || *before.expires_at <= e.ended_at))) { seen.push_back({}); }
    if (before.value && (!before.expires_at || *before.expires_at > e.begun_at)) { seen.push_back(before); }
    std::vector<record> after;
    for (auto& found : seen) {
        auto const says = [&](std::optional<std::string> const& answer) { return !e.known || e.answer == answer; };
        auto const yes_or_no = [&](bool yes) { return says(yes ? "1" : "0"); };
        using enum event::kind;
        switch (e.what) {
        case get:
            if (says(found.value)) { after.push_back(found); }
            break;
        case set: after.push_back({e.argument, e.expires_at}); break;
        case set_if_absent:
            if (yes_or_no(!found.value)) { after.push_back(found.value ? found : record{e.argument, e.expires_at}); }
            break;
        case append: {
            auto longer = found.value.value_or("") + e.argument;
            if (says(longer)) { after.push_back({std::move(longer), found.expires_at}); }
            break;
        }
        case increment: {
            auto sum = std::to_string(found.value ? std::stoll(*found.value) + 1 : 1);
            if (says(sum)) { after.push_back({std::move(sum), found.expires_at}); }
            break;
        }
        case update:
            if (auto longer = updated(found.value, e.argument); says(longer)) { after.push_back({std::move(longer), found.expires_at}); }
            break;
        case look:
            if (says(updated(found.value, e.argument))) { after.push_back(found); }
            break;
        case replace: {
            auto const matches = found.value == e.expected;
            if (yes_or_no(matches)) { after.push_back(matches ? record{e.argument, found.expires_at} : found); }
            break;
        }
        case erase:
            if (yes_or_no(found.value.has_value())) { after.push_back({}); }
            break;
        case flush: after.push_back({}); break;
        }
    }
    return after;
}

/// The search. A configuration is which events have taken effect, and the record then.
class search {
public:
    explicit search(std::vector<event> const& all)
    {
        for (auto const& e : all) { (e.known ? known_ : unknown_).push_back(&e); }
        std::ranges::sort(known_, {}, [](auto const* e) { return e->begun; });
        taken_.assign(known_.size(), false);
        taken_unknown_.assign(unknown_.size(), false);
    }

    /// Depth first, without recursion: a history may have thousands of events.
    bool run()
    {
        std::vector<level> path;
        if (enter({}, 0, path)) { return true; }
        while (!path.empty()) {
            auto& here = path.back();
            if (here.tried > 0) { mark(here.choices[here.tried - 1], false); }
            if (here.tried == here.choices.size()) {
                path.pop_back();
                continue;
            }
            auto const chosen = here.choices[here.tried++];
            mark(chosen, true);
            if (enter(chosen.after, here.first, path)) { return true; }
        }
        return false;
    }

    std::string farthest() const { return known_[farthest_]->text(); }

private:
    /// An event that may take effect next, and the record then.
    struct choice {
        bool is_known;
        std::size_t event;
        record after;
    };
    struct level {
        std::size_t first;  // the first known event that has not taken effect
        std::vector<choice> choices;
        std::size_t tried = 0;
    };

    void mark(choice const& which, bool taken) { (which.is_known ? taken_ : taken_unknown_)[which.event] = taken; }

    /// True: every known event has taken effect. Goes a level deeper unless it was here before.
    bool enter(record const& now, std::size_t first, std::vector<level>& path)
    {
        while (first < known_.size() && taken_[first]) { ++first; }
        if (first == known_.size()) { return true; }
        farthest_ = std::max(farthest_, first);
        if (!visited_.insert(configuration(now, first)).second) { return false; }
        auto latest = known_[first]->ended;
        for (auto i = first; i < known_.size() && known_[i]->begun <= latest; ++i) {
            if (!taken_[i]) { latest = std::min(latest, known_[i]->ended); }
        }
        level next{first, {}};
        for (auto i = first; i < known_.size() && known_[i]->begun <= latest; ++i) {
            if (taken_[i]) { continue; }
            for (auto& after : outcomes(*known_[i], now)) { next.choices.push_back({true, i, std::move(after)}); }
        }
        for (std::size_t i = 0; i < unknown_.size(); ++i) {
            if (taken_unknown_[i] || unknown_[i]->begun > latest) { continue; }
            for (auto& after : outcomes(*unknown_[i], now)) { next.choices.push_back({false, i, std::move(after)}); }
        }
        path.push_back(std::move(next));
        return false;
    }

    std::string configuration(record const& now, std::size_t first) const
    {
        auto text = std::to_string(first) + ':';
        // All that is taken behind the first that is not; mostly little, but one slow event may see hundreds pass.
        auto last = first;
        for (auto i = first; i < known_.size() && (i <= last || known_[i]->begun <= known_[first]->ended); ++i) {
            if (taken_[i]) { last = i; }
        }
        for (auto i = first; i <= last; ++i) { text += taken_[i] ? '1' : '0'; }
        text += ':';
        for (auto const each : taken_unknown_) { text += each ? '1' : '0'; }
        text += now.value ? ':' + *now.value : "-";
        if (now.expires_at) { text += '@' + std::to_string(now.expires_at->value); }
        return text;
    }

    std::vector<event const*> known_, unknown_;
    std::vector<bool> taken_, taken_unknown_;
    std::unordered_set<std::string> visited_;
    std::size_t farthest_ = 0;
};

}  // namespace

std::string event::text() const
{
    constexpr std::string_view names[] = {"get",     "set",    "set_if_absent", "append", "increment",
                                          "replace", "update", "look",          "erase",  "flush"};
    return fmt::format("{:>10.3f} to {:>10} ms: {} {}{}{} -> {}", static_cast<double>(begun.time_since_epoch().count()) / 1e6,
                       known ? fmt::format("{:.3f}", static_cast<double>(ended.time_since_epoch().count()) / 1e6) : "?",
                       names[static_cast<int>(what)], expected.empty() ? "" : expected + " by ", argument,
                       expires_at ? fmt::format(" until {}", expires_at->value) : "", known ? answer.value_or("absent") : "not known");
}

std::string updated(std::optional<std::string> const& before, std::string_view tail)
{
    constexpr std::string_view opening = R"({"t":")", closing = R"("})";
    auto const text = before ? before->substr(opening.size(), before->size() - opening.size() - closing.size()) : std::string{};
    return fmt::format("{}{}{}{}", opening, text, tail, closing);
}

bool is_linearizable(std::vector<event> const& all) { return search{all}.run(); }

std::string first_unexplained(std::vector<event> const& all)
{
    search tried{all};
    tried.run();
    return tried.farthest();
}

}  // namespace mykeyv::simulation
