// SPDX-License-Identifier: Apache-2.0
// Replies, in the RESP version that the client asked for.
#pragma once

#include "mykeyv/resp/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mykeyv::resp {

/// Appends replies to the end of a string, which must outlive the writer. Cheap to make: one per reply is fine.
/// What resp2 has no type for is written as the nearest that it has, as Redis does.
class writer {
public:
    explicit writer(std::string& out, protocol version = protocol::resp2) noexcept : out_{out}, version_{version} {}

    protocol version() const noexcept { return version_; }

    /// A short status: "+OK". CR and LF in it are written as blanks.
    void simple(std::string_view text);
    /// `text` starts with its prefix and a blank: "ERR syntax error". CR and LF in it are written as blanks.
    void error(std::string_view text);
    void integer(std::int64_t number);
    /// Any bytes.
    void bulk(std::string_view bytes);
    /// "There is none": resp2 has one for a bulk and one for an array.
    void null();
    void null_array();
    /// resp2: a bulk of the shortest digits that read back as the same double, or "inf", "-inf", "nan".
    void floating(double number);
    /// resp2: the integer 1 or 0.
    void boolean(bool truth);
    /// Text with a format of three letters: "txt", "mkd". resp2: a bulk of the text alone.
    void verbatim(std::string_view format, std::string_view text);

    // Headers: the caller writes that many values behind them.
    void array(std::size_t elements);
    /// Each entry is a key and a value. resp2: an array of twice as many.
    void map(std::size_t entries);
    /// resp2: an array.
    void set(std::size_t elements);
    /// A message that answers no command. resp2: an array.
    void push(std::size_t elements);

private:
    bool is_resp3() const noexcept { return version_ == protocol::resp3; }
    void header(char type, std::size_t count) { append_line(out_, type, static_cast<std::int64_t>(count)); }
    void line_of_text(char type, std::string_view text);

    std::string& out_;
    protocol version_;
};

}  // namespace mykeyv::resp
