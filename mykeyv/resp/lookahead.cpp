// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/lookahead.hpp"

namespace mykeyv::resp {
namespace {

constexpr std::size_t arguments_max = 8;     // more is no command about one key
constexpr std::size_t digits_max = 7;        // of a number
constexpr std::size_t line_end_bytes = 2;

/// "MARK number CR LF" at the front of `rest`, and takes it off. False: it is not there.
bool take_header(std::string_view& rest, char mark, std::size_t& number) noexcept
{
    if (rest.empty() || rest.front() != mark) { return false; }
    number = 0;
    std::size_t at = 1;
    for (; at < rest.size() && at <= digits_max && rest[at] >= '0' && rest[at] <= '9'; ++at) {
        number = number * 10 + static_cast<std::size_t>(rest[at] - '0');
    }
    if (at == 1 || at + line_end_bytes > rest.size() || rest[at] != '\r') { return false; }
    rest.remove_prefix(at + line_end_bytes);
    return true;
}

}  // namespace

lookahead look_ahead(std::string_view input, std::span<std::string_view> keys) noexcept
{
    lookahead found;
    auto rest = input;
    while (found.keys < keys.size()) {
        std::size_t arguments = 0;
        if (!take_header(rest, '*', arguments) || arguments > arguments_max) { return found; }
        std::string_view first;
        for (std::size_t i = 0; i < arguments; ++i) {
            std::size_t bytes = 0;
            if (!take_header(rest, '$', bytes) || bytes + line_end_bytes > rest.size()) { return found; }
            if (i == 1) { first = rest.substr(0, bytes); }
            rest.remove_prefix(bytes + line_end_bytes);
        }
        if (arguments > 1) { keys[found.keys++] = first; }
        found.bytes = input.size() - rest.size();
    }
    return found;
}

}  // namespace mykeyv::resp
