// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/writer.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

namespace mykeyv::resp {

void writer::simple(std::string_view text) { line_of_text('+', text); }

void writer::error(std::string_view text) { line_of_text('-', text); }

void writer::integer(std::int64_t number) { append_line(out_, ':', number); }

void writer::bulk(std::string_view bytes)
{
    header('$', bytes.size());
    out_ += bytes;
    out_ += "\r\n";
}

void writer::null() { out_ += is_resp3() ? "_\r\n" : "$-1\r\n"; }

void writer::null_array() { out_ += is_resp3() ? "_\r\n" : "*-1\r\n"; }

void writer::floating(double number)
{
    if (std::isnan(number)) { number = std::abs(number); }  // the protocol knows one nan, without a sign
    char digits[32];
    auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    std::string_view const text{digits, end};
    if (!is_resp3()) { return bulk(text); }
    line_of_text(',', text);
}

void writer::boolean(bool truth)
{
    if (!is_resp3()) { return integer(truth ? 1 : 0); }
    out_ += truth ? "#t\r\n" : "#f\r\n";
}

void writer::verbatim(std::string_view format, std::string_view text)
{
    assert(format.size() == 3);
    if (!is_resp3()) { return bulk(text); }
    header('=', format.size() + 1 + text.size());
    out_ += format;
    out_ += ':';
    out_ += text;
    out_ += "\r\n";
}

void writer::array(std::size_t elements) { header('*', elements); }

void writer::map(std::size_t entries) { is_resp3() ? header('%', entries) : header('*', 2 * entries); }

void writer::set(std::size_t elements) { header(is_resp3() ? '~' : '*', elements); }

void writer::push(std::size_t elements) { header(is_resp3() ? '>' : '*', elements); }

void writer::line_of_text(char type, std::string_view text)
{
    out_ += type;
    auto const begin = out_.size();
    out_ += text;
    std::replace_if(out_.begin() + static_cast<std::ptrdiff_t>(begin), out_.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    out_ += "\r\n";
}

}  // namespace mykeyv::resp
