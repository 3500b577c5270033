// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/options.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/number.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::server {
namespace {

reply::failure refused(errc why, std::string_view detail = {}) { return {why, std::string{detail}}; }

/// Goes through options word by word.
class words_left {
public:
    explicit words_left(arguments words) noexcept : words_{words} {}
    bool empty() const noexcept { return words_.empty(); }
    /// The next word, if it is this one.
    bool take(std::string_view upper_case) noexcept
    {
        if (empty() || !is_word(words_.front(), upper_case)) { return false; }
        words_ = words_.subspan(1);
        return true;
    }
    std::optional<std::string_view> take_any() noexcept
    {
        if (empty()) { return std::nullopt; }
        auto const word = words_.front();
        words_ = words_.subspan(1);
        return word;
    }

private:
    arguments words_;
};

struct time_option {
    std::string_view word;
    time_unit unit;
    moment::origin from;
};

constexpr time_option time_options[] = {
    {"EX", time_unit::seconds, moment::origin::now},
    {"PX", time_unit::milliseconds, moment::origin::now},
    {"EXAT", time_unit::seconds, moment::origin::epoch},
    {"PXAT", time_unit::milliseconds, moment::origin::epoch},
};

parsed<moment> parse_moment(std::optional<std::string_view> amount, time_option const& how)
{
    if (!amount) { return refused(errc::syntax); }
    auto const number = parse_integer(*amount);
    if (!number) { return refused(errc::not_an_integer); }
    auto const when = positive_moment(*number, how.unit, how.from);
    if (!when) { return refused(errc::invalid_expire); }
    return *when;
}

/// EX, PX, EXAT or PXAT with its number. False: the next word is none of them. One expiry per command.
parsed<bool> take_moment(words_left& words, expiry& into, bool& chosen)
{
    for (auto const& how : time_options) {
        if (!words.take(how.word)) { continue; }
        if (std::exchange(chosen, true)) { return refused(errc::syntax); }
        auto const when = parse_moment(words.take_any(), how);
        if (!when) { return when.error(); }
        into = *when;
        return true;
    }
    return false;
}

/// NX, XX, IFVERSION n. False: none of them. One condition per command.
parsed<bool> take_condition(words_left& words, condition& into)
{
    condition found;
    if (words.take("NX")) {
        found = if_absent{};
    } else if (words.take("XX")) {
        found = if_present{};
    } else if (words.take("IFVERSION")) {
        auto const word = words.take_any();
        auto const version = word ? parse_unsigned(*word) : std::nullopt;
        if (!version) { return refused(word ? errc::not_an_integer : errc::syntax); }
        found = if_version{*version};
    } else {
        return false;
    }
    if (is_conditional(into)) { return refused(errc::syntax); }
    into = std::move(found);
    return true;
}

}  // namespace

bool is_word(std::string_view word, std::string_view upper_case) noexcept
{
    auto const upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return std::ranges::equal(word, upper_case, {}, upper);
}

parsed<std::int64_t> parse_whole(std::string_view text)
{
    auto const number = parse_integer(text);
    if (!number) { return refused(errc::not_an_integer); }
    return *number;
}

parsed<op::set> parse_set(arguments options)
{
    op::set set{};
    words_left words{options};
    bool expiry_chosen = false;
    while (!words.empty()) {
        auto const is_condition = take_condition(words, set.condition);
        if (!is_condition) { return is_condition.error(); }
        if (*is_condition) { continue; }
        auto const is_moment = take_moment(words, set.expiry, expiry_chosen);
        if (!is_moment) { return is_moment.error(); }
        if (*is_moment) { continue; }
        if (words.take("GET")) {
            set.return_old = true;
        } else if (words.take("KEEPTTL") && !std::exchange(expiry_chosen, true)) {
            set.expiry = keep_expiry{};
        } else if (words.take("IFEQ") && !words.empty() && !is_conditional(set.condition)) {
            set.condition = if_equals{std::string{*words.take_any()}};
        } else {
            return refused(errc::syntax);
        }
    }
    return set;
}

parsed<op::getex> parse_getex(arguments options)
{
    op::getex getex{};
    words_left words{options};
    bool chosen = false;
    while (!words.empty()) {
        auto const is_moment = take_moment(words, getex.expiry, chosen);
        if (!is_moment) { return is_moment.error(); }
        if (*is_moment) { continue; }
        if (!words.take("PERSIST") || std::exchange(chosen, true)) { return refused(errc::syntax); }
        getex.expiry = no_expiry{};
    }
    return getex;
}

parsed<op::expire> parse_expire(moment when, arguments options)
{
    op::expire expire{.when = when};
    for (auto const& word : options) {
        if (is_word(word, "NX")) {
            expire.nx = true;
        } else if (is_word(word, "XX")) {
            expire.xx = true;
        } else if (is_word(word, "GT")) {
            expire.gt = true;
        } else if (is_word(word, "LT")) {
            expire.lt = true;
        } else {
            return refused(errc::syntax, std::string{"Unsupported option "}.append(word.substr(0, 64)));
        }
    }
    if (expire.nx && (expire.xx || expire.gt || expire.lt)) {
        return refused(errc::syntax, "NX and XX, GT or LT options at the same time are not compatible");
    }
    if (expire.gt && expire.lt) { return refused(errc::syntax, "GT and LT options at the same time are not compatible"); }
    return expire;
}

parsed<op::kv_set> parse_kv_set(arguments options)
{
    op::kv_set set{};
    words_left words{options};
    bool expiry_chosen = false;
    while (!words.empty()) {
        auto const is_condition = take_condition(words, set.condition);
        if (!is_condition) { return is_condition.error(); }
        if (*is_condition) { continue; }
        auto const is_moment = take_moment(words, set.expiry, expiry_chosen);
        if (!is_moment) { return is_moment.error(); }
        if (*is_moment) { continue; }
        if (!words.take("FORMAT")) { return refused(errc::syntax); }
        if (words.take("DOCUMENT")) {
            set.format = format::document;
        } else if (words.take("BYTES")) {
            set.format = format::bytes;
        } else {
            return refused(errc::syntax, "FORMAT is bytes or document");
        }
    }
    return set;
}

parsed<op::root_path> parse_root_path(arguments paths)
{
    if (paths.empty() || (paths.size() == 1 && paths[0] == ".")) { return op::root_path::dot; }
    if (paths.size() == 1 && paths[0] == "$") { return op::root_path::dollar; }
    return refused(errc::path_not_supported);
}

parsed<scan_options> parse_scan(arguments options)
{
    scan_options scan;
    words_left words{options};
    while (!words.empty()) {
        auto const is_match = words.take("MATCH");
        if (!is_match && !words.take("COUNT")) { return refused(errc::syntax); }
        auto const word = words.take_any();
        if (!word) { return refused(errc::syntax); }
        if (is_match) {
            scan.pattern = *word;
            continue;
        }
        auto const count = parse_integer(*word);
        if (!count) { return refused(errc::not_an_integer); }
        if (*count < 1) { return refused(errc::syntax); }
        scan.count = static_cast<std::size_t>(std::min<std::int64_t>(*count, limits::scan_count_max));
    }
    return scan;
}

}  // namespace mykeyv::server
