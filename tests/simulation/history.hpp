// SPDX-License-Identifier: Apache-2.0
// What clients did to one key and what they were told, and whether one order of it all explains that.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "tests/simulation/world.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::simulation {

struct event {
    enum class kind { get, set, set_if_absent, append, increment, replace, update, look, erase, flush };
    kind what = kind::get;
    std::string argument;                 ///< set, append: the value; replace: the new one; update, look: a tail; increment: none
    std::string expected;                 ///< replace: the old one
    std::optional<unix_ms> expires_at;    ///< set
    /// get, append, increment, update: the value there is then; look: the one that update would leave; others: "1" or "0". Nothing: absent.
    std::optional<std::string> answer;
    time_point begun;
    time_point ended;
    unix_ms begun_at;
    unix_ms ended_at;
    /// False: nobody knows whether it took effect; `answer`, `ended` and `ended_at` mean nothing.
    bool known = true;

    std::string text() const;
};

/// What update leaves: {"t":"..."} with `tail` at the end of the string. `before`: another such document; nothing: absent.
std::string updated(std::optional<std::string> const& before, std::string_view tail);

/// Whether all known events and some of the others can be put in an order that respects real time and explains each answer, beginning
/// with absence (Herlihy and Wing 1990; the search is Wing and Gong's 1993 with Lowe's memory of configurations, 2017).
bool is_linearizable(std::vector<event> const&);
/// Of a history that is not: the first event that no order of those before it explains, as text.
std::string first_unexplained(std::vector<event> const&);

}  // namespace mykeyv::simulation
