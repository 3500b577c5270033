// SPDX-License-Identifier: Apache-2.0
// Commands out of the bytes that a client sends: RESP multibulk requests, and the inline form that people type.
#pragma once

#include "mykeyv/base/limits.hpp"
#include "mykeyv/resp/protocol.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::resp {

/// What one command may take. All are checked as soon as a header names a length, before the data arrives.
struct request_limits {
    /// Arguments of one command, its name counted.
    std::size_t arguments_max = limits::arguments_max;
    /// Bytes of one argument.
    std::size_t argument_bytes_max = limits::value_bytes_max_default + limits::argument_bytes_slack;
    /// Bytes of one inline command, without its line end.
    std::size_t inline_bytes_max = limits::inline_bytes_max;
    /// Bytes of one command on the wire: the caller's buffer never needs more. Not below `argument_bytes_max`.
    std::size_t command_bytes_max = limits::command_bytes_max;
    /// Chooses the words of the errors only.
    bool authenticated = true;

    /// What a client may send before it has authenticated.
    static constexpr request_limits unauthenticated() noexcept
    {
        return {.arguments_max = limits::arguments_unauthenticated_max,
                .argument_bytes_max = limits::argument_bytes_unauthenticated_max,
                .authenticated = false};
    }
};

/// Finds the commands in a stream, one per call, without copying multibulk arguments and without allocating in the long run.
///
/// The caller owns the buffer. It calls `parse` with all bytes that were not consumed yet, drops `consumed` bytes from the
/// front afterwards, and calls again: at once after `complete`, with more bytes after `need_more`. What was read of an
/// unfinished command is remembered by offset, so the buffer may move between calls and no byte is looked at twice.
/// One thread at a time.
class request_parser {
public:
    struct result {
        progress state = progress::need_more;
        /// Bytes at the front of the input that are done with. After `need_more` these are empty lines and empty commands.
        std::size_t consumed = 0;
        /// After `need_more`: at least so many more bytes are missing. A hint for the next read, of up to `argument_bytes_max`;
        /// let the buffer grow as data arrives, not by what a client announces.
        std::size_t wanted = 0;
        /// After `complete`: the command, at least one argument. Valid until the next call and until the input's bytes move.
        std::span<std::string_view const> arguments = {};
        /// After `failed`: "Protocol error: ...", to be sent behind "ERR " before closing. Valid until the next call.
        std::string_view error = {};
    };

    explicit request_parser(request_limits limits = {}) noexcept : limits_{limits} {}

    /// After `failed` the parser is of no more use.
    result parse(std::string_view input);

    /// Holds for every header that is read from now on.
    void set_limits(request_limits limits) noexcept { limits_ = limits; }

private:
    struct range {
        std::size_t offset, length;
    };

    progress read_multibulk(std::string_view input);
    progress read_inline(std::string_view input);
    progress read_count(std::string_view input);
    progress read_bulk_length(std::string_view input);
    progress read_number(std::string_view input, std::string_view complaint);
    bool read_short_number(std::string_view input) noexcept;
    progress want(std::size_t bytes) noexcept;
    progress fail(std::string_view complaint);
    void begin_command();

    request_limits limits_;
    std::size_t position_ = 0;      // offset in the command of the first byte not read yet
    std::size_t missing_ = 0;       // arguments that the count promised and that are not there yet
    bool in_bulk_ = false;          // the header of the current argument was read
    std::size_t bulk_bytes_ = 0;    // and named this length
    std::int64_t number_ = 0;       // what read_number found
    std::size_t wanted_ = 0;
    std::vector<range> ranges_;     // arguments so far, by offset in the command
    std::vector<std::string_view> arguments_;
    std::string unquoted_;          // arguments of an inline command
    std::string error_;
};

}  // namespace mykeyv::resp
