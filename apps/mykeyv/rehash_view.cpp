// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/rehash_view.hpp"

#include "apps/mykeyv/amount.hpp"
#include "apps/mykeyv/duration.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mykeyv::cli {
namespace {

constexpr std::size_t bar_width = 12;
constexpr std::size_t columns = 79;  // a line that the terminal wraps cannot be rewritten
constexpr std::chrono::seconds line_every{5};
constexpr std::chrono::seconds json_every{1};

std::uint32_t moved(progress const& so_far) noexcept { return so_far.slots_total - so_far.slots_left; }

std::string bar_of(double percent)
{
    auto const full = static_cast<std::size_t>(percent * bar_width / 100);
    return std::string(full, '#') + std::string(bar_width - full, '.');
}

}  // namespace

// Cut off, not rounded: 99.96 is not 100.
double percent_of(progress const& so_far) noexcept
{
    return so_far.slots_total == 0 ? 100 : static_cast<double>(1000ull * moved(so_far) / so_far.slots_total) / 10;
}

json_line json_of(progress const& so_far)
{
    return json_line{{"slots_total", so_far.slots_total},
                     {"slots_left", so_far.slots_left},
                     {"percent", percent_of(so_far)},
                     {"records", so_far.records},
                     {"bytes", so_far.bytes},
                     {"records_per_second", so_far.records_per_second},
                     {"bytes_per_second", so_far.bytes_per_second},
                     {"paused", so_far.paused}};
}

std::string rehash_view::on_progress(progress const& so_far, time now)
{
    now_ = so_far;
    if (!first_) { first_ = so_far; }
    if (so_far.slots_total == 0 || !is_due(now)) { return {}; }
    auto const clear = clear_line();
    last_ = now;
    switch (style_) {
    case style::bar: return clear + fmt::format("[{}] {}", bar_of(percent_of(so_far)), figures(now)).substr(0, columns);
    case style::lines: return figures(now) + '\n';
    case style::json: {
        auto line = json_of(so_far);
        auto const left = time_left(now);
        line["seconds_left"] = left ? json_line(left->count()) : json_line(nullptr);
        line["done"] = false;
        return line.dump() + '\n';
    }
    }
    return {};
}

std::string rehash_view::on_done(time now)
{
    if (style_ == style::json) {
        auto line = json_of(now_);
        line["done"] = true;
        return line.dump() + '\n';
    }
    if (now_.slots_total == 0) { return "nothing to move: every slot is where it should be\n"; }
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
    return fmt::format("{}done: {} slots moved, with {} records, {}, in {}\n", clear_line(), now_.slots_total, now_.records,
                       bytes_text(static_cast<double>(now_.bytes)), duration_text(took));
}

std::string rehash_view::on_left() const
{
    auto const begun = first_ ? fmt::format("the rehash goes on, {} of {} slots have still to move", now_.slots_left, now_.slots_total)
                              : std::string{"the rehash goes on, if it has begun"};
    return fmt::format("{}{}\n`mykeyv rehash --status` shows how far it is; `mykeyv rehash --pause` pauses it", clear_line(), begun);
}

std::optional<std::chrono::seconds> rehash_view::time_left(time now) const
{
    if (!first_ || now_.paused || now_.slots_left >= first_->slots_left) { return std::nullopt; }
    auto const done = static_cast<double>(first_->slots_left - now_.slots_left);
    auto const elapsed = std::chrono::duration<double>(now - start_).count();
    return std::chrono::seconds{std::llround(elapsed / done * now_.slots_left)};
}

bool rehash_view::is_due(time now)
{
    if (!last_ || style_ == style::bar) { return true; }
    return now - *last_ >= (style_ == style::lines ? line_every : json_every);
}

std::string rehash_view::figures(time now) const
{
    auto text = fmt::format("{:.1f}%  {} of {} slots", percent_of(now_), moved(now_), now_.slots_total);
    if (now_.paused) { return text + "  paused; `mykeyv rehash --resume` lets it go on"; }
    text += fmt::format("  {:.0f} records/s  {}/s", now_.records_per_second, bytes_text(now_.bytes_per_second));
    if (auto const left = time_left(now)) { text += fmt::format("  {} left", duration_text(*left)); }
    return text;
}

}  // namespace mykeyv::cli
