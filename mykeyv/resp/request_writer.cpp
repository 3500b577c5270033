// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/request_writer.hpp"

namespace mykeyv::resp {

void request_writer::command(std::span<std::string_view const> arguments)
{
    begin(arguments.size());
    for (auto const bytes : arguments) { argument(bytes); }
}

void request_writer::argument(std::string_view bytes)
{
    append_line(out_, '$', static_cast<std::int64_t>(bytes.size()));
    out_ += bytes;
    out_ += "\r\n";
}

}  // namespace mykeyv::resp
