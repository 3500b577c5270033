// SPDX-License-Identifier: Apache-2.0
// What names a record, made from any scalar.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mykeyv {

/// The name of a record: any bytes, up to 1024 of them (limits::key_bytes_max); two keys are the same if their bytes are.
/// Made from any scalar by its text, so 42, 42.0 and "42" are one key. Whole numbers below 2^63 have no exponent and no
/// point, other floating point numbers are the shortest text that reads back as the same number; bool is "true" or "false".
class key {
public:
    key(std::string text) noexcept : text_{std::move(text)} {}      // NOLINT(google-explicit-constructor): any scalar is a key
    key(std::string_view text) : text_{text} {}                     // NOLINT(google-explicit-constructor): stands for a value
    key(char const* text) : text_{text} {}                          // NOLINT(google-explicit-constructor): stands for a value
    template <class Number>
        requires std::is_arithmetic_v<Number>
    key(Number number) : text_{text_of(number)} {}                  // NOLINT(google-explicit-constructor): stands for a value

    std::string const& text() const& noexcept { return text_; }
    std::string text() && noexcept { return std::move(text_); }
    friend auto operator<=>(key const&, key const&) = default;

private:
    template <class Number>
    static std::string text_of(Number number)
    {
        if constexpr (std::same_as<Number, bool>) {
            return number ? "true" : "false";
        } else if constexpr (std::same_as<Number, char>) {
            return std::string(1, number);
        } else if constexpr (std::floating_point<Number>) {
            return floating_text(number);
        } else if constexpr (std::signed_integral<Number>) {
            return integer_text(static_cast<std::int64_t>(number));
        } else {
            return integer_text(static_cast<std::uint64_t>(number));
        }
    }
    static std::string integer_text(std::int64_t);
    static std::string integer_text(std::uint64_t);
    static std::string floating_text(float);
    static std::string floating_text(double);
    static std::string floating_text(long double);

    std::string text_;
};

/// One key or several, made from a key, from `{"phil", 42}`, or from any range of scalars. Results come in its order.
class key_list {
public:
    key_list(std::initializer_list<key> keys) : keys_{keys} {}

    template <class One>
        requires std::convertible_to<One, key>
    key_list(One&& one) { keys_.emplace_back(std::forward<One>(one)); }  // NOLINT(google-explicit-constructor): stands for a value

    template <std::ranges::input_range Range>
        requires(!std::convertible_to<Range, key> && !std::same_as<std::remove_cvref_t<Range>, key_list> &&
                 std::convertible_to<std::ranges::range_reference_t<Range>, key>)
    key_list(Range&& range)  // NOLINT(google-explicit-constructor): stands for a value
    {
        for (auto&& one : range) { keys_.emplace_back(std::forward<decltype(one)>(one)); }
    }

    std::size_t size() const noexcept { return keys_.size(); }
    auto begin() const noexcept { return keys_.begin(); }
    auto end() const noexcept { return keys_.end(); }

private:
    std::vector<key> keys_;
};

}  // namespace mykeyv
