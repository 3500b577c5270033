// SPDX-License-Identifier: Apache-2.0
// The small parsers of the base floor: what one accepts is what it would write; slots stay in range.
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/number.hpp"
#include "mykeyv/base/slot.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>

namespace mykeyv {

using fuzz::require;

std::span<std::string_view const> fuzz::seeds()
{
    static constexpr std::string_view all[] = {
        "-9223372036854775808", "18446744073709551615", "1.5e300", "-inf", "0x1p3", "127.0.0.1:6958", "[::1]:7000", "foo{bar}{zap}",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
    };
    return all;
}

}  // namespace mykeyv

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace mykeyv;
    auto const text = fuzz::split_input{data, size}.whole;
    if (auto const number = parse_integer(text)) { require(std::to_string(*number) == text); }
    if (auto const number = parse_unsigned(text)) { require(std::to_string(*number) == text); }
    if (auto const number = parse_float(text)) { require(*number == *number && parse_float(format_float(*number)).has_value()); }
    if (auto const id = node_id::parse(text)) { require(node_id::parse(id->text()) == id && text.size() == 40); }
    if (auto const found = endpoint::parse(text, 1)) { require(found->port > 0 && !found->host.empty()); }
    require(slot_of(text).number() < slot::count);
    return 0;
}
