// SPDX-License-Identifier: Apache-2.0
// The words that every room of this floor shares: which RESP is spoken, and how far a parser got.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mykeyv::resp {

/// The version that HELLO agreed on; a connection starts with resp2.
enum class protocol { resp2 = 2, resp3 = 3 };

/// How far a parser got with the bytes it was given.
enum class progress {
    need_more,  ///< what is there is right so far; more bytes are needed
    complete,   ///< one command or reply is there
    failed,     ///< the bytes are not RESP, or break a limit; the stream cannot be followed any further
};

inline constexpr std::size_t number_characters_max = 20;  ///< of an std::int64_t in decimal, its sign included

/// Writes a line of a type byte and a number: "$5\r\n", "*3\r\n", ":-1\r\n". `to` has room for all of it; returns what is behind it.
inline char* put_line(char* to, char type, std::int64_t number) noexcept
{
    *to++ = type;
    to = std::to_chars(to, to + number_characters_max, number).ptr;
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

inline void append_line(std::string& out, char type, std::int64_t number)
{
    char line[1 + number_characters_max + 2];
    out.append(line, put_line(line, type, number));
}

}  // namespace mykeyv::resp
