// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/request_writer.hpp"

#include <cstring>

namespace mykeyv::resp {
namespace {

constexpr std::string_view line_end = "\r\n";

std::size_t digits_of(std::size_t number) noexcept
{
    std::size_t digits = 1;
    for (; number >= 10; number /= 10) { ++digits; }
    return digits;
}

// Bytes of "$5\r\n".
std::size_t line_bytes(std::size_t number) noexcept { return 1 + digits_of(number) + line_end.size(); }

char* put(char* to, std::string_view bytes) noexcept
{
    if (!bytes.empty()) { std::memcpy(to, bytes.data(), bytes.size()); }
    return to + bytes.size();
}

// As resp::put_line, of a length.
char* put_length(char* to, char type, std::size_t length) noexcept { return put_line(to, type, static_cast<std::int64_t>(length)); }

}  // namespace

// Room for all of it at once: that a string fills it with zeros first is less work than to look for room piece by piece.
void request_writer::command(std::span<std::string_view const> arguments)
{
    auto bytes = line_bytes(arguments.size());
    for (auto const each : arguments) { bytes += line_bytes(each.size()) + each.size() + line_end.size(); }
    auto const before = out_.size();
    out_.resize(before + bytes);
    auto* to = put_length(out_.data() + before, '*', arguments.size());
    for (auto const each : arguments) { to = put(put(put_length(to, '$', each.size()), each), line_end); }
}

void request_writer::argument(std::string_view bytes)
{
    append_line(out_, '$', static_cast<std::int64_t>(bytes.size()));
    out_ += bytes;
    out_ += "\r\n";
}

}  // namespace mykeyv::resp
