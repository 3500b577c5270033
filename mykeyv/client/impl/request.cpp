// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/request.hpp"

#include "mykeyv/base/hex.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/resp/request_writer.hpp"

#include <initializer_list>
#include <string_view>
#include <vector>

namespace mykeyv::detail {
namespace {

std::string wire_of(std::span<std::string_view const> words)
{
    std::string wire;
    resp::request_writer{wire}.command(words);
    return wire;
}

std::string wire_of(std::initializer_list<std::string_view> words) { return wire_of(std::span{words.begin(), words.size()}); }

}  // namespace

request get_request(key const& name)
{
    return {.wire = wire_of({"KV.GET", name.text()}), .to = slot_of(name.text()), .repeatable = true};
}

// KV.SET key value [FORMAT bytes|document] [NX | XX | IFVERSION n] [PX milliseconds]
request set_request(key const& name, encoded const& record, set_options const& options)
{
    std::string number, milliseconds;
    std::vector<std::string_view> words{"KV.SET", name.text(), record.text(), "FORMAT",
                                        record.encoding() == encoding::document ? "document" : "bytes"};
    if (options.only_if_absent) { words.emplace_back("NX"); }
    if (options.only_if_present) { words.emplace_back("XX"); }
    if (options.if_version) {
        number = std::to_string(*options.if_version);
        words.insert(words.end(), {"IFVERSION", number});
    }
    if (options.ttl) {
        milliseconds = std::to_string(options.ttl->count());
        words.insert(words.end(), {"PX", milliseconds});
    }
    return {.wire = wire_of(words), .to = slot_of(name.text())};
}

request erase_request(key const& name) { return {.wire = wire_of({"DEL", name.text()}), .to = slot_of(name.text())}; }

request ping_request() { return {.wire = wire_of({"PING"}), .repeatable = true}; }

request slots_request(endpoint const& node)
{
    return {.wire = wire_of({"CLUSTER", "SLOTS"}), .to = node, .repeatable = true, .patient = false};
}

request scan_request(endpoint const& node, std::string const& cursor, std::string const& pattern, std::size_t count)
{
    return {.wire = wire_of({"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(count)}), .to = node, .repeatable = true};
}

request command_request(std::span<std::string const> arguments, command_route const& route)
{
    std::vector<std::string_view> const words{arguments.begin(), arguments.end()};
    request made{.wire = wire_of(words)};
    if (route.owner_of) {
        made.to = slot_of(route.owner_of->text());
    } else if (route.node) {
        made.to = *route.node;
        made.follows_redirects = false;  // this node was asked for, no other
    }
    return made;
}

request cluster_request(std::span<std::string const> words)
{
    std::vector<std::string_view> all{"KV.CLUSTER"};
    all.insert(all.end(), words.begin(), words.end());
    return {.wire = wire_of(all)};
}

request update_request(update_call const& call, std::span<key const> keys, std::span<std::size_t const> chosen)
{
    auto const id = script_id::of(call.code).text();
    auto const count = std::to_string(chosen.size());
    std::vector<std::string_view> words{"KV.UPDATE", id, call.args, count};
    for (auto const index : chosen) { words.push_back(keys[index].text()); }
    return {.wire = wire_of(words), .code_wire = wire_of({"KV.LOAD", call.code})};
}

std::string hello_wire(std::string const& username, std::string const& password)
{
    if (password.empty()) { return wire_of({"HELLO", "3"}); }
    return wire_of({"HELLO", "3", "AUTH", username.empty() ? std::string_view{"default"} : username, password});
}

std::string const& asking_wire()
{
    static std::string const wire = wire_of({"ASKING"});
    return wire;
}

errc problem_with(key const& name) noexcept { return name.text().size() > limits::key_bytes_max ? errc::key_too_long : errc::ok; }

errc problem_with(set_options const& options) noexcept
{
    int const conditions = (options.only_if_absent ? 1 : 0) + (options.only_if_present ? 1 : 0) + (options.if_version ? 1 : 0);
    if (conditions > 1) { return errc::syntax; }
    return options.ttl && options.ttl->count() <= 0 ? errc::invalid_expire : errc::ok;
}

}  // namespace mykeyv::detail
