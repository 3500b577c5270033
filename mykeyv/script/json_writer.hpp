// SPDX-License-Identifier: Apache-2.0
// Lua values to JSON text, exactly or not at all.
//
//   a table with only string keys, or a new empty one    object; its members are written sorted, so that equal tables are equal texts
//   a table with only the keys 1..n, or a marked one     array
//   an integer; a float                                  "1"; "1.0": the shortest text that reads back as the same float
//   kv.null                                              null
//
// All else is refused with the path to it: NaN, infinities, mixed keys, holes, cycles, functions, strings that are not UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace mykeyv::script {

class json_writer {
public:
    /// `name` is the root of paths in messages; borrowed.
    json_writer(lua_State* state, std::size_t bytes_max, std::string_view name);

    /// The text of the value on top of the stack, which stays there. Each value in it is charged one instruction.
    /// Throws refusal: script_result, value_too_long; and killed.
    std::string write();

private:
    struct step {
        std::string_view key;
        std::int64_t index;  ///< 0: a member of that key
    };
    struct shape {
        bool array;
        std::int64_t size;
    };

    void value();
    void table();
    shape shape_of_table();
    void array(std::int64_t size);
    void object(std::size_t first_key);
    void number();
    void string(std::string_view);
    void append(std::string_view);
    [[noreturn]] void refuse(std::string_view what) const;
    [[noreturn]] void refuse_length() const;
    std::string path() const;

    lua_State* state_;
    std::size_t bytes_max_;
    std::string_view name_;
    std::string text_;
    std::vector<std::string_view> keys_;  // of all objects that are being written, the innermost last
    std::vector<step> path_;
    std::vector<void const*> open_;       // the tables that are being written, the innermost last
};

}  // namespace mykeyv::script
