// SPDX-License-Identifier: Apache-2.0
// What text may be stored as a document.
#pragma once

#include "mykeyv/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mykeyv {

/// Turns JSON text into what is stored: the same value without the blanks between its tokens. Numbers and strings keep their
/// text, members their order and their repetitions, so documents that differ in blanks alone are equal bytes.
///
/// Errors: errc::not_json        not exactly one JSON value (RFC 8259; a byte order mark or a lone surrogate is none)
///         errc::json_not_utf8   the text is not UTF-8
///         errc::json_too_deep   more than limits::json_depth_max arrays and objects in each other
///         errc::json_not_exact  an integer outside of [-2^63, 2^63-1], or another number that is no finite double
///
/// Costs one pass of a parser, two copies, and while it runs about 14 bytes of memory per byte of text. A checker keeps the
/// memory of small texts for the next one. To be used by one thread at a time.
class json_checker {
public:
    json_checker();
    ~json_checker();
    json_checker(json_checker&&) noexcept;
    json_checker& operator=(json_checker&&) noexcept;

    result<std::string> check(std::string_view text);

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

/// As json_checker::check, with a checker of its own: some allocations more per call.
result<std::string> checked_document(std::string_view text);

/// The kind of a checked document, as RedisJSON names it: object, array, string, integer, number, boolean or null.
std::string_view document_kind(std::string_view document) noexcept;

}  // namespace mykeyv
