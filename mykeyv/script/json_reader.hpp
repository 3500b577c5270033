// SPDX-License-Identifier: Apache-2.0
// JSON text to Lua values. Integers stay integers (-0, which is none, becomes the float -0.0), null is kv.null, arrays are marked so that
// they stay arrays.
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
    /// json_not_utf8, json_too_deep, json_not_exact (a number outside of 64-bit integers and doubles, or an object with a member
    /// twice), script_memory. A number with more digits than a double has is rounded to the nearest one.
    void push(lua_State*, std::string_view text, std::string_view name);

private:
    void push_exact(lua_State*, std::string_view text, std::string_view name);

    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::script
