// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/text.hpp"

#include "apps/mykeyv/exit_code.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace mykeyv::cli {
namespace {

/// Finds an integer that a record cannot hold exactly: beyond 64 bits nlohmann's tree has a double in its place, and Lua
/// has none from 2^63 on.
class inexact_integers : public nlohmann::json_sax<nlohmann::json> {
public:
    std::string literal;  ///< the first one; empty: none

    bool number_float(number_float_t, string_t const& text) override
    {
        bool const is_integer = text.find_first_of(".eE") == text.npos;
        if (is_integer) { literal = text; }
        return !is_integer;
    }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t number) override
    {
        bool const fits = number <= static_cast<number_unsigned_t>(std::numeric_limits<number_integer_t>::max());
        if (!fits) { literal = std::to_string(number); }
        return fits;
    }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, std::string const&, nlohmann::json::exception const&) override { return false; }
};

/// Bytes of the UTF-8 character that `text` begins with; 0: it begins with none.
std::size_t utf8_bytes(std::string_view text) noexcept
{
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const first = at(0);
    if (first < 0x80) { return 1; }
    if (first < 0xc2 || first > 0xf4) { return 0; }
    std::size_t const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < length) { return 0; }
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xc0) != 0x80) { return 0; }
    }
    bool const too_long = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
    bool const outside = (first == 0xed && at(1) > 0x9f) || (first == 0xf4 && at(1) > 0x8f);
    return too_long || outside ? 0 : length;
}

bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        auto const length = utf8_bytes(text);
        if (length == 0) { return false; }
        text.remove_prefix(length);
    }
    return true;
}

/// C0, DEL and C1: what could move the cursor or change the terminal.
bool is_control(std::string_view character) noexcept
{
    auto const first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) { return first < 0x20 || first == 0x7f; }
    return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string base64(std::string_view bytes)
{
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<unsigned char const*>(bytes.data()),
                      static_cast<int>(bytes.size()));
    return text;
}

std::size_t characters_in(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string const& what)
{
    try {
        auto value = nlohmann::json::parse(text);
        inexact_integers check;
        nlohmann::json::sax_parse(text, &check);
        if (!check.literal.empty()) {
            throw refusal{exit_code::usage,
                          fmt::format("{} has the integer {}, outside of -2^63 to 2^63-1; write it as a string", what, check.literal)};
        }
        return value;
    } catch (nlohmann::json::exception const& problem) {
        std::string_view why = problem.what();
        why.remove_prefix(std::min(why.size(), why.find("] ") == why.npos ? 0 : why.find("] ") + 2));
        throw refusal{exit_code::usage, fmt::format("{} is not JSON: {}", what, printable(why))};
    }
}

std::string printable(std::string_view bytes, bool one_line)
{
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        auto const length = std::max<std::size_t>(utf8_bytes(bytes), 1);
        auto const character = bytes.substr(0, length);
        bool const is_layout = !one_line && (character == "\n" || character == "\t");
        if (utf8_bytes(bytes) == 0 || (is_control(character) && !is_layout)) {
            for (char const c : character) { text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c)); }
        } else {
            text += character;
        }
        bytes.remove_prefix(length);
    }
    return text;
}

void put_bytes(json_line& into, std::string const& name, std::string_view bytes)
{
    if (is_utf8(bytes)) {
        into[name] = bytes;
    } else {
        into[name + "_base64"] = base64(bytes);
    }
}

std::string table(std::vector<std::string> const& heading, std::vector<std::vector<std::string>> const& rows)
{
    std::vector<std::size_t> widths(heading.size(), 0);
    auto const measure = [&](std::vector<std::string> const& row) {
        for (std::size_t i = 0; i < row.size(); ++i) { widths[i] = std::max(widths[i], characters_in(row[i])); }
    };
    std::string text;
    auto const write = [&](std::vector<std::string> const& row) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) { text.append(widths[i] - characters_in(row[i]) + 2, ' '); }
        }
        text += '\n';
    };
    measure(heading);
    std::ranges::for_each(rows, measure);
    write(heading);
    std::ranges::for_each(rows, write);
    return text;
}

}  // namespace mykeyv::cli
