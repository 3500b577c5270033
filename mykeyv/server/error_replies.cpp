// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/error_replies.hpp"

#include <fmt/core.h>

namespace mykeyv::server {
namespace {

struct row {
    std::string_view prefix;
    std::string_view sentence;
};

row row_of(errc e) noexcept
{
    switch (e) {
    case errc::syntax: return {"ERR", "syntax error"};
    case errc::value_too_long: return {"ERR", "string exceeds maximum allowed size (value-bytes-max)"};
    case errc::wrong_type: return {"WRONGTYPE", "Operation against a key holding the wrong kind of value"};
    case errc::cross_slot: return {"CROSSSLOT", "Keys in request don't hash to the same slot"};
    case errc::no_such_script: return {"NOSCRIPT", "No matching script. Use KV.LOAD."};
    case errc::script_compile: return {"COMPILE", message(e)};
    case errc::script_runtime: return {"RUNTIME", message(e)};
    case errc::script_instructions: return {"INSTRUCTIONS", message(e)};
    case errc::script_time: return {"TIME", message(e)};
    case errc::script_memory: return {"MEMORY", message(e)};
    case errc::script_result: return {"RESULT", message(e)};
    case errc::unauthorized: return {"NOAUTH", "Authentication required."};
    case errc::cluster_down: return {"CLUSTERDOWN", "The cluster is down"};
    case errc::stopping: return {"CLUSTERDOWN", "The node is shutting down"};
    case errc::overloaded: return {"TRYAGAIN", "A queue of the node is full; nothing was executed"};
    case errc::in_transit: return {"TRYAGAIN", "The slot is on its way to another node, which takes too long; nothing was executed"};
    case errc::storage_failed: return {"MISCONF", "MySQL refused the write; it was rolled back"};
    case errc::outcome_unknown: return {"UNCERTAIN", "the outcome of this command is not known: it may or may not have been executed"};
    default: return {"ERR", message(e)};
    }
}

}  // namespace

std::string error_text(errc e, std::string_view command, std::string_view detail)
{
    if (e == errc::invalid_expire) { return fmt::format("ERR invalid expire time in '{}' command", command); }
    auto const [prefix, sentence] = row_of(e);
    // Whoever has no word of its own is known by its sentence. (Behind `syntax` stands why a change of the cluster was refused.)
    if (prefix == "ERR" && e != errc::syntax && !detail.empty()) { return fmt::format("ERR {}: {}", sentence, detail); }
    return fmt::format("{} {}", prefix, detail.empty() ? sentence : detail);
}

}  // namespace mykeyv::server
