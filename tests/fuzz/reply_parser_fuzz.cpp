// SPDX-License-Identifier: Apache-2.0
// The reply parser: however the stream is split, it finds the same replies or the same error, within depth and size.
#include "mykeyv/resp/reply_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace mykeyv {
namespace {

using fuzz::require;
using namespace std::string_view_literals;

constexpr resp::reply_limits small{.depth_max = 4, .elements_max = 64, .bytes_max = 256, .line_bytes_max = 32};

struct transcript {
    std::vector<resp::value> replies;
    std::string error;
};

transcript read(std::string_view whole, std::size_t piece)
{
    transcript seen;
    resp::reply_parser parser{small};
    std::size_t done = 0;
    std::size_t there = 0;
    while (seen.error.empty()) {
        std::string const buffer{whole.substr(done, there - done)};
        auto found = parser.parse(buffer);
        require(found.consumed <= buffer.size());
        done += found.consumed;
        if (found.state == resp::progress::complete) {
            require(found.consumed > 0);
            seen.replies.push_back(std::move(found.reply));
        } else if (found.state == resp::progress::failed) {
            seen.error = found.error;
            require(!seen.error.empty());
        } else if (there == whole.size()) {
            break;
        } else {
            there = std::min(there + piece, whole.size());
        }
    }
    return seen;
}

/// As ==, but a nan is itself.
bool same(resp::value const& a, resp::value const& b)
{
    if (a.kind != b.kind) { return false; }
    if (auto const* number = a.floating(); number != nullptr && *number != *number) { return *b.floating() != *b.floating(); }
    if (auto const* elements = a.elements()) { return std::ranges::equal(*elements, *b.elements(), same); }
    return a == b;
}

std::size_t depth_of(resp::value const& v)
{
    std::size_t deepest = 0;
    if (auto const* elements = v.elements(); elements != nullptr && !elements->empty()) {
        for (auto const& element : *elements) { deepest = std::max(deepest, depth_of(element)); }
        ++deepest;
    }
    return deepest;
}

}  // namespace

std::span<std::string_view const> fuzz::seeds()
{
    static constexpr std::string_view all[] = {
        "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n"sv,
        "*2\r\n:1\r\n*2\r\n$1\r\nx\r\n*1\r\n_\r\n"sv,
        "%2\r\n+k\r\n,1.5\r\n+n\r\n,nan\r\n~1\r\n#t\r\n>1\r\n#f\r\n"sv,
        "|1\r\n+ttl\r\n:5\r\n=5\r\ntxt:x\r\n!3\r\nERR\r\n(-123456789012345678901\r\n"sv,
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"sv,
        "$?\r\n"sv,
        "$257\r\n"sv,
    };
    return all;
}

}  // namespace mykeyv

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace mykeyv;
    fuzz::split_input const input{data, size};
    auto const whole = read(input.whole, input.whole.size() + 1);
    auto const pieces = read(input.whole, input.piece);
    require(pieces.error == whole.error);
    require(std::ranges::equal(pieces.replies, whole.replies, same));
    for (auto const& reply : whole.replies) { require(depth_of(reply) <= small.depth_max); }
    return 0;
}
