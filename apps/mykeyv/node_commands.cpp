// SPDX-License-Identifier: Apache-2.0
// node list, add and remove: who belongs to the cluster.
#include "apps/mykeyv/cluster_access.hpp"
#include "apps/mykeyv/duration.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mykeyv::cli {
namespace {

/// Nodes hear of each other every second; longer than this is worth a word.
constexpr std::chrono::seconds silence_worth_telling{5};

std::string state_of(member const& node)
{
    std::string const text = node.leaving ? "leaving" : "ok";
    auto const is_heard = node.heard_ago && *node.heard_ago < silence_worth_telling;
    if (is_heard && !node.problem) { return text; }
    auto const silence = is_heard ? "does not answer" : node.heard_ago ? "silent for " + duration_text(*node.heard_ago) : "not heard yet";
    return fmt::format("{}, {}{}", text, silence, node.problem ? ": " + printable(*node.problem) : "");
}

json_line json_of(member const& node)
{
    json_line line{{"address", node.address.text()}, {"id", node.id},         {"weight", node.weight},    {"leaving", node.leaving},
                   {"slots", node.slots},            {"desired", node.desired}, {"to_leave", node.to_leave}};
    line["departed"] = {{"slots", node.departed.slots}, {"records", node.departed.records}, {"bytes", node.departed.bytes}};
    line["heard_ms_ago"] = node.heard_ago ? json_line(node.heard_ago->count()) : json_line(nullptr);
    line["problem"] = node.problem ? json_line(*node.problem) : json_line(nullptr);
    line["topology_version"] = node.version ? json_line(*node.version) : json_line(nullptr);
    line["parked_us_max"] = node.parked_max.count();
    return line;
}

exit_code list_nodes(global_options const& globals)
{
    cluster_access cluster{globals};
    auto const status = cluster.status();
    std::vector<std::vector<std::string>> rows;
    for (auto const& node : status.nodes) {
        if (globals.output == output_format::json) { print_json(json_of(node)); }
        rows.push_back({printable(node.address.text()), printable(node.id), std::to_string(node.weight), std::to_string(node.slots),
                        std::to_string(node.desired), std::to_string(node.to_leave), state_of(node)});
    }
    if (globals.output == output_format::table) { print(table({"NODE", "ID", "WEIGHT", "SLOTS", "DESIRED", "TO LEAVE", "STATE"}, rows)); }
    return exit_code::done;
}

exit_code add_one(std::string const& address, std::uint32_t weight, global_options const& globals)
{
    auto const node = endpoint::parse(address, default_port);
    if (!node) { throw refusal{exit_code::usage, fmt::format("'{}' is not host:port, such as db4:6958", printable(address))}; }
    cluster_access cluster{globals};
    std::string why;
    if (auto const ec = cluster.client().add_node(node->text(), weight, &why)) { return cluster.report("add " + node->text(), ec, why); }
    if (globals.output == output_format::json) {
        print_json(json_line{{"added", node->text()}, {"weight", weight}});
    } else {
        print(fmt::format("{} is a member now, and owns nothing yet\n"
                          "`mykeyv rehash` moves its share of the slots to it; `mykeyv rehash --dry-run` shows which\n",
                          node->text()));
    }
    return exit_code::done;
}

/// The member with this id or address; nullptr: none.
member const* find(cluster_status const& status, std::string const& name)
{
    auto const address = endpoint::parse(name, default_port);
    auto const found = std::ranges::find_if(status.nodes, [&](member const& node) { return node.id == name || node.address == address; });
    return found == status.nodes.end() ? nullptr : &*found;
}

exit_code remove_one(std::string const& name, global_options const& globals)
{
    cluster_access cluster{globals};
    auto const before = cluster.status();
    auto const* node = find(before, name);
    if (node == nullptr) {
        complain(fmt::format("remove {}: there is no such node; `mykeyv node list` shows them", printable(name)));
        return exit_code::cluster_error;
    }
    auto const address = node->address.text();
    std::string why;
    if (auto const ec = cluster.client().remove_node(node->id, &why)) { return cluster.report("remove " + address, ec, why); }
    if (globals.output == output_format::json) {
        print_json(json_line{{"removed", address}, {"id", node->id}, {"slots_to_leave", node->slots}});
    } else if (node->slots == 0) {
        print(fmt::format("{} owned nothing, and is no member any more; it may be stopped\n", address));
    } else {
        print(fmt::format("{} slots of {} begin to go to the other nodes; with the last one it is no member any more\n"
                          "it must run until then: `mykeyv rehash --status` shows how far it is, `mykeyv node list` who is left\n",
                          node->slots, address));
    }
    return exit_code::done;
}

void add_list_to(CLI::App& node_app, command& chosen)
{
    auto* const list_app = node_app.add_subcommand("list", "Show the members, what they own, and what is to move");
    list_app->footer("Nodes hear of each other every second; this is what one of them knows.");
    list_app->callback([&chosen] { chosen = list_nodes; });
}

void add_add_to(CLI::App& node_app, command& chosen)
{
    struct request {
        std::string address;
        std::uint32_t weight = 1;
    };
    auto const what = std::make_shared<request>();
    auto* const add_app = node_app.add_subcommand("add", "Make a node a member");
    add_app->add_option("HOST:PORT", what->address, "A node that runs, is empty, and belongs to no cluster yet")->required();
    add_app->add_option("--weight", what->weight, "Its share of the slots, in proportion to the other nodes' weights; 0: none [1]")
        ->type_name("N");
    add_app->footer(R"(It owns nothing until `mykeyv rehash`.

Example, the first command on the new machine:
  mykeyvd --bind '*' --announce db4:6958 --data-dir D --cluster-secret-file F
  mykeyv node add db4:6958
  mykeyv rehash)");
    add_app->callback([what, &chosen] {
        chosen = [what](auto const& globals) { return add_one(what->address, what->weight, globals); };
    });
}

void add_remove_to(CLI::App& node_app, command& chosen)
{
    auto const name = std::make_shared<std::string>();
    auto* const remove_app = node_app.add_subcommand("remove", "Let a node's slots go to the others, then take it out of the cluster");
    remove_app->add_option("ID-OR-ADDRESS", *name, "As `mykeyv node list` shows it")->required();
    remove_app->footer(R"(Returns at once. The node serves what it still owns until that has gone, so it must run until then. When its last
slot has gone it is no member any more, and may be stopped.

Example:
  mykeyv node remove db4:6958 && mykeyv rehash && mykeyv node list)");
    remove_app->callback([name, &chosen] { chosen = [name](auto const& globals) { return remove_one(*name, globals); }; });
}

}  // namespace

void add_node(CLI::App& app, command& chosen)
{
    auto* const node_app = app.add_subcommand("node", "Show, add and remove the nodes of the cluster");
    node_app->require_subcommand(1);
    node_app->footer("`mykeyv node add --help`, for example, has the details.");
    add_list_to(*node_app, chosen);
    add_add_to(*node_app, chosen);
    add_remove_to(*node_app, chosen);
}

}  // namespace mykeyv::cli
