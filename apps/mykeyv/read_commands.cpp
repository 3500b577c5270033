// SPDX-License-Identifier: Apache-2.0
// get and list.
#include "apps/mykeyv/cluster_access.hpp"
#include "apps/mykeyv/duration.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace mykeyv::cli {
namespace {

struct get_options {
    std::vector<std::string> keys;
    bool exact_bytes = false;
};

using outcome = get_outcome<bytes>;

json_line json_of(outcome const& got)
{
    json_line line;
    put_bytes(line, "key", got.key);
    if (got.error) {
        line["error"] = got.error.message();
        return line;
    }
    line["found"] = static_cast<bool>(got.record);
    if (!got.record) { return line; }
    auto const& record = got.record;
    if (record.encoding == encoding::document) {
        line["format"] = "document";
        line["value"] = json_line::parse(record->data);
    } else {
        line["format"] = "bytes";
        put_bytes(line, "value", record->data);
    }
    line["version"] = record.version;
    line["expires_in_ms"] = record.expires_in ? json_line(record.expires_in->count()) : json_line(nullptr);
    return line;
}

std::vector<std::string> row_of(outcome const& got)
{
    auto const& record = got.record;
    return {printable(got.key), std::to_string(record.version), record.expires_in ? duration_text(*record.expires_in) : "never",
            printable(record->data)};
}

void show(std::vector<outcome> const& all, get_options const& options, output_format format)
{
    if (format == output_format::json) {
        for (auto const& got : all) { print_json(json_of(got)); }
        return;
    }
    if (all.size() == 1) {
        if (!all[0].record) { return; }
        return print(options.exact_bytes ? all[0].record->data : printable(all[0].record->data, false) + '\n');
    }
    std::vector<std::vector<std::string>> rows;
    for (auto const& got : all) {
        if (got.record) { rows.push_back(row_of(got)); }
    }
    if (!rows.empty()) { print(table({"KEY", "VERSION", "EXPIRES IN", "VALUE"}, rows)); }
}

exit_code get(get_options const& options, global_options const& globals)
{
    if (options.exact_bytes && (options.keys.size() > 1 || globals.output == output_format::json)) {
        throw refusal{exit_code::usage, "--bytes writes one record as it is: give one key, and no --output json"};
    }
    cluster_access cluster{globals};
    auto const all = cluster.client().get_many<bytes>(options.keys);
    show(all, options, globals.output);
    auto code = exit_code::done;
    for (auto const& got : all) {
        if (got.error) {
            code = worse(code, cluster.report("get " + printable(got.key), got.error));
        } else if (!got.record) {
            complain("no such key: " + printable(got.key));
            code = worse(code, exit_code::no_such_key);
        }
    }
    return code;
}

struct list_options {
    std::string pattern = "*";
    std::uint64_t keys_max = UINT64_MAX;
};

/// Walks over one node's keys until they end or `left` is used up.
exit_code list_node(cluster_access& cluster, endpoint const& node, list_options const& options, output_format format, std::uint64_t& left)
{
    constexpr std::uint64_t page_keys = 1000;
    std::string cursor = "0";
    do {
        auto const page = cluster.client().scan(node, cursor, options.pattern, static_cast<std::size_t>(std::min(page_keys, left)));
        if (page.has_error()) { return cluster.report("list, node " + node.text(), page.error()); }
        for (auto const& key : page->keys) {
            if (left == 0) { break; }
            --left;
            if (format == output_format::table) {
                print(printable(key) + '\n');
                continue;
            }
            json_line line;
            put_bytes(line, "key", key);
            print_json(line);
        }
        cursor = page->cursor;
    } while (cursor != "0" && left > 0);
    return exit_code::done;
}

exit_code list(list_options const& options, global_options const& globals)
{
    cluster_access cluster{globals};
    auto code = exit_code::done;
    auto left = options.keys_max;
    for (auto const& node : cluster.nodes()) {
        if (left > 0) { code = worse(code, list_node(cluster, node.address, options, globals.output, left)); }
    }
    return code;
}

std::string not_zero(std::string const& number)
{
    return number.find_first_not_of('0') == number.npos ? "must be 1 or more" : "";
}

}  // namespace

void add_get(CLI::App& app, command& chosen)
{
    auto const options = std::make_shared<get_options>();
    auto* const get_app = app.add_subcommand("get", "Show the records under keys");
    get_app->add_option("KEY", options->keys, "One key or several")->required();
    get_app->add_flag("--bytes", options->exact_bytes, "Write the one record exactly as it is stored, without a line end behind it");
    get_app->footer(R"(One key: its value alone, a document as JSON. Several: a table. Keys without a record are named on stderr, and the
exit code is 1. With --output json: an object per key, with its format, version and remaining time; bytes that are not
UTF-8 as value_base64.

Examples:
  mykeyv get jerry
  mykeyv get jerry phil pigpen
  mykeyv get --bytes photo > photo.jpg
  mykeyv get jerry --output json | jq .value.band)");
    get_app->callback([options, &chosen] { chosen = [options](auto const& globals) { return get(*options, globals); }; });
}

void add_list(CLI::App& app, command& chosen)
{
    auto const options = std::make_shared<list_options>();
    auto* const list_app = app.add_subcommand("list", "List keys, node by node");
    list_app->add_option("--match", options->pattern, "Only keys that fit this pattern: * ? [abc] [a-z] [^a], \\ before a literal one")
        ->type_name("GLOB");
    list_app->add_option("--count", options->keys_max, "At most so many keys")
        ->type_name("N")
        ->check(CLI::Validator{not_zero, ""});
    list_app->footer(R"(A line per key, in no particular order. A key that exists all the while is listed; one that comes or goes meanwhile
may be.

Examples:
  mykeyv list
  mykeyv list --match 'user:*' --count 10)");
    list_app->callback([options, &chosen] { chosen = [options](auto const& globals) { return list(*options, globals); }; });
}

}  // namespace mykeyv::cli
