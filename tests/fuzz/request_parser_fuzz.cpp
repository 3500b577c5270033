// SPDX-License-Identifier: Apache-2.0
// The request parser: however the stream is split, it finds the same commands or the same error; arguments keep their limits;
// and what it found, written again, is found again.
#include "mykeyv/resp/lookahead.hpp"
#include "mykeyv/resp/request_parser.hpp"
#include "mykeyv/resp/request_writer.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace mykeyv {
namespace {

using fuzz::require;
using namespace std::string_view_literals;

constexpr resp::request_limits small{.arguments_max = 8, .argument_bytes_max = 64, .inline_bytes_max = 64, .command_bytes_max = 256};

struct transcript {
    std::vector<std::vector<std::string>> commands;
    std::string error;
    friend bool operator==(transcript const&, transcript const&) = default;
};

transcript read(std::string_view whole, std::size_t piece, resp::request_limits limits)
{
    transcript seen;
    resp::request_parser parser{limits};
    std::size_t done = 0;
    std::size_t there = 0;
    while (seen.error.empty()) {
        std::string const buffer{whole.substr(done, there - done)};
        auto const found = parser.parse(buffer);
        require(found.consumed <= buffer.size());
        done += found.consumed;
        if (found.state == resp::progress::complete) {
            require(found.consumed > 0 && !found.arguments.empty());
            seen.commands.emplace_back(found.arguments.begin(), found.arguments.end());
        } else if (found.state == resp::progress::failed) {
            seen.error = found.error;
            require(seen.error.starts_with("Protocol error: "));
        } else {
            require(found.wanted > 0);
            if (there == whole.size()) { break; }
            there = std::min(there + piece, whole.size());
        }
    }
    return seen;
}

}  // namespace

std::span<std::string_view const> fuzz::seeds()
{
    static constexpr std::string_view all[] = {
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nva\r\nl\r\n*1\r\n$4\r\nPING\r\n"sv,
        "*0\r\n*-1\r\n\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n"sv,
        "SET k \"a \\x41\\n\\\"\" 'it\\'s'\r\nPING\n"sv,
        "*1\r\n$65\r\n"sv,
        "*9\r\n"sv,
        "*2\r\n$64\r\n"sv,
    };
    return all;
}

}  // namespace mykeyv

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace mykeyv;
    fuzz::split_input const input{data, size};
    auto const whole = read(input.whole, input.whole.size() + 1, small);
    require(read(input.whole, input.piece, small) == whole);
    std::string again;
    for (auto const& command : whole.commands) {
        resp::request_writer out{again};
        out.begin(command.size());
        for (auto const& argument : command) { out.argument(argument); }
    }
    require(read(again, again.size() + 1, {}).commands == whole.commands);
    std::array<std::string_view, 4> keys;
    auto const ahead = resp::look_ahead(again, keys);
    require(ahead.bytes <= again.size());
    auto const has_key = [](auto const& command) { return command.size() > 1; };
    auto found = whole.commands.begin();
    for (std::size_t i = 0; i < ahead.keys; ++i, ++found) {
        found = std::find_if(found, whole.commands.end(), has_key);
        require(found != whole.commands.end() && keys[i] == (*found)[1]);
    }
    resp::look_ahead(input.whole, keys);
    return 0;
}
