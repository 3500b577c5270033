// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/pattern.hpp"

#include <cctype>

namespace mykeyv::script {
namespace {

constexpr int depth_max = 200;  // recursion per quantifier or capture; as Lua's own matcher

bool in_class(unsigned char c, char name)
{
    bool inside = false;
    switch (std::tolower(static_cast<unsigned char>(name))) {
    case 'a': inside = std::isalpha(c) != 0; break;
    case 'c': inside = std::iscntrl(c) != 0; break;
    case 'd': inside = std::isdigit(c) != 0; break;
    case 'g': inside = std::isgraph(c) != 0; break;
    case 'l': inside = std::islower(c) != 0; break;
    case 'p': inside = std::ispunct(c) != 0; break;
    case 's': inside = std::isspace(c) != 0; break;
    case 'u': inside = std::isupper(c) != 0; break;
    case 'w': inside = std::isalnum(c) != 0; break;
    case 'x': inside = std::isxdigit(c) != 0; break;
    default: return static_cast<unsigned char>(name) == c;
    }
    return std::isupper(static_cast<unsigned char>(name)) != 0 ? !inside : inside;
}

}  // namespace

std::optional<std::size_t> pattern_matcher::match(std::size_t at)
{
    count_ = 0;
    depth_ = 0;
    auto const end = rest(at, 0);
    return end == none ? std::nullopt : std::optional{end};
}

std::size_t pattern_matcher::rest(std::size_t s, std::size_t p)
{
    if (++depth_ > depth_max) { throw pattern_error{"pattern too complex"}; }
    std::size_t answer = none;
    for (;;) {
        meter_.charge(1);
        if (p == pattern_.size()) {
            answer = s;
            break;
        }
        bool matched_item = false;
        if (auto const decided = special(s, p, matched_item)) {
            answer = *decided;
            break;
        }
        if (matched_item) { continue; }
        auto const end = item_end(p);
        char const quantifier = end < pattern_.size() ? pattern_[end] : '\0';
        if (quantifier == '*' || quantifier == '+') {
            if (quantifier == '+' && !fits(s, p, end)) { break; }
            answer = most_first(quantifier == '+' ? s + 1 : s, p, end);
            break;
        }
        if (quantifier == '-') {
            answer = fewest_first(s, p, end);
            break;
        }
        bool const here = fits(s, p, end);
        if (quantifier == '?') {
            if (here && (answer = rest(s + 1, end + 1)) != none) { break; }
            p = end + 1;
            continue;
        }
        if (!here) { break; }
        ++s;
        p = end;
    }
    --depth_;
    return answer;
}

// What is no single character: captures, the end anchor, %b %f %0-9. Either decides the match, or moves `s` and `p` on and sets
// `matched_item`.
std::optional<std::size_t> pattern_matcher::special(std::size_t& s, std::size_t& p, bool& matched_item)
{
    char const next = p + 1 < pattern_.size() ? pattern_[p + 1] : '\0';
    switch (pattern_[p]) {
    case '(': return next == ')' ? open_capture(s, p + 2, capture::position) : open_capture(s, p + 1, capture::unclosed);
    case ')': return close_capture(s, p + 1);
    case '$':
        if (p + 1 != pattern_.size()) { return std::nullopt; }
        return s == subject_.size() ? s : none;
    case '%': break;
    default: return std::nullopt;
    }
    auto place = s;
    auto then = p + 2;
    if (next == 'b') {
        place = balanced(s, then);
        then += 2;
    } else if (next == 'f') {
        place = frontier(s, then);
    } else if (next >= '0' && next <= '9') {
        place = back_reference(s, next);
    } else {
        return std::nullopt;
    }
    if (place == none) { return none; }
    s = place;
    p = then;
    matched_item = true;
    return std::nullopt;
}

std::size_t pattern_matcher::item_end(std::size_t p) const
{
    char const first = pattern_[p++];
    if (first == '%') {
        if (p == pattern_.size()) { throw pattern_error{"malformed pattern (ends with '%')"}; }
        return p + 1;
    }
    if (first != '[') { return p; }
    if (p < pattern_.size() && pattern_[p] == '^') { ++p; }
    do {  // a ']' that comes first is a member
        if (p >= pattern_.size()) { throw pattern_error{"malformed pattern (missing ']')"}; }
        if (pattern_[p++] == '%') { ++p; }
    } while (p >= pattern_.size() || pattern_[p] != ']');
    return p + 1;
}

bool pattern_matcher::fits(std::size_t s, std::size_t p, std::size_t end)
{
    if (s >= subject_.size()) { return false; }
    meter_.charge(1);
    auto const c = subject_at(s);
    switch (pattern_[p]) {
    case '.': return true;
    case '%': return in_class(c, pattern_[p + 1]);
    case '[': return in_set(c, p, end - 1);
    default: return static_cast<unsigned char>(pattern_[p]) == c;
    }
}

// The set from the '[' at `p` to the ']' at `last`.
bool pattern_matcher::in_set(unsigned char c, std::size_t p, std::size_t last)
{
    meter_.charge(last - p);
    bool const wanted = pattern_[p + 1] != '^';
    if (!wanted) { ++p; }
    while (++p < last) {
        if (pattern_[p] == '%') {
            if (in_class(c, pattern_[++p])) { return wanted; }
        } else if (pattern_[p + 1] == '-' && p + 2 < last) {
            auto const low = static_cast<unsigned char>(pattern_[p]);
            auto const high = static_cast<unsigned char>(pattern_[p + 2]);
            if (low <= c && c <= high) { return wanted; }
            p += 2;
        } else if (static_cast<unsigned char>(pattern_[p]) == c) {
            return wanted;
        }
    }
    return !wanted;
}

std::size_t pattern_matcher::most_first(std::size_t s, std::size_t p, std::size_t end)
{
    auto reach = s;
    while (fits(reach, p, end)) { ++reach; }
    for (;; --reach) {
        auto const answer = rest(reach, end + 1);
        if (answer != none || reach == s) { return answer; }
    }
}

std::size_t pattern_matcher::fewest_first(std::size_t s, std::size_t p, std::size_t end)
{
    for (;; ++s) {
        auto const answer = rest(s, end + 1);
        if (answer != none || !fits(s, p, end)) { return answer; }
    }
}

std::size_t pattern_matcher::open_capture(std::size_t s, std::size_t p, std::ptrdiff_t kind)
{
    if (count_ >= captures_max) { throw pattern_error{"too many captures"}; }
    captures_[count_++] = {s, kind};
    auto const answer = rest(s, p);
    if (answer == none) { --count_; }
    return answer;
}

std::size_t pattern_matcher::close_capture(std::size_t s, std::size_t p)
{
    auto number = count_;
    while (number > 0 && captures_[number - 1].length != capture::unclosed) { --number; }
    if (number == 0) { throw pattern_error{"invalid pattern capture"}; }
    auto& closing = captures_[number - 1];
    closing.length = static_cast<std::ptrdiff_t>(s - closing.start);
    auto const answer = rest(s, p);
    if (answer == none) { closing.length = capture::unclosed; }
    return answer;
}

std::size_t pattern_matcher::balanced(std::size_t s, std::size_t p)
{
    if (p + 1 >= pattern_.size()) { throw pattern_error{"malformed pattern (missing arguments to '%b')"}; }
    char const open = pattern_[p];
    char const close = pattern_[p + 1];
    if (s >= subject_.size() || subject_[s] != open) { return none; }
    for (std::size_t level = 1; ++s < subject_.size();) {
        meter_.charge(1);
        if (subject_[s] == close) {
            if (--level == 0) { return s + 1; }
        } else if (subject_[s] == open) {
            ++level;
        }
    }
    return none;
}

std::size_t pattern_matcher::frontier(std::size_t s, std::size_t& p)
{
    if (p >= pattern_.size() || pattern_[p] != '[') { throw pattern_error{"missing '[' after '%f' in pattern"}; }
    auto const set = p;
    p = item_end(set);
    auto const before = s == 0 ? static_cast<unsigned char>(0) : subject_at(s - 1);
    return !in_set(before, set, p - 1) && in_set(subject_at(s), set, p - 1) ? s : none;
}

std::size_t pattern_matcher::back_reference(std::size_t s, char digit)
{
    auto const number = static_cast<std::size_t>(digit - '1');  // %0 wraps to a number that no capture has
    if (number >= count_ || captures_[number].length == capture::unclosed) { throw pattern_error{"invalid capture index in pattern"}; }
    auto const& earlier = captures_[number];
    if (earlier.length == capture::position) { return none; }
    auto const length = static_cast<std::size_t>(earlier.length);
    meter_.charge(length / 8);
    auto const again = subject_.substr(earlier.start, length);
    return subject_.substr(s, length) == again ? s + length : none;
}

}  // namespace mykeyv::script
