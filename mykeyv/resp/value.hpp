// SPDX-License-Identifier: Apache-2.0
// One reply as a tree: what a client reads.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace mykeyv::resp {

enum class kind : std::uint8_t {
    null,        ///< nothing
    simple,      ///< text: a short status
    error,       ///< text: prefix, blank, sentence
    integer,     ///< integer
    bulk,        ///< text: any bytes
    floating,    ///< floating
    boolean,     ///< boolean
    big_number,  ///< text: decimal digits, perhaps with a minus
    verbatim,    ///< text, without its format
    array,       ///< elements
    map,         ///< elements: key, value, key, value...
    set,         ///< elements
    push,        ///< elements: a message that answers no command
};

/// A value of a reply. Each accessor points to the content, or is null where the kind has another: a server's answer is
/// input, so ask before use.
struct value {
    resp::kind kind = resp::kind::null;
    std::variant<std::monostate, std::string, std::int64_t, double, bool, std::vector<value>> content = {};

    bool is_null() const noexcept { return kind == resp::kind::null; }
    bool is_error() const noexcept { return kind == resp::kind::error; }

    std::string const* text() const noexcept { return std::get_if<std::string>(&content); }
    std::string* text() noexcept { return std::get_if<std::string>(&content); }
    std::int64_t const* integer() const noexcept { return std::get_if<std::int64_t>(&content); }
    double const* floating() const noexcept { return std::get_if<double>(&content); }
    bool const* boolean() const noexcept { return std::get_if<bool>(&content); }
    std::vector<value> const* elements() const noexcept { return std::get_if<std::vector<value>>(&content); }
    std::vector<value>* elements() noexcept { return std::get_if<std::vector<value>>(&content); }

    friend bool operator==(value const&, value const&) = default;
};

}  // namespace mykeyv::resp
