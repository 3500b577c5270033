// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/command.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace mykeyv::cli {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_json(json_line const& line) { print(line.dump() + '\n'); }

void complain(std::string_view sentence)
{
    std::fflush(stdout);  // on a terminal both streams stay in order
    fmt::print(stderr, "mykeyv: {}\n", sentence);
}

std::string read_input(std::string const& path)
{
    auto const close = [](std::FILE* file) {
        if (file != stdin) { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, decltype(close)> const file{path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close};
    std::string all;
    char chunk[65536];
    while (file) {
        auto const length = std::fread(chunk, 1, sizeof chunk, file.get());
        all.append(chunk, length);
        if (length < sizeof chunk) { break; }
    }
    if (!file || std::ferror(file.get())) {
        throw refusal{exit_code::usage, fmt::format("cannot read {}: {}", path == "-" ? "stdin" : path, std::strerror(errno))};
    }
    return all;
}

}  // namespace mykeyv::cli
