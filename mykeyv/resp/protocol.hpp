// SPDX-License-Identifier: Apache-2.0
// The words that every room of this floor shares: which RESP is spoken, and how far a parser got.
#pragma once

#include <charconv>
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

/// Appends a line of a type byte and a number: "$5\r\n", "*3\r\n", ":-1\r\n".
inline void append_line(std::string& out, char type, std::int64_t number)
{
    char line[24];  // a type byte, 20 characters of number, CR, LF
    line[0] = type;
    char* end = std::to_chars(line + 1, line + sizeof line - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out.append(line, end);
}

}  // namespace mykeyv::resp
