// SPDX-License-Identifier: Apache-2.0
// The requests of the client, as bytes with where they go and what may be done with them.
#pragma once

#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/slot.hpp"
#include "mykeyv/client/core.hpp"

#include <chrono>
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mykeyv::detail {

/// To a node that owns slots, whichever.
struct any_node {
    friend auto operator<=>(any_node, any_node) = default;
};
/// To nobody: is answered by the map of the cluster as it is known; `fresh`: asked for again first.
struct the_map {
    bool fresh = false;
    friend auto operator<=>(the_map, the_map) = default;
};
/// To nobody: is answered when so long has passed.
struct a_while {
    std::chrono::milliseconds length{0};
    friend auto operator<=>(a_while, a_while) = default;
};
using destination = std::variant<any_node, the_map, a_while, slot, endpoint>;

struct request {
    std::string wire = {};  ///< one command in RESP
    destination to = any_node{};
    /// Only reads, so sending it twice does no harm.
    bool repeatable = false;
    /// False: a redirect is not followed but reported, because the keys of this request may lie on several nodes.
    bool follows_redirects = true;
    /// False: the first trouble with the node ends it, for whoever has other nodes to ask.
    bool patient = true;
    /// What teaches the node the code of this request, if the node turns out not to know it; as RESP. Empty: none.
    std::string code_wire = {};
    /// The slots of its keys, if they are several; the destination is their node. Where that does not execute all of it, it is for
    /// its maker to ask again by slot.
    std::vector<slot> places = {};
};

request get_request(key const&);
/// `options` must have passed problem_with.
request set_request(key const&, encoded const&, set_options const&);
request erase_request(key const&);
request ping_request();
request slots_request(endpoint const& node);
request scan_request(endpoint const& node, std::string const& cursor, std::string const& pattern, std::size_t count);
request command_request(std::span<std::string const> arguments, command_route const&);
/// KV.CLUSTER with these words, to any node.
request cluster_request(std::span<std::string const> words);

/// An update() of keys[each of chosen]. The destination is the caller's to fill in.
struct update_call {
    std::string code;
    std::string args;  ///< JSON
};
request update_request(update_call const&, std::span<key const> keys, std::span<std::size_t const> chosen);

/// HELLO, with credentials if `password` is not empty.
std::string hello_wire(std::string const& username, std::string const& password);
/// Stands in front of a request that was redirected by ASK.
std::string const& asking_wire();

/// What is wrong with a key or with options, or errc::ok.
errc problem_with(key const&) noexcept;
errc problem_with(set_options const&) noexcept;

}  // namespace mykeyv::detail
