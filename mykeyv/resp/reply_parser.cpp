// SPDX-License-Identifier: Apache-2.0
// A reply is lines; a line is a whole value, or opens a bulk or an aggregate. open_ is the stack of aggregates that still
// miss elements, so neither depth nor length costs recursion or a second look at bytes:
//   read_line --opens a bulk--> read_bulk --whole--> settle --misses more--> read_line
#include "mykeyv/resp/reply_parser.hpp"

#include "mykeyv/base/number.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace mykeyv::resp {
namespace {

constexpr std::size_t verbatim_format_bytes = 4;  // "txt:"
constexpr std::size_t reserved_elements_max = 256;

struct number_and_length {
    std::int64_t number;
    std::size_t bytes;  // of the line, its CRLF counted
};

/// What nearly every line is: one of ":$*", a natural number of few digits, CRLF, all of it there. Anything else: nothing.
std::optional<number_and_length> number_line(std::string_view rest) noexcept
{
    constexpr std::size_t longest = 12;  // of type and digits
    if (rest.size() < longest + 2 || (rest[0] != '$' && rest[0] != ':' && rest[0] != '*')) { return std::nullopt; }
    std::int64_t number = 0;
    std::size_t at = 1;
    for (; at < longest && rest[at] >= '0' && rest[at] <= '9'; ++at) { number = 10 * number + (rest[at] - '0'); }
    bool const is_canonical = at == 2 || (at > 2 && rest[1] != '0');
    if (!is_canonical || rest[at] != '\r' || rest[at + 1] != '\n') { return std::nullopt; }
    return number_and_length{number, at + 2};
}

bool is_decimal(std::string_view text) noexcept
{
    if (text.starts_with('-')) { text.remove_prefix(1); }
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

template <class Content>
reply_parser::step reply_parser::make(kind type, Content content)
{
    auto& made = new_place();
    made.kind = type;
    made.content.emplace<Content>(std::move(content));
    return step::whole;
}

reply_parser::result reply_parser::parse(std::string_view input)
{
    auto rest = input;
    for (;;) {
        auto const now = in_bulk_ ? read_bulk(rest) : read_line(rest);
        auto const consumed = input.size() - rest.size();
        if (now == step::need_more) { return {.consumed = consumed}; }
        if (now == step::failed) { return {.state = progress::failed, .consumed = consumed, .error = error_}; }
        if (now == step::whole && settle()) {
            elements_ = 0;
            bytes_ = 0;
            return {.state = progress::complete, .consumed = consumed, .reply = std::move(reply_)};
        }
    }
}

reply_parser::step reply_parser::read_line(std::string_view& rest)
{
    if (auto const line = number_line(rest); line && line->bytes <= limits_.line_bytes_max) {
        auto const type = rest.front();
        rest.remove_prefix(line->bytes);
        scanned_ = 0;
        if (type == ':') { return make(kind::integer, line->number); }
        return type == '$' ? open_bulk(kind::bulk, line->number) : open_aggregate(kind::array, 1, false, line->number);
    }
    auto const end = rest.find('\r', scanned_);
    if (std::min(end, rest.size()) > limits_.line_bytes_max) { return fail("a line of a reply is too long"); }
    if (end == rest.npos || end + 1 == rest.size()) {
        scanned_ = std::min(end, rest.size());
        return step::need_more;
    }
    scanned_ = 0;
    if (end == 0 || rest[end + 1] != '\n') { return fail("a line of a reply is empty or does not end with CRLF"); }
    auto const line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    return read_typed(line.front(), line.substr(1));
}

reply_parser::step reply_parser::read_typed(char type, std::string_view line)
{
    switch (type) {
    case '+': return make_text(kind::simple, line);
    case '-': return make_text(kind::error, line);
    case ':':
        if (auto const number = parse_integer(line); number) {
            return make(kind::integer, *number);
        }
        return fail("an integer of a reply is none");
    case '$': return open_bulk(kind::bulk, line);
    case '!': return open_bulk(kind::error, line);
    case '=': return open_bulk(kind::verbatim, line);
    case '*': return open_aggregate(kind::array, 1, false, line);
    case '%': return open_aggregate(kind::map, 2, false, line);
    case '~': return open_aggregate(kind::set, 1, false, line);
    case '>': return open_aggregate(kind::push, 1, false, line);
    case '|': return open_aggregate(kind::map, 2, true, line);
    case ',': return make_floating(line);
    case '(': return is_decimal(line) ? make_text(kind::big_number, line) : fail("a big number of a reply is none");
    case '_': return line.empty() ? make(kind::null, std::monostate{}) : fail("a null of a reply is followed by bytes");
    case '#':
        if (line == "t" || line == "f") { return make(kind::boolean, line == "t"); }
        return fail("a boolean of a reply is neither t nor f");
    default: return fail("a reply starts with an unknown type byte");
    }
}

reply_parser::step reply_parser::make_text(kind type, std::string_view line)
{
    if (line.size() > limits_.bytes_max - bytes_) { return fail("a reply is too large"); }
    bytes_ += line.size();
    return make(type, std::string{line});
}

reply_parser::step reply_parser::make_floating(std::string_view line)
{
    double number = 0;
    auto const end = line.data() + line.size();
    auto const [stopped, problem] = std::from_chars(line.data(), end, number);
    if (problem != std::errc{} || stopped != end) { return fail("a double of a reply is none"); }
    return make(kind::floating, number);
}

reply_parser::step reply_parser::open_bulk(kind type, std::string_view line)
{
    if (line == "?") { return fail("streamed replies are not supported"); }
    auto const length = parse_integer(line);
    if (length == -1 && type == kind::bulk) { return make(kind::null, std::monostate{}); }
    if (!length || *length < 0) { return fail("a length in a reply is not valid"); }
    return open_bulk(type, *length);
}

reply_parser::step reply_parser::open_bulk(kind type, std::int64_t length)
{
    auto const bytes = static_cast<std::size_t>(length);
    if (bytes > limits_.bytes_max - bytes_) { return fail("a reply is too large"); }
    bytes_ += bytes;
    make(type, std::string{});
    bulk_missing_ = bytes;
    in_bulk_ = true;
    return step::opened;
}

/// Takes what is there of the bulk; it is appended, so memory grows as data arrives.
reply_parser::step reply_parser::read_bulk(std::string_view& rest)
{
    auto const piece = rest.substr(0, bulk_missing_);
    auto& text = *place().text();
    if (text.empty()) {
        text = std::string{piece};  // most come in one piece, and this takes no more memory than it needs
    } else {
        text.append(piece);
    }
    bulk_missing_ -= piece.size();
    rest.remove_prefix(piece.size());
    if (bulk_missing_ > 0 || rest.size() < 2) { return step::need_more; }
    if (!rest.starts_with("\r\n")) { return fail("a bulk of a reply does not end with CRLF"); }
    rest.remove_prefix(2);
    return finish_bulk();
}

reply_parser::step reply_parser::finish_bulk()
{
    in_bulk_ = false;
    if (place().kind != kind::verbatim) { return step::whole; }
    auto& text = *place().text();
    if (text.size() < verbatim_format_bytes || text[verbatim_format_bytes - 1] != ':') { return fail("a verbatim text has no format"); }
    text.erase(0, verbatim_format_bytes);
    return step::whole;
}

reply_parser::step reply_parser::open_aggregate(kind type, std::size_t values_per_entry, bool is_attribute, std::string_view line)
{
    if (line == "?") { return fail("streamed replies are not supported"); }
    auto const entries = parse_integer(line);
    if (entries == -1 && type == kind::array) { return make(kind::null, std::monostate{}); }
    if (!entries || *entries < 0) { return fail("a length in a reply is not valid"); }
    return open_aggregate(type, values_per_entry, is_attribute, *entries);
}

reply_parser::step reply_parser::open_aggregate(kind type, std::size_t values_per_entry, bool is_attribute, std::int64_t entries)
{
    if (static_cast<std::size_t>(entries) > (limits_.elements_max - elements_) / values_per_entry) {
        return fail("a reply has too many elements");
    }
    auto const values = static_cast<std::size_t>(entries) * values_per_entry;
    elements_ += values;
    if (values == 0) { return is_attribute ? step::opened : make(type, std::vector<value>{}); }
    if (open_.size() >= limits_.depth_max) { return fail("a reply is nested too deep"); }
    auto& opened = open_.emplace_back(frame{type, is_attribute, values, {}});
    opened.elements.reserve(std::min(values, reserved_elements_max));
    return step::opened;
}

/// Closes every aggregate that the value at place() completes. True: the whole reply is there.
bool reply_parser::settle()
{
    while (!open_.empty()) {
        if (--open_.back().missing > 0) { return false; }
        auto inner = std::move(open_.back());
        open_.pop_back();
        if (inner.is_attribute) { return false; }
        make(inner.type, std::move(inner.elements));
    }
    return true;
}

/// Where the next value goes, and where the last one went.
value& reply_parser::new_place() { return open_.empty() ? reply_ : open_.back().elements.emplace_back(); }
value& reply_parser::place() noexcept { return open_.empty() ? reply_ : open_.back().elements.back(); }

reply_parser::step reply_parser::fail(std::string_view complaint) noexcept
{
    error_ = complaint;
    return step::failed;
}

}  // namespace mykeyv::resp
