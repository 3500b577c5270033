// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/glob.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace mykeyv {
namespace {

/// What stands for one byte of text: how many bytes of the pattern it takes, and whether it accepts the byte.
struct token {
    std::size_t length;
    bool accepts;
};

bool lies_between(char byte, char a, char b) noexcept
{
    auto const [low, high] = std::minmax({static_cast<unsigned char>(a), static_cast<unsigned char>(b)});
    auto const value = static_cast<unsigned char>(byte);
    return low <= value && value <= high;
}

token set_token(std::string_view pattern, char byte) noexcept
{
    bool const negated = pattern.substr(1).starts_with('^');
    bool found = false;
    std::size_t at = negated ? 2 : 1;
    while (at < pattern.size() && pattern[at] != ']') {
        auto const rest = pattern.substr(at);
        if (rest.size() >= 2 && rest[0] == '\\') {
            found |= rest[1] == byte;
            at += 2;
        } else if (rest.size() >= 3 && rest[1] == '-') {
            found |= lies_between(byte, rest[0], rest[2]);
            at += 3;
        } else {
            found |= rest[0] == byte;
            at += 1;
        }
    }
    return {std::min(at + 1, pattern.size()), found != negated};
}

token first_token(std::string_view pattern, char byte) noexcept
{
    switch (pattern.front()) {
    case '?': return {1, true};
    case '[': return set_token(pattern, byte);
    case '\\': return pattern.size() > 1 ? token{2, pattern[1] == byte} : token{1, byte == '\\'};
    default: return {1, pattern.front() == byte};
    }
}

/// Where to go on after a mismatch: behind the last `*`, which then takes one byte more. Earlier ones need no second try: what
/// follows the last one can start no earlier than they let it.
struct retry_point {
    std::string_view pattern;
    std::string_view text;
};

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept
{
    std::optional<retry_point> retry;
    for (std::size_t steps = 0; !text.empty() && steps <= limits::glob_steps_max;) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            retry = {pattern, text};
            ++steps;
            continue;
        }
        auto const next = pattern.empty() ? token{1, false} : first_token(pattern, text.front());
        steps += next.length;
        if (next.accepts) {
            pattern.remove_prefix(next.length);
            text.remove_prefix(1);
        } else if (retry) {
            retry->text.remove_prefix(1);
            pattern = retry->pattern;
            text = retry->text;
        } else {
            return false;
        }
    }
    return text.empty() && pattern.find_first_not_of('*') == pattern.npos;
}

}  // namespace mykeyv
