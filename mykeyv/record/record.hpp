// SPDX-License-Identifier: Apache-2.0
// What is stored under a key, and what an operation decides to do with it.
//
// Every operation is a function from record to record:
//
//     decide : (record before, or absent; context) -> decision { change: keep | put | erase, reply }
//
// Such functions are pure: no clock, no I/O, no state. What runs them is a lane (mykeyv/store).
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mykeyv {

/// How the value of a record is to be read. The numbers are stored; they never change.
enum class format : std::uint8_t {
    bytes = 0,     ///< any bytes
    document = 1,  ///< one JSON value, as UTF-8 text
};

/// A record as an operation sees it. Borrowed: valid during the call it is passed to.
struct record_view {
    std::string_view value;
    mykeyv::format format = mykeyv::format::bytes;
    std::uint64_t version = 0;  ///< unique and increasing within the slot; never 0
    std::optional<unix_ms> expires_at;
};

/// Leave the record, or its absence, as it is.
struct keep {
    friend bool operator==(keep, keep) = default;
};

/// Store this under the key; the lane gives it its version (context::version).
struct put {
    std::string value;
    mykeyv::format format = mykeyv::format::bytes;
    std::optional<unix_ms> expires_at;
    friend bool operator==(put const&, put const&) = default;
};

/// Remove the record.
struct erase {
    friend bool operator==(erase, erase) = default;
};

using change = std::variant<keep, put, erase>;

/// What goes back to the caller. Encoding it for a protocol is somebody else's work.
struct reply {
    struct nil {
        friend bool operator==(nil, nil) = default;
    };
    struct ok {
        friend bool operator==(ok, ok) = default;
    };
    /// Bytes that live in the record the decision was made on; valid as long as that is.
    struct borrowed {
        std::string_view bytes;
        friend bool operator==(borrowed, borrowed) = default;
    };
    /// A fixed word without blanks in a simple string ("string", "none").
    struct word {
        std::string_view text;
        friend bool operator==(word, word) = default;
    };
    /// A failure: the change beside it is `keep`. `detail` may add what the sentence of `error` does not say.
    struct failure {
        errc error = errc::ok;
        std::string detail;
        friend bool operator==(failure const&, failure const&) = default;
    };
    using list = std::vector<reply>;

    std::variant<nil, ok, std::int64_t, std::string, borrowed, word, failure, list> value;
    friend bool operator==(reply const&, reply const&) = default;
};

/// What the function may know beyond the record.
struct context {
    unix_ms now;                ///< the same for a whole batch
    std::uint64_t version = 0;  ///< what the record's version will be if this decision puts it
    std::size_t value_bytes_max = 0;  ///< a longer value is errc::value_too_long, never cut
};

struct decision {
    mykeyv::change change;
    mykeyv::reply reply;
    friend bool operator==(decision const&, decision const&) = default;
};

/// True when `at` has come: an expired record is absent for every operation.
inline bool expired(std::optional<unix_ms> at, unix_ms now) noexcept { return at && *at <= now; }

}  // namespace mykeyv
