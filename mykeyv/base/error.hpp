// SPDX-License-Identifier: Apache-2.0
// The one error enum of Mykeyv: what went wrong, and what the caller may do about it.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string_view>

namespace mykeyv {

using error_code = boost::system::error_code;
template <class T>
using result = boost::system::result<T>;

/// What a caller may do after an error.
enum class remedy {
    fix,       ///< the request is wrong; repeating it unchanged fails again; nothing was changed
    redirect,  ///< another node serves this key; nothing was changed here
    retry,     ///< certainly not executed; repeating it later is safe
    look,      ///< it may or may not have been executed; look before repeating what is not harmless to repeat
};

enum class errc {
    ok = 0,

    // fix: the request
    syntax,               ///< the words of the command do not fit its grammar
    not_an_integer,       ///< a number was asked for, within 64 bits
    not_a_float,          ///< a finite decimal number was asked for
    overflow,             ///< the increment would leave the 64-bit range
    not_finite,           ///< the increment would give NaN or infinity
    invalid_expire,       ///< an expiry that is not positive or cannot be held as milliseconds in 64 bits
    offset_out_of_range,  ///< a negative or too large offset into a value
    key_too_long,         ///< over `key_bytes_max`
    value_too_long,       ///< over the node's `value-bytes-max`
    too_many_keys,        ///< over `keys_per_command_max`
    wrong_type,           ///< a record of the other format (bytes, document)
    not_json,             ///< the text is not one JSON value
    json_too_deep,        ///< nested deeper than `json_depth_max`
    json_not_exact,       ///< a number beyond 64-bit integers and doubles, or for update() a member twice
    json_not_utf8,        ///< text that is not UTF-8
    path_not_supported,   ///< only the root path of a document is served
    version_mismatch,     ///< `IFVERSION` named another version than the record has
    cross_slot,           ///< keys of one command in different slots
    no_such_script,       ///< the code of this SHA-1 is not known to this node
    script_compile,       ///< the code does not compile
    script_runtime,       ///< the code raised an error; the record is as it was
    script_instructions,  ///< the code ran over its instruction budget; the record is as it was
    script_time,          ///< the code ran over its time budget; the record is as it was
    script_memory,        ///< the code ran over its memory budget; the record is as it was
    script_result,        ///< the code gave back what cannot be stored or sent; the record is as it was
    unauthorized,         ///< authentication is required, or failed
    unexpected_reply,     ///< the server answered what this request cannot mean
    unknown_command,      ///< the server does not know a command of Mykeyv's: it is no node, or an older one
    refused,              ///< the cluster does not make this change to itself; the node's words say why

    // redirect
    moved,  ///< another node owns the slot

    // retry: certainly not executed
    not_connected,        ///< no connection to the node could be made
    cluster_down,         ///< the node cannot reach its MySQL, or nobody serves the slot
    too_many_redirects,   ///< the nodes' maps did not settle within `redirects_max`
    overloaded,           ///< a queue is full
    in_transit,           ///< the slot is on its way to another node, and that takes too long
    stopping,             ///< the node or the client is shutting down
    storage_failed,       ///< MySQL refused the write; it was rolled back
    timed_out_unsent,     ///< the time ran out before the request was sent
    cancelled,            ///< cancelled before the request was sent

    // look: the outcome is not known
    outcome_unknown,      ///< sent or begun, and whether it took effect could not be found out
};

/// A sentence for people: "the record has another type than this operation works on".
std::string_view message(errc) noexcept;

/// What the caller may do after this error.
remedy remedy_of(errc) noexcept;

/// The category of `errc` inside an error_code; its name is "mykeyv".
boost::system::error_category const& error_category() noexcept;

inline error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }

/// The errc inside an error_code of ours; anything of another category is reported as `errc::not_connected`
/// by callers that know it came from a socket, so this asks only for our own.
bool is(error_code const& ec, errc e) noexcept;

}  // namespace mykeyv

template <>
struct boost::system::is_error_code_enum<mykeyv::errc> : std::true_type {};
