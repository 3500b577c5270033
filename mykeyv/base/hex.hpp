// SPDX-License-Identifier: Apache-2.0
// Forty hex digits: the ids of nodes and clusters, and the SHA-1 that names a piece of code.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mykeyv {

/// Twenty bytes, written as forty lower-case hex digits. Base of node_id, cluster_id and script_id.
class hex160 {
public:
    constexpr hex160() = default;
    explicit constexpr hex160(std::array<std::uint8_t, 20> bytes) noexcept : bytes_{bytes} {}

    std::string text() const;
    std::array<std::uint8_t, 20> const& bytes() const noexcept { return bytes_; }
    friend constexpr auto operator<=>(hex160 const&, hex160 const&) = default;

protected:
    /// Forty hex digits of either case, else nothing.
    static std::optional<std::array<std::uint8_t, 20>> parse_digits(std::string_view) noexcept;

private:
    std::array<std::uint8_t, 20> bytes_{};
};

/// Who a node is, for ever: drawn once at random, kept in its MySQL; never a position in a list.
class node_id : public hex160 {
public:
    using hex160::hex160;
    static node_id random();
    static std::optional<node_id> parse(std::string_view digits) noexcept;
};

/// Which cluster a node belongs to, for ever: made from the ids of its first nodes, so all of them find the same.
class cluster_id : public hex160 {
public:
    using hex160::hex160;
    /// The SHA-1 of `founders`, which must be ascending.
    static cluster_id of(std::span<node_id const> founders);
    static std::optional<cluster_id> parse(std::string_view digits) noexcept;
};

/// The SHA-1 of a piece of code: how code is named between clients and nodes.
class script_id : public hex160 {
public:
    using hex160::hex160;
    static script_id of(std::string_view code);
    static std::optional<script_id> parse(std::string_view digits) noexcept;
};

}  // namespace mykeyv

template <>
struct std::hash<mykeyv::script_id> {
    std::size_t operator()(mykeyv::script_id const& id) const noexcept;
};
template <>
struct std::hash<mykeyv::node_id> {
    std::size_t operator()(mykeyv::node_id const& id) const noexcept;
};
