// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/inline_words.hpp"

namespace mykeyv::resp {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_digit(char c) noexcept
{
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
    return -1;
}

char control_of(char letter) noexcept
{
    switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return letter;
    }
}

/// Takes the escape at the front of `rest`, which starts with a backslash and has at least one byte more.
char take_escape(std::string_view& rest) noexcept
{
    if (rest.size() >= 4 && rest[1] == 'x' && hex_digit(rest[2]) >= 0 && hex_digit(rest[3]) >= 0) {
        auto const byte = static_cast<char>(hex_digit(rest[2]) * 16 + hex_digit(rest[3]));
        rest.remove_prefix(4);
        return byte;
    }
    auto const byte = control_of(rest[1]);
    rest.remove_prefix(2);
    return byte;
}

/// Takes a quoted part with both its quotes. False: it does not end, or no blank follows.
bool take_quoted(std::string_view& rest, std::string& storage)
{
    char const quote = rest.front();
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != quote) {
        bool const escaped = rest.size() > 1 && rest.front() == '\\' && (quote == '"' || rest[1] == '\'');
        if (escaped) {
            storage += take_escape(rest);
        } else {
            storage += rest.front();
            rest.remove_prefix(1);
        }
    }
    if (rest.empty()) { return false; }
    rest.remove_prefix(1);
    return rest.empty() || is_blank(rest.front());
}

/// Takes one word; a quote may open in its middle.
bool take_word(std::string_view& rest, std::string& storage)
{
    while (!rest.empty() && !is_blank(rest.front())) {
        if (rest.front() == '"' || rest.front() == '\'') { return take_quoted(rest, storage); }
        storage += rest.front();
        rest.remove_prefix(1);
    }
    return true;
}

}  // namespace

bool split_words(std::string_view line, std::string& storage, std::vector<std::string_view>& words)
{
    storage.clear();
    storage.reserve(line.size());  // a word never grows by unquoting, so no view into the storage is moved away
    for (;;) {
        while (!line.empty() && is_blank(line.front())) { line.remove_prefix(1); }
        if (line.empty()) { return true; }
        auto const begin = storage.size();
        if (!take_word(line, storage)) { return false; }
        words.emplace_back(storage.data() + begin, storage.size() - begin);
    }
}

}  // namespace mykeyv::resp
