// SPDX-License-Identifier: Apache-2.0
// Two forms of command: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" is read by read_multibulk, "GET k\r\n" by read_inline.
// Both answer `complete` with position_ at the end of the command; one without arguments is skipped by parse.
#include "mykeyv/resp/request_parser.hpp"

#include "mykeyv/base/number.hpp"
#include "mykeyv/resp/inline_words.hpp"

namespace mykeyv::resp {
namespace {

constexpr std::size_t number_bytes_max = 20;     // "-9223372036854775808"
constexpr std::size_t kept_arguments_max = 1024; // what an idle connection may hold on to after a large command

}  // namespace

request_parser::result request_parser::parse(std::string_view input)
{
    std::size_t dropped = 0;
    for (;;) {
        auto const command = input.substr(dropped);
        if (command.empty()) { return {.consumed = dropped, .wanted = 1}; }
        if (position_ == 0) { begin_command(); }
        auto const state = command.front() == '*' ? read_multibulk(command) : read_inline(command);
        if (state == progress::need_more) { return {.consumed = dropped, .wanted = wanted_}; }
        if (state == progress::failed) { return {.state = state, .consumed = dropped, .error = error_}; }
        dropped += position_;
        position_ = 0;
        for (auto const [offset, length] : ranges_) { arguments_.push_back(command.substr(offset, length)); }
        if (!arguments_.empty()) { return {.state = state, .consumed = dropped, .arguments = arguments_}; }
    }
}

void request_parser::begin_command()
{
    if (arguments_.capacity() > kept_arguments_max) { arguments_ = {}; }
    if (ranges_.capacity() > kept_arguments_max) { ranges_ = {}; }
    arguments_.clear();
    ranges_.clear();
}

progress request_parser::read_multibulk(std::string_view input)
{
    if (position_ == 0) {
        if (auto const state = read_count(input); state != progress::complete) { return state; }
    }
    while (missing_ > 0) {
        if (!in_bulk_) {
            if (auto const state = read_bulk_length(input); state != progress::complete) { return state; }
        }
        auto const there = input.size() - position_;
        if (there < bulk_bytes_ + 2) { return want(bulk_bytes_ + 2 - there); }
        auto const end = position_ + bulk_bytes_;
        if (input[end] != '\r' || input[end + 1] != '\n') { return fail("expected CRLF behind an argument"); }
        ranges_.push_back({position_, bulk_bytes_});
        position_ = end + 2;
        in_bulk_ = false;
        --missing_;
    }
    return progress::complete;
}

progress request_parser::read_count(std::string_view input)
{
    constexpr std::string_view complaint = "invalid multibulk length";
    if (auto const state = read_number(input, complaint); state != progress::complete) { return state; }
    auto const count = number_ > 0 ? static_cast<std::size_t>(number_) : 0;
    if (count > limits_.arguments_max) { return fail(limits_.authenticated ? complaint : "unauthenticated multibulk length"); }
    missing_ = count;
    return progress::complete;
}

progress request_parser::read_bulk_length(std::string_view input)
{
    constexpr std::string_view complaint = "invalid bulk length";
    if (position_ == input.size()) { return want(1); }
    if (input[position_] != '$') { return fail(std::string{"expected '$', got '"} + input[position_] + '\''); }
    if (auto const state = read_number(input, complaint); state != progress::complete) { return state; }
    if (number_ < 0) { return fail(complaint); }
    auto const length = static_cast<std::size_t>(number_);
    if (length > limits_.argument_bytes_max) { return fail(limits_.authenticated ? complaint : "unauthenticated bulk length"); }
    if (position_ + length > limits_.command_bytes_max) { return fail("too big multibulk request"); }
    bulk_bytes_ = length;
    in_bulk_ = true;
    return progress::complete;
}

/// As read_number, for what nearly every number is: of few digits, and all there. False: nothing was read.
bool request_parser::read_short_number(std::string_view input) noexcept
{
    constexpr std::size_t digits_max = 4;
    auto const line = input.substr(position_ + 1, digits_max + 2);
    std::size_t digits = 0;
    std::int64_t number = 0;
    for (; digits < line.size() && line[digits] >= '0' && line[digits] <= '9'; ++digits) { number = 10 * number + (line[digits] - '0'); }
    auto const is_canonical = digits == 1 || (digits > 1 && line[0] != '0');
    if (!is_canonical || line.substr(digits, 2) != "\r\n") { return false; }
    number_ = number;
    position_ += 1 + digits + 2;
    return true;
}

/// Reads the number behind the type byte at position_ into number_ and moves position_ behind its CRLF.
progress request_parser::read_number(std::string_view input, std::string_view complaint)
{
    if (read_short_number(input)) { return progress::complete; }
    auto const line = input.substr(position_ + 1, number_bytes_max + 2);
    auto const digits = line.find('\r');
    if (digits == line.npos) { return line.size() <= number_bytes_max ? want(1) : fail(complaint); }
    if (digits > number_bytes_max) { return fail(complaint); }
    if (digits + 1 == line.size()) { return want(1); }
    auto const number = parse_integer(line.substr(0, digits));
    if (!number || line[digits + 1] != '\n') { return fail(complaint); }
    number_ = *number;
    position_ += 1 + digits + 2;
    return progress::complete;
}

progress request_parser::read_inline(std::string_view input)
{
    // position_ is how far a line end was looked for already.
    auto const end = input.find('\n', position_);
    if (end == input.npos) {
        position_ = input.size();
        return position_ > limits_.inline_bytes_max + 1 ? fail("too big inline request") : want(1);
    }
    auto line = input.substr(0, end);
    if (line.ends_with('\r')) { line.remove_suffix(1); }
    if (line.size() > limits_.inline_bytes_max) { return fail("too big inline request"); }
    position_ = end + 1;
    if (!split_words(line, unquoted_, arguments_)) { return fail("unbalanced quotes in request"); }
    return progress::complete;
}

progress request_parser::want(std::size_t bytes) noexcept
{
    wanted_ = bytes;
    return progress::need_more;
}

progress request_parser::fail(std::string_view complaint)
{
    error_ = "Protocol error: ";
    error_ += complaint;
    return progress::failed;
}

}  // namespace mykeyv::resp
