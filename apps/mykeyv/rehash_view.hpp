// SPDX-License-Identifier: Apache-2.0
// How far a rehash is, as text: a bar, a line, or JSON. No I/O, no clock.
#pragma once

#include "apps/mykeyv/text.hpp"
#include "mykeyv/client/cluster_status.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace mykeyv::cli {

class rehash_view {
public:
    using time = std::chrono::steady_clock::time_point;

    enum class style {
        bar,    ///< for a terminal: rewrites its line
        lines,  ///< for a log: a line every few seconds
        json,   ///< for a program: an object every second
    };

    rehash_view(style chosen, time start) : style_{chosen}, start_{start} {}

    /// What to print now that it is so far; may be nothing.
    std::string on_progress(progress const&, time now);
    /// What to print when every slot is where it should be.
    std::string on_done(time now);
    /// What to say when nobody watches any more, and the rehash goes on.
    std::string on_left() const;
    /// Something was heard of it.
    bool begun() const noexcept { return first_.has_value(); }

    /// Nothing: too early to tell, or paused.
    std::optional<std::chrono::seconds> time_left(time now) const;

private:
    bool is_due(time now);
    std::string figures(time now) const;
    std::string clear_line() const { return style_ == style::bar && last_ ? "\r\x1b[K" : ""; }

    style style_;
    time start_;
    std::optional<time> last_;  // when something was printed
    std::optional<progress> first_;
    progress now_;
};

/// 0 to 100, never 100 before all is done.
double percent_of(progress const&) noexcept;

json_line json_of(progress const&);

}  // namespace mykeyv::cli
