// SPDX-License-Identifier: Apache-2.0
// Runs update() code in one engine and says what came of it.
#pragma once

#include "mykeyv/script/engine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>

namespace mykeyv::script {

inline std::ostream& operator<<(std::ostream& out, status s)
{
    static char const* const names[] = {"stored", "unchanged", "erased", "error"};
    return out << names[static_cast<int>(s)];
}

class script_test : public testing::Test {
protected:
    /// With time enough for a loaded machine: where the clock is not what is tested, it must not strike.
    script_test() : script_test{{limits::script_instructions_default, limits::script_memory_bytes_default, std::chrono::minutes{1}}} {}
    explicit script_test(budget allowed) : engine_{allowed} {}

    static record_view document(std::string_view json) { return {json, format::document, 7, std::nullopt}; }
    static record_view bytes(std::string_view value) { return {value, format::bytes, 7, std::nullopt}; }

    outcome run(std::string_view code, record_view const& before, std::string_view args = "")
    {
        return engine_.run(script_id::of(code), code, &before, "the key", args, context_);
    }
    outcome run_on_absent(std::string_view code, std::string_view args = "")
    {
        return engine_.run(script_id::of(code), code, nullptr, "the key", args, context_);
    }

    /// The result of `return nil, <expression>`, or how it failed.
    std::string value_of(std::string_view expression, std::string_view args = "")
    {
        return text(run_on_absent("return nil, " + std::string{expression}, args));
    }
    /// The document that the code stores, or how it failed.
    std::string stored_by(std::string_view code, record_view const& before, std::string_view args = "")
    {
        return stored(run(code, before, args));
    }
    std::string stored_by(std::string_view code, std::string_view args = "") { return stored(run_on_absent(code, args)); }

    static std::string text(outcome const& o) { return o.status == status::error ? failure(o) : o.result_json; }
    static std::string failure(outcome const& o)
    {
        return name(o.error) + ": " + o.detail;
    }
    static std::string stored(outcome const& o)
    {
        if (o.status == status::error) { return failure(o); }
        auto const* const change = std::get_if<put>(&o.change);
        return change != nullptr ? change->value : "nothing";
    }
    static std::string name(errc error)
    {
        switch (error) {
        case errc::script_compile: return "compile";
        case errc::script_runtime: return "runtime";
        case errc::script_instructions: return "instructions";
        case errc::script_time: return "time";
        case errc::script_memory: return "memory";
        case errc::script_result: return "result";
        case errc::value_too_long: return "value_too_long";
        case errc::not_json: return "not_json";
        case errc::json_too_deep: return "json_too_deep";
        case errc::json_not_exact: return "json_not_exact";
        case errc::json_not_utf8: return "json_not_utf8";
        default: return std::string{message(error)};
        }
    }

    engine engine_;
    context context_{unix_ms{1'700'000'000'123}, 8, limits::value_bytes_max_default};
};

}  // namespace mykeyv::script
