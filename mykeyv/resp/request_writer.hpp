// SPDX-License-Identifier: Apache-2.0
// Commands, as a client sends them.
#pragma once

#include "mykeyv/resp/protocol.hpp"

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace mykeyv::resp {

/// Appends commands to the end of a string, which must outlive the writer.
class request_writer {
public:
    explicit request_writer(std::string& out) noexcept : out_{out} {}

    /// A whole command; its name is the first argument. Not empty.
    void command(std::span<std::string_view const> arguments);
    void command(std::initializer_list<std::string_view> arguments) { command(std::span{arguments.begin(), arguments.size()}); }

    /// Opens a command of `arguments` arguments, its name counted; the caller writes each with `argument`.
    void begin(std::size_t arguments) { append_line(out_, '*', static_cast<std::int64_t>(arguments)); }
    void argument(std::string_view bytes);

private:
    std::string& out_;
};

}  // namespace mykeyv::resp
