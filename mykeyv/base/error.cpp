// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/error.hpp"

#include <string>

namespace mykeyv {
namespace {

struct row {
    std::string_view sentence;
    remedy advice;
};

constexpr row row_of(errc e) noexcept
{
    using enum remedy;
    switch (e) {
    case errc::ok: return {"done", fix};
    case errc::syntax: return {"the words of the command do not fit its grammar", fix};
    case errc::not_an_integer: return {"value is not an integer or out of range", fix};
    case errc::not_a_float: return {"value is not a valid float", fix};
    case errc::overflow: return {"increment or decrement would overflow", fix};
    case errc::not_finite: return {"increment would produce NaN or Infinity", fix};
    case errc::invalid_expire: return {"the expiry is not positive or too far away", fix};
    case errc::offset_out_of_range: return {"offset is out of range", fix};
    case errc::key_too_long: return {"the key is longer than 1024 bytes", fix};
    case errc::value_too_long: return {"the value is longer than the node's value-bytes-max", fix};
    case errc::too_many_keys: return {"too many keys in one command", fix};
    case errc::wrong_type: return {"the record has another format (bytes or document) than this operation works on", fix};
    case errc::not_json: return {"the text is not one JSON value", fix};
    case errc::json_too_deep: return {"the JSON value is nested too deep", fix};
    case errc::json_not_exact: return {"the JSON value has a number or members that cannot be held exactly", fix};
    case errc::json_not_utf8: return {"the JSON value is not UTF-8", fix};
    case errc::path_not_supported: return {"only the root path ($ or .) of a document is served", fix};
    case errc::version_mismatch: return {"the record has another version than the one named", fix};
    case errc::cross_slot: return {"the keys of one command lie in different slots", fix};
    case errc::no_such_script: return {"this node does not know the code of that SHA-1", fix};
    case errc::script_compile: return {"the code does not compile", fix};
    case errc::script_runtime: return {"the code raised an error; the record is as it was", fix};
    case errc::script_instructions: return {"the code ran over its instruction budget; the record is as it was", fix};
    case errc::script_time: return {"the code ran over its time budget; the record is as it was", fix};
    case errc::script_memory: return {"the code ran over its memory budget; the record is as it was", fix};
    case errc::script_result: return {"the code gave back what cannot be stored or sent; the record is as it was", fix};
    case errc::unauthorized: return {"authentication is required, or failed", fix};
    case errc::unexpected_reply: return {"the server answered what this request cannot mean", fix};
    case errc::unknown_command: return {"the server does not know this command: it is no node of Mykeyv, or an older one", fix};
    case errc::refused: return {"the cluster refuses this change", fix};
    case errc::moved: return {"another node owns this key's slot", redirect};
    case errc::not_connected: return {"no connection to the node could be made", retry};
    case errc::cluster_down: return {"nobody serves this key now; nothing was executed", retry};
    case errc::too_many_redirects: return {"the nodes kept redirecting; nothing was executed", retry};
    case errc::overloaded: return {"a queue is full; nothing was executed", retry};
    case errc::in_transit: return {"the key's slot is on its way to another node, which takes too long; nothing was executed", retry};
    case errc::stopping: return {"shutting down; nothing was executed", retry};
    case errc::storage_failed: return {"MySQL refused the write; it was rolled back", retry};
    case errc::timed_out_unsent: return {"the time ran out before the request was sent; nothing was executed", retry};
    case errc::cancelled: return {"cancelled before the request was sent; nothing was executed", retry};
    case errc::outcome_unknown: return {"the request may or may not have been executed, and it could not be found out", look};
    }
    return {"an error of a later version", look};
}

class category final : public boost::system::error_category {
public:
    char const* name() const noexcept override { return "mykeyv"; }
    std::string message(int value) const override { return std::string{row_of(static_cast<errc>(value)).sentence}; }
};

}  // namespace

std::string_view message(errc e) noexcept { return row_of(e).sentence; }

remedy remedy_of(errc e) noexcept { return row_of(e).advice; }

boost::system::error_category const& error_category() noexcept
{
    static category const instance;
    return instance;
}

bool is(error_code const& ec, errc e) noexcept { return ec.category() == error_category() && ec.value() == static_cast<int>(e); }

}  // namespace mykeyv
