// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/cluster_access.hpp"

#include "apps/mykeyv/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mykeyv::cli {
namespace {

constexpr std::chrono::milliseconds patience{1000};

std::vector<endpoint> endpoints_of(global_options const& globals)
{
    std::vector<endpoint> all;
    for (auto const& server : globals.servers) { all.push_back(endpoint::parse(server, default_port).value()); }
    return all;
}

std::string tried_line(endpoint const& node, std::string_view finding)
{
    auto const is_ipv6 = node.host.find(':') != node.host.npos;
    return fmt::format("\n  tried {}: {}", is_ipv6 ? fmt::format("[{}]:{}", node.host, node.port) : node.text(), finding);
}

/// The options, if any of the servers accepts a connection.
global_options const& reachable(global_options const& globals)
{
    std::string tried;
    for (auto const& node : endpoints_of(globals)) {
        auto const found = diagnose(node, patience, false);
        if (found.connects) { return globals; }
        tried += tried_line(node, found.finding);
    }
    throw refusal{exit_code::cluster_error, fmt::format("no node of the cluster could be reached{}\n"
                                                        "-s host:port says where a node is; `mykeyv playground` starts a cluster here",
                                                        tried)};
}

/// Whether to look at the nodes would tell more than the error does.
bool is_about_reaching(error_code const& ec) noexcept
{
    constexpr std::array candidates{errc::not_connected,   errc::timed_out_unsent,   errc::outcome_unknown, errc::unexpected_reply,
                                    errc::unknown_command, errc::too_many_redirects, errc::cluster_down};
    return std::ranges::any_of(candidates, [&](errc e) { return is(ec, e); });
}

}  // namespace

client_options options_of(global_options const& globals)
{
    client_options options;
    options.seeds = globals.servers;
    options.operation_timeout = globals.timeout;
    return options;
}

cluster_access::cluster_access(global_options const& globals) : globals_{reachable(globals)}, client_{options_of(globals)} {}

std::string sentence_of(error_code const& ec, std::string_view detail)
{
    auto const sentence = ec.message();
    if (detail.starts_with(sentence)) { return printable(detail); }  // a node says the same where it has no more to say
    return detail.empty() ? sentence : fmt::format("{}: {}", sentence, printable(detail));
}

std::string cluster_access::tried()
{
    auto all = endpoints_of(globals_);
    if (auto const nodes = client_.nodes(); nodes.has_value()) {
        for (auto const& node : *nodes) {
            if (std::ranges::find(all, node.address) == all.end()) { all.push_back(node.address); }
        }
    }
    std::string text;
    for (auto const& node : all) { text += tried_line(node, diagnose(node, patience).finding); }
    return text;
}

exit_code cluster_access::report(std::string_view what, error_code const& ec, std::string_view detail)
{
    auto text = fmt::format("{}: {}", what, sentence_of(ec, detail));
    // Once is enough: a hundred keys on a dead node have one reason.
    if (is_about_reaching(ec) && !std::exchange(explained_, true)) { text += tried(); }
    complain(text);
    return exit_code_of(ec);
}

result<resp::value> cluster_access::ask(endpoint const& node, std::vector<std::string> words)
{
    if (!diagnose(node, patience, false).connects) { return make_error_code(errc::not_connected); }
    return client_.command_at(node, std::move(words));
}

cluster_status cluster_access::status()
{
    auto status = client_.status();
    if (status.has_error()) {
        auto const detail = is_about_reaching(status.error()) ? tried() : std::string{};
        throw refusal{exit_code_of(status.error()), fmt::format("the state of the cluster: {}{}", status.error().message(), detail)};
    }
    return std::move(status).value();
}

std::vector<node_info> cluster_access::nodes()
{
    auto nodes = client_.nodes();
    if (nodes.has_error()) {
        auto const sentence = fmt::format("the map of the cluster: {}{}", nodes.error().message(), tried());
        throw refusal{exit_code::cluster_error, sentence};
    }
    std::ranges::sort(*nodes, {}, &node_info::address);
    return std::move(nodes).value();
}

}  // namespace mykeyv::cli
