// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/key.hpp"

#include <charconv>
#include <cmath>

namespace mykeyv {
namespace {

template <class Number>
std::string shortest(Number number)
{
    char digits[64];
    return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

// 100000.0 would be "1e+05", which is not the key that 100000 is.
template <class Floating>
std::string like_an_integer_if_whole(Floating number)
{
    constexpr auto two_to_63 = static_cast<Floating>(9223372036854775808.0L);
    bool const whole = std::fabs(number) < two_to_63 && std::trunc(number) == number;
    return whole ? shortest(static_cast<std::int64_t>(number)) : shortest(number);
}

}  // namespace

std::string key::integer_text(std::int64_t number) { return shortest(number); }
std::string key::integer_text(std::uint64_t number) { return shortest(number); }
std::string key::floating_text(float number) { return like_an_integer_if_whole(number); }
std::string key::floating_text(double number) { return like_an_integer_if_whole(number); }
std::string key::floating_text(long double number) { return like_an_integer_if_whole(number); }

}  // namespace mykeyv
