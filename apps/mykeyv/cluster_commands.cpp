// SPDX-License-Identifier: Apache-2.0
// status, slots and ping: the cluster itself.
#include "apps/mykeyv/cluster_access.hpp"
#include "apps/mykeyv/duration.hpp"
#include "mykeyv/base/number.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace mykeyv::cli {
namespace {

unsigned slots_in(slot_range const& range) noexcept { return range.last.number() - range.first.number() + 1u; }

unsigned slots_of(node_info const& node) noexcept
{
    unsigned sum = 0;
    for (auto const& range : node.slots) { sum += slots_in(range); }
    return sum;
}

/// What follows "NAME:" on a line of INFO; empty if there is none.
std::string_view info_field(std::string_view info, std::string_view name)
{
    auto const start = std::string{"\n"}.append(name) + ':';
    auto const at = info.find(start);
    if (at == info.npos) { return {}; }
    info.remove_prefix(at + start.size());
    return info.substr(0, info.find_first_of("\r\n"));
}

struct node_status {
    node_info node;
    error_code error = {};
    std::int64_t records = 0;
    std::string version = {};
    std::optional<std::uint64_t> uptime_s = {};
};

node_status status_of(cluster_access& cluster, node_info const& node)
{
    node_status status{.node = node};
    auto const count = cluster.ask(node.address, {"DBSIZE"});
    if (count.has_error()) {
        status.error = count.error();
        return status;
    }
    if (auto const* number = count->integer()) { status.records = *number; }
    auto const info = cluster.ask(node.address, {"INFO", "server"});
    if (info.has_value() && info->text() != nullptr) {
        status.version = info_field(*info->text(), "mykeyv_version");
        status.uptime_s = parse_unsigned(info_field(*info->text(), "uptime_in_seconds"));
    }
    return status;
}

json_line json_of(node_status const& status)
{
    json_line line{{"address", status.node.address.text()}, {"id", status.node.id}, {"slots", slots_of(status.node)}};
    if (status.error) {
        line["error"] = status.error.message();
        return line;
    }
    line["records"] = status.records;
    line["version"] = status.version;
    line["uptime_s"] = status.uptime_s ? json_line(*status.uptime_s) : json_line(nullptr);
    return line;
}

std::vector<std::string> row_of(node_status const& status)
{
    auto const slots = std::to_string(slots_of(status.node));
    if (status.error) { return {status.node.address.text(), status.node.id, slots, "-", "-", "-", "no answer"}; }
    auto const up = status.uptime_s ? duration_text(std::chrono::seconds{*status.uptime_s}) : "-";
    return {status.node.address.text(), status.node.id, slots, std::to_string(status.records), printable(status.version), up, "ok"};
}

/// One line about the cluster as a whole.
std::string state_of(cluster_status const& status)
{
    auto const moving = status.slots_to_move == 0 ? std::string{"every slot is where it should be"}
                                                  : fmt::format("{} slots have still to move", status.slots_to_move);
    return fmt::format("topology version {}; {}{}\n", status.version, moving, status.paused ? "; paused" : "");
}

exit_code status(global_options const& globals)
{
    cluster_access cluster{globals};
    std::vector<node_status> all;
    unsigned served = 0;
    for (auto const& node : cluster.nodes()) {
        all.push_back(status_of(cluster, node));
        if (!all.back().error) { served += slots_of(node); }
    }
    auto const state = cluster.client().status();
    if (globals.output == output_format::json) {
        json_line line{{"slots", slot::count}, {"slots_served", served}};
        if (state.has_value()) {
            line.update({{"topology_version", state->version}, {"slots_to_move", state->slots_to_move}, {"paused", state->paused}});
        }
        line["nodes"] = json_line::array();
        for (auto const& each : all) { line["nodes"].push_back(json_of(each)); }
        print_json(line);
    } else {
        std::vector<std::vector<std::string>> rows;
        std::ranges::transform(all, std::back_inserter(rows), row_of);
        print(table({"NODE", "ID", "SLOTS", "RECORDS", "VERSION", "UP", "STATE"}, rows));
        if (state.has_value()) { print(state_of(*state)); }
        print(fmt::format("{} of {} slots served\n", served, slot::count));
    }
    auto code = served == slot::count ? exit_code::done : exit_code::cluster_error;
    for (auto const& each : all) {
        if (each.error) { code = worse(code, cluster.report("node " + each.node.address.text(), each.error)); }
    }
    return code;
}

struct piece {
    slot_range range;
    node_info const* owner;
};

std::vector<piece> pieces_of(std::vector<node_info> const& nodes)
{
    std::vector<piece> pieces;
    for (auto const& node : nodes) {
        for (auto const& range : node.slots) { pieces.push_back({range, &node}); }
    }
    std::ranges::sort(pieces, {}, [](piece const& p) { return p.range.first; });
    return pieces;
}

/// nullptr: nobody owns it.
node_info const* owner_of(slot s, std::vector<piece> const& pieces)
{
    auto const found = std::ranges::find_if(pieces, [&](piece const& p) { return p.range.first <= s && s <= p.range.last; });
    return found == pieces.end() ? nullptr : found->owner;
}

exit_code slots_of_keys(std::vector<std::string> const& keys, std::vector<piece> const& pieces, output_format format)
{
    auto code = exit_code::done;
    std::vector<std::vector<std::string>> rows;
    for (auto const& key : keys) {
        auto const place = slot_of(key);
        auto const* owner = owner_of(place, pieces);
        rows.push_back({printable(key), std::to_string(place.number()), owner ? owner->address.text() : "nobody"});
        if (owner == nullptr) { code = exit_code::cluster_error; }
        if (format == output_format::table) { continue; }
        json_line line;
        put_bytes(line, "key", key);
        line["slot"] = place.number();
        line["node"] = owner ? json_line(owner->address.text()) : json_line(nullptr);
        print_json(line);
    }
    if (format == output_format::table) { print(table({"KEY", "SLOT", "NODE"}, rows)); }
    return code;
}

exit_code slots(std::vector<std::string> const& keys, global_options const& globals)
{
    cluster_access cluster{globals};
    auto const nodes = cluster.nodes();
    auto const pieces = pieces_of(nodes);
    if (!keys.empty()) { return slots_of_keys(keys, pieces, globals.output); }
    std::vector<std::vector<std::string>> rows;
    for (auto const& [range, owner] : pieces) {
        auto const first = range.first.number();
        auto const last = range.last.number();
        if (globals.output == output_format::json) {
            print_json(json_line{{"first", first}, {"last", last}, {"node", owner->address.text()}, {"id", owner->id}});
        }
        rows.push_back({fmt::format("{}-{}", first, last), std::to_string(slots_in(range)), owner->address.text(), owner->id});
    }
    if (globals.output == output_format::table) { print(table({"SLOTS", "COUNT", "NODE", "ID"}, rows)); }
    return exit_code::done;
}

exit_code ping(global_options const& globals)
{
    cluster_access cluster{globals};
    auto code = exit_code::done;
    for (auto const& node : cluster.nodes()) {
        auto const start = std::chrono::steady_clock::now();
        auto const answer = cluster.ask(node.address, {"PING"});
        auto const time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        bool const answered = answer.has_value();
        if (globals.output == output_format::json) {
            json_line line{{"node", node.address.text()}, {"answered", answered}};
            if (answered) { line["milliseconds"] = time; }
            print_json(line);
        } else if (answered) {
            print(fmt::format("{} answers in {:.2f} ms\n", node.address.text(), time));
        }
        if (!answered) { code = worse(code, cluster.report("node " + node.address.text(), answer.error())); }
    }
    return code;
}

}  // namespace

void add_status(CLI::App& app, command& chosen)
{
    auto* const status_app = app.add_subcommand("status", "Show the nodes and how they are");
    status_app->footer("Exit code 3 if a node does not answer or a slot is served by nobody.");
    status_app->callback([&chosen] { chosen = status; });
}

void add_slots(CLI::App& app, command& chosen)
{
    auto const keys = std::make_shared<std::vector<std::string>>();
    auto* const slots_app = app.add_subcommand("slots", "Show which node owns which slots, or where keys lie");
    slots_app->add_option("KEY", *keys, "Show the slot and the node of these keys only");
    slots_app->footer(R"(Examples:
  mykeyv slots
  mykeyv slots jerry phil)");
    slots_app->callback([keys, &chosen] { chosen = [keys](auto const& globals) { return slots(*keys, globals); }; });
}

void add_ping(CLI::App& app, command& chosen)
{
    auto* const ping_app = app.add_subcommand("ping", "Ask every node of the cluster whether it answers");
    ping_app->footer("Exit code 3 if one does not.");
    ping_app->callback([&chosen] { chosen = ping; });
}

}  // namespace mykeyv::cli
