// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/number.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace mykeyv {
namespace {

std::optional<std::int64_t> negated(std::int64_t number) noexcept { return -number; }
std::optional<std::uint64_t> negated(std::uint64_t) noexcept { return std::nullopt; }

template <class Number>
std::optional<Number> parse_canonical(std::string_view text) noexcept
{
    auto const digits = !text.empty() && text.front() == '-' ? text.substr(1) : text;
    if (digits.empty() || (digits.front() == '0' && text.size() > 1)) { return std::nullopt; }
    Number number{};
    constexpr std::size_t always_fits = 18;
    if (digits.size() <= always_fits) {  // as nearly every number is; a loop is a third of from_chars
        for (char const each : digits) {
            if (each < '0' || each > '9') { return std::nullopt; }
            number = 10 * number + static_cast<Number>(each - '0');
        }
        return digits.size() == text.size() ? std::optional{number} : negated(number);
    }
    auto const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc{} || stopped != end) { return std::nullopt; }
    return number;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept { return parse_canonical<std::int64_t>(text); }

std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept { return parse_canonical<std::uint64_t>(text); }

std::optional<long double> parse_float(std::string_view text) noexcept
{
    constexpr std::size_t longest = 5 * 1024;  // what Redis reads; longer text is no number
    if (text.empty() || text.size() >= longest || std::isspace(static_cast<unsigned char>(text.front())) != 0) { return std::nullopt; }
    std::string const terminated{text};
    if (terminated.find('\0') != terminated.npos) { return std::nullopt; }
    char* end = nullptr;
    auto const number = std::strtold(terminated.c_str(), &end);
    if (end != terminated.c_str() + terminated.size() || std::isnan(number)) { return std::nullopt; }
    return number;
}

std::string format_float(long double value)
{
    std::string text(5 * 1024, '\0');
    auto const length = std::snprintf(text.data(), text.size(), "%.17Lf", value);
    text.resize(static_cast<std::size_t>(length));
    if (text.find('.') != text.npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') { text.pop_back(); }
    }
    return text == "-0" ? "0" : text;
}

}  // namespace mykeyv
