// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/hex.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace mykeyv {
namespace {

int digit_value(char c) noexcept
{
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
    return -1;
}

std::size_t first_word(hex160 const& id) noexcept
{
    std::size_t word = 0;
    std::memcpy(&word, id.bytes().data(), sizeof word);
    return word;
}

std::array<std::uint8_t, 20> sha1(std::string_view text)
{
    std::array<std::uint8_t, 20> bytes{};
    if (EVP_Digest(text.data(), text.size(), bytes.data(), nullptr, EVP_sha1(), nullptr) != 1) {
        throw std::runtime_error{"no SHA-1 from OpenSSL"};
    }
    return bytes;
}

}  // namespace

std::string hex160::text() const
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(40);
    for (auto const byte : bytes_) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::optional<std::array<std::uint8_t, 20>> hex160::parse_digits(std::string_view digits) noexcept
{
    std::array<std::uint8_t, 20> bytes{};
    if (digits.size() != 2 * bytes.size()) { return std::nullopt; }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto const high = digit_value(digits[2 * i]);
        auto const low = digit_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) { return std::nullopt; }
        bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return bytes;
}

node_id node_id::random()
{
    std::array<std::uint8_t, 20> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) { throw std::runtime_error{"no random numbers from OpenSSL"}; }
    return node_id{bytes};
}

std::optional<node_id> node_id::parse(std::string_view digits) noexcept
{
    auto const bytes = parse_digits(digits);
    return bytes ? std::optional{node_id{*bytes}} : std::nullopt;
}

cluster_id cluster_id::of(std::span<node_id const> founders)
{
    std::string text;
    for (auto const& id : founders) { text += id.text(); }
    return cluster_id{sha1(text)};
}

std::optional<cluster_id> cluster_id::parse(std::string_view digits) noexcept
{
    auto const bytes = parse_digits(digits);
    return bytes ? std::optional{cluster_id{*bytes}} : std::nullopt;
}

script_id script_id::of(std::string_view code) { return script_id{sha1(code)}; }

std::optional<script_id> script_id::parse(std::string_view digits) noexcept
{
    auto const bytes = parse_digits(digits);
    return bytes ? std::optional{script_id{*bytes}} : std::nullopt;
}

}  // namespace mykeyv

std::size_t std::hash<mykeyv::script_id>::operator()(mykeyv::script_id const& id) const noexcept { return mykeyv::first_word(id); }
std::size_t std::hash<mykeyv::node_id>::operator()(mykeyv::node_id const& id) const noexcept { return mykeyv::first_word(id); }
