// SPDX-License-Identifier: Apache-2.0
// JSON text to Lua values. Integers stay integers, null is kv.null, arrays are marked so that they stay arrays.
#pragma once

#include <memory>
#include <string_view>

struct lua_State;

namespace mykeyv::script {

/// Reads one value after the other into the buffers of one parser. Not thread safe.
class json_reader {
public:
    json_reader();
    ~json_reader();
    json_reader(json_reader const&) = delete;
    json_reader& operator=(json_reader const&) = delete;

    /// Pushes the one JSON value that `text` is. `name` is what messages call it ("record", "args"). Throws refusal: not_json,
    /// json_not_utf8, json_too_deep, json_not_exact (a number outside of 64-bit integers and doubles), script_memory.
    void push(lua_State*, std::string_view text, std::string_view name);

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::script
