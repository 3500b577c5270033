// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/rehash_plan.hpp"

#include "apps/mykeyv/amount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace mykeyv::cli {
namespace {

/// One command makes a node look at all records of its slots, so it should not be asked for all at once.
constexpr std::size_t ranges_per_command = 128;

struct weight {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
};

std::optional<weight> read_weight(resp::value const& reply)
{
    auto const* cells = reply.elements();
    if (cells == nullptr || cells->size() != 2) { return std::nullopt; }
    auto const* records = (*cells)[0].integer();
    auto const* bytes = (*cells)[1].integer();
    if (records == nullptr || bytes == nullptr) { return std::nullopt; }
    return weight{static_cast<std::uint64_t>(*records), static_cast<std::uint64_t>(*bytes)};
}

result<weight> weigh(cluster_access& cluster, endpoint const& source, std::vector<slot_range> const& slots)
{
    weight sum;
    for (auto& words : weigh_commands(slots)) {
        auto const reply = cluster.ask(source, std::move(words));
        if (reply.has_error()) { return reply.error(); }
        auto const part = read_weight(*reply);
        if (!part) { return make_error_code(errc::unexpected_reply); }
        sum.records += part->records;
        sum.bytes += part->bytes;
    }
    return sum;
}

std::string address_of(std::string const& id, cluster_status const& status)
{
    auto const found = std::ranges::find(status.nodes, id, &member::id);
    return found == status.nodes.end() ? printable(id) : found->address.text();
}

json_line json_of(rehash_plan::pair const& pair, cluster_status const& status, result<weight> const& in_them)
{
    json_line line{{"source", address_of(pair.source, status)}, {"source_id", pair.source}, {"target", address_of(pair.target, status)},
                   {"target_id", pair.target},                  {"slots", pair.count},      {"ranges", json_line::array()}};
    for (auto const& range : pair.slots) { line["ranges"].push_back({range.first.number(), range.last.number()}); }
    if (in_them.has_error()) {
        line["error"] = in_them.error().message();
    } else {
        line["records"] = in_them->records;
        line["bytes"] = in_them->bytes;
    }
    return line;
}

}  // namespace

std::vector<std::vector<std::string>> weigh_commands(std::vector<slot_range> const& slots)
{
    std::vector<std::vector<std::string>> commands;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (i % ranges_per_command == 0) { commands.push_back({"KV.CLUSTER", "WEIGH"}); }
        commands.back().push_back(std::to_string(slots[i].first.number()));
        commands.back().push_back(std::to_string(slots[i].last.number()));
    }
    return commands;
}

exit_code show_plan(global_options const& globals)
{
    cluster_access cluster{globals};
    auto const plan = cluster.client().plan();
    if (plan.has_error()) { return cluster.report("the plan", plan.error()); }
    auto const status = cluster.status();
    bool const as_json = globals.output == output_format::json;
    auto code = exit_code::done;
    weight sum;
    std::vector<std::vector<std::string>> rows;
    for (auto const& pair : plan->pairs) {
        auto const source = std::ranges::find(status.nodes, pair.source, &member::id);
        bool const known = source != status.nodes.end();
        auto const in_them = known ? weigh(cluster, source->address, pair.slots) : result<weight>{make_error_code(errc::not_connected)};
        auto const from = address_of(pair.source, status);
        if (as_json) { print_json(json_of(pair, status, in_them)); }
        if (in_them.has_error()) {
            code = worse(code, cluster.report("the records of " + from, in_them.error()));
            rows.push_back({from, address_of(pair.target, status), std::to_string(pair.count), "-", "-"});
            continue;
        }
        sum.records += in_them->records;
        sum.bytes += in_them->bytes;
        rows.push_back({from, address_of(pair.target, status), std::to_string(pair.count), std::to_string(in_them->records),
                        bytes_text(static_cast<double>(in_them->bytes))});
    }
    if (as_json) { return code; }
    if (plan->moves == 0) {
        print("nothing to move: every node owns what it should\n");
        return code;
    }
    print(table({"FROM", "TO", "SLOTS", "RECORDS", "SIZE"}, rows));
    print(fmt::format("{} of {} slots would move, with {} records, {}; nothing was changed\n", plan->moves, slot::count, sum.records,
                      bytes_text(static_cast<double>(sum.bytes))));
    return code;
}

}  // namespace mykeyv::cli
