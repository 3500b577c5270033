// SPDX-License-Identifier: Apache-2.0
// update() code beside the data: Lua 5.4 in a sandbox, a budget per call, one outcome per key. docs/scripting.md is the users' view.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/record/record.hpp"
#include "mykeyv/script/library.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::script {

/// What one call of a piece of code may use. Over any of it the call ends, whatever the code does to go on.
struct budget {
    /// VM instructions; library functions that loop, and the writing of the answer, are charged one for each element or step.
    std::uint64_t instructions = limits::script_instructions_default;
    /// Everything the code, its arguments and its record take inside Lua, in bytes.
    std::size_t memory_bytes = limits::script_memory_bytes_default;
    /// Wall time, from the first instruction of the code to the answer being written. Reading the record is bounded by its size.
    std::chrono::milliseconds time = limits::script_time_default;
};

/// The words of the protocol's per-key status.
enum class status {
    stored,     ///< `change` is a put
    unchanged,  ///< `change` is keep
    erased,     ///< `change` is erase
    error,      ///< `change` is keep; `error` and `detail` say why
};

/// What a call decided for its key.
struct outcome {
    script::status status = status::unchanged;
    mykeyv::change change;
    std::string result_json;  ///< JSON text of the second return value; empty: there was none
    errc error = errc::ok;
    std::string detail;  ///< for people, at most 1 KiB: "update:3: attempt to index a nil value (local 'record')"
};

/// Why `code` is not a chunk of Lua text, or nothing when it is. Binary chunks and code over `limits::script_code_bytes_max`
/// are refused too. Safe from any thread; takes tens of microseconds for ordinary code, and never much over `budget::time`.
std::optional<std::string> compile_error(std::string_view code);

/// Runs code for keys, one after the other. Compiled code is kept, so a call of known code takes a few microseconds.
/// Not thread safe: one engine per lane. No call sees anything of another one.
class engine {
public:
    /// Throws std::bad_alloc.
    explicit engine(budget = {});
    ~engine();
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;

    /// Calls `code` with `(record, args, key)` and turns what it returns into an outcome. Never throws on account of the code.
    ///
    /// `id`        is script_id::of(code); what was compiled under it is used again without looking at `code`
    /// `before`    the live record, or nullptr: the code sees nil
    /// `args_json` one JSON value; empty: the code sees nil
    /// `context`   `now` is what kv.now() answers; `value_bytes_max` bounds the stored value and the result, each
    ///
    /// A put carries the expiry of `before`. Errors, each leaving the record as it was: script_compile, script_runtime,
    /// script_instructions, script_time, script_memory, script_result, value_too_long, and for an `args_json` or a stored document
    /// that Lua cannot hold: not_json, json_too_deep, json_not_exact, json_not_utf8.
    outcome run(script_id const& id, std::string_view code, record_view const* before, std::string_view key, std::string_view args_json,
                context const& context);

private:
    class state;
    budget budget_;
    std::unique_ptr<state> state_;
};

}  // namespace mykeyv::script
