// SPDX-License-Identifier: Apache-2.0
// Replies out of the bytes that a server sends, RESP2 and RESP3 alike.
#pragma once

#include "mykeyv/base/limits.hpp"
#include "mykeyv/resp/protocol.hpp"
#include "mykeyv/resp/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::resp {

/// What one reply may take. All but the line's are checked as soon as a header names a length, before the data arrives.
struct reply_limits {
    /// Arrays, maps and the like within each other; zero: only single values.
    std::size_t depth_max = limits::reply_depth_max;
    /// Values in the whole tree, those of skipped attributes counted.
    std::size_t elements_max = limits::reply_elements_max;
    /// Bytes of text in the whole tree.
    std::size_t bytes_max = limits::reply_bytes_max;
    /// Bytes of one line: a status, an error, a number.
    std::size_t line_bytes_max = limits::reply_line_bytes_max;
};

/// Finds the replies in a stream, one per call.
///
/// The caller owns the buffer. It calls `parse` with all bytes that were not consumed yet, drops `consumed` bytes from the
/// front afterwards, and calls again: at once after `complete`, with more bytes after `need_more`. Everything but an
/// unfinished line is consumed at once and kept here, so the buffer needs no more than `line_bytes_max` bytes beyond a read.
/// Attributes are read and dropped. Streamed types are refused. One thread at a time.
class reply_parser {
public:
    struct result {
        progress state = progress::need_more;
        /// Bytes at the front of the input that are done with.
        std::size_t consumed = 0;
        /// After `complete`: the reply, the caller's to keep.
        value reply = {};
        /// After `failed`: what is wrong, a sentence for people. Valid for ever.
        std::string_view error = {};
    };

    explicit reply_parser(reply_limits limits = {}) noexcept : limits_{limits} {}

    /// After `failed` the parser is of no more use.
    result parse(std::string_view input);

private:
    // What reading a piece of the input led to.
    enum class step {
        need_more,
        opened,  // a header was read; what it announced follows
        whole,   // what place() names is a whole value
        failed,
    };
    // An array or the like whose elements are still arriving.
    struct frame {
        kind type;
        bool is_attribute;
        std::size_t missing;
        std::vector<value> elements;
    };

    step read_line(std::string_view& rest);
    step read_typed(char type, std::string_view line);
    step read_bulk(std::string_view& rest);
    step open_bulk(kind type, std::string_view line);
    step open_bulk(kind type, std::int64_t length);
    step open_aggregate(kind type, std::size_t values_per_entry, bool is_attribute, std::string_view line);
    step open_aggregate(kind type, std::size_t values_per_entry, bool is_attribute, std::int64_t entries);
    step make_floating(std::string_view line);
    step make_text(kind type, std::string_view line);
    template <class Content>
    step make(kind type, Content content);
    value& new_place();
    value& place() noexcept;
    step fail(std::string_view complaint) noexcept;
    step finish_bulk();
    bool settle();

    reply_limits limits_;
    std::size_t scanned_ = 0;       // bytes of an unfinished line that have no CR in them
    bool in_bulk_ = false;
    std::size_t bulk_missing_ = 0;  // bytes of the bulk in place() that did not arrive yet, without its CRLF
    value reply_;                   // the whole; what is within it is built where it stays
    std::vector<frame> open_;       // innermost last
    std::size_t elements_ = 0;      // announced so far in the whole reply
    std::size_t bytes_ = 0;         // of text, likewise
    std::string_view error_;
};

}  // namespace mykeyv::resp
