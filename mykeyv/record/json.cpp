// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/record/json.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/number.hpp"

#include <simdjson.h>

#include <algorithm>
#include <new>

namespace mykeyv {
namespace {

/// Text up to this size leaves its memory with the parser; more would let one large document hold memory for good.
constexpr std::size_t kept_text_bytes = 64u << 10;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool take_digits(std::string_view& text) noexcept
{
    auto const count = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    text.remove_prefix(count);
    return count > 0;
}

bool take_any_of(std::string_view& text, std::string_view characters) noexcept
{
    if (text.empty() || characters.find(text.front()) == characters.npos) { return false; }
    text.remove_prefix(1);
    return true;
}

/// The grammar of RFC 8259, section 6.
bool is_number(std::string_view text) noexcept
{
    take_any_of(text, "-");
    if (!take_any_of(text, "0") && !take_digits(text)) { return false; }
    if (take_any_of(text, ".") && !take_digits(text)) { return false; }
    if (take_any_of(text, "eE")) {
        take_any_of(text, "+-");
        if (!take_digits(text)) { return false; }
    }
    return text.empty();
}

bool is_integer(std::string_view number) noexcept { return number.find_first_of(".eE") == number.npos; }

/// "-0" is an integer to JSON and none to Redis; it is exact in any case.
bool fits_integer(std::string_view number) noexcept { return number == "-0" || parse_integer(number).has_value(); }

std::size_t after_string(std::string_view text, std::size_t at) noexcept
{
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') { ++at; }
    }
    return at + 1;
}

/// What simdjson does not find out, or not exactly: numbers outside of 64 signed bits, and the depth (it does not count a container
/// that is empty). Made for text that it accepted, and for text that it refused for a number, to tell bad numbers from big ones.
errc check_tokens(std::string_view text) noexcept
{
    int depth = 0;
    for (std::size_t at = 0; at < text.size();) {
        char const c = text[at];
        if (c == '"') {
            at = after_string(text, at);
        } else if (c == '-' || is_digit(c)) {
            auto const number = text.substr(at, text.find_first_of(" \t\r\n,:[]{}\"", at) - at);
            if (!is_number(number)) { return errc::not_json; }
            if (is_integer(number) && !fits_integer(number)) { return errc::json_not_exact; }
            at += number.size();
        } else {
            depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
            if (depth > static_cast<int>(limits::json_depth_max)) { return errc::json_too_deep; }
            ++at;
        }
    }
    return errc::ok;
}

errc verdict(simdjson::error_code parsed, std::string_view text)
{
    switch (parsed) {
    case simdjson::SUCCESS: return check_tokens(text);
    case simdjson::NUMBER_ERROR: {
        auto const problem = check_tokens(text);
        return problem == errc::ok ? errc::json_not_exact : problem;  // well formed, so it was no finite double
    }
    case simdjson::DEPTH_ERROR: return errc::json_too_deep;
    case simdjson::UTF8_ERROR: return errc::json_not_utf8;
    case simdjson::CAPACITY: return errc::value_too_long;
    case simdjson::MEMALLOC: throw std::bad_alloc{};
    default: return errc::not_json;
    }
}

/// `document` must be valid: taking blanks out of "1 2" would make it so.
std::string without_blanks(std::string_view document)
{
    std::string out(document.size() + simdjson::SIMDJSON_PADDING, '\0');  // it writes whole blocks
    std::size_t length = 0;
    if (simdjson::minify(document.data(), document.size(), out.data(), length) != simdjson::SUCCESS) { return std::string{document}; }
    out.resize(length);
    return out;
}

}  // namespace

struct json_checker::parser {
    simdjson::dom::parser json;
};

json_checker::json_checker() : parser_{std::make_unique<parser>()} {}
json_checker::~json_checker() = default;
json_checker::json_checker(json_checker&&) noexcept = default;
json_checker& json_checker::operator=(json_checker&&) noexcept = default;

result<std::string> json_checker::check(std::string_view text)
{
    if (text.empty()) { return errc::not_json; }
    auto& json = parser_->json;
    // One level more than the limit: simdjson refuses at its maximum, not above it.
    if (json.capacity() < text.size() && json.allocate(text.size(), limits::json_depth_max + 1) != simdjson::SUCCESS) {
        throw std::bad_alloc{};
    }
    auto const problem = verdict(json.parse(text.data(), text.size(), true).error(), text);
    if (text.size() > kept_text_bytes) { json = simdjson::dom::parser{}; }
    if (problem != errc::ok) { return problem; }
    return without_blanks(text);
}

result<std::string> checked_document(std::string_view text) { return json_checker{}.check(text); }

std::string_view document_kind(std::string_view document) noexcept
{
    switch (document.empty() ? '\0' : document.front()) {
    case '{': return "object";
    case '[': return "array";
    case '"': return "string";
    case 't':
    case 'f': return "boolean";
    case 'n': return "null";
    default: return is_integer(document) ? "integer" : "number";
    }
}

}  // namespace mykeyv
