// SPDX-License-Identifier: Apache-2.0
// set and delete.
#include "apps/mykeyv/cluster_access.hpp"
#include "apps/mykeyv/duration.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace mykeyv::cli {
namespace {

struct set_request {
    std::string key;
    std::string value;
    bool as_bytes = false;
    std::string ttl;
    set_options options;
};

encoded record_of(set_request const& request)
{
    auto text = request.value == "-" ? read_input("-") : request.value;
    if (request.as_bytes) { return bytes{std::move(text)}; }
    try {
        return parse_json(text, "the value");
    } catch (refusal const& why) {
        throw refusal{why.code(), std::string{why.what()} + "\nText is JSON in quotes: '\"like this\"'. --bytes stores anything as it is."};
    }
}

std::string why_not_stored(set_options const& options)
{
    if (options.only_if_absent) { return "there is a record already"; }
    if (options.only_if_present) { return "there is no record"; }
    return fmt::format("the record has not version {}", options.if_version.value_or(0));
}

exit_code set(set_request request, global_options const& globals)
{
    if (!request.ttl.empty()) {
        request.options.ttl = parse_duration(request.ttl);
        if (!request.options.ttl) { throw refusal{exit_code::usage, "--ttl is a time such as 90s, 5m or 7d, not '" + request.ttl + "'"}; }
    }
    auto const record = record_of(request);
    cluster_access cluster{globals};
    auto const version = cluster.client().set(request.key, record, request.options);
    auto const name = printable(request.key);
    if (version.has_error() && !is(version.error(), errc::version_mismatch)) { return cluster.report("set " + name, version.error()); }
    bool const stored = version.has_value() && *version != 0;
    if (globals.output == output_format::json) {
        json_line line;
        put_bytes(line, "key", request.key);
        line["stored"] = stored;
        if (stored) { line["version"] = *version; }
        print_json(line);
    } else if (stored) {
        print(fmt::format("stored {}, version {}\n", name, *version));
    }
    if (stored) { return exit_code::done; }
    complain(fmt::format("not stored: {}: {}", name, why_not_stored(request.options)));
    return exit_code::no_such_key;
}

exit_code erase_one(cluster_access& cluster, std::string const& key, output_format format)
{
    auto const was_there = cluster.client().erase(key);
    auto const name = printable(key);
    if (was_there.has_error()) { return cluster.report("delete " + name, was_there.error()); }
    if (format == output_format::json) {
        json_line line;
        put_bytes(line, "key", key);
        line["deleted"] = *was_there;
        print_json(line);
    } else if (*was_there) {
        print(fmt::format("deleted {}\n", name));
    }
    if (*was_there) { return exit_code::done; }
    complain("no such key: " + name);
    return exit_code::no_such_key;
}

exit_code erase_each(std::vector<std::string> const& keys, global_options const& globals)
{
    cluster_access cluster{globals};
    auto code = exit_code::done;
    for (auto const& key : keys) { code = worse(code, erase_one(cluster, key, globals.output)); }
    return code;
}

}  // namespace

void add_set(CLI::App& app, command& chosen)
{
    auto const request = std::make_shared<set_request>();
    auto* const set_app = app.add_subcommand("set", "Store a record under a key");
    set_app->add_option("KEY", request->key, "Any text, up to 1024 bytes")->required();
    set_app->add_option("VALUE", request->value, "JSON, or with --bytes anything; - reads it from stdin")->required();
    set_app->add_flag("--bytes", request->as_bytes, "Store the value as it is, not as a JSON document");
    set_app->add_option("--ttl", request->ttl, "Forget the record after this time, such as 90s, 5m, 7d [it stays]")->type_name("TIME");
    auto* const conditions = set_app->add_option_group("Conditions", "If it is not met, nothing is changed and the exit code is 1");
    conditions->add_flag("--if-absent", request->options.only_if_absent, "Only if there is no record under this key");
    conditions->add_flag("--if-present", request->options.only_if_present, "Only if there is one");
    conditions->add_option("--if-version", request->options.if_version, "Only if it has this version, as get --output json shows it")
        ->type_name("N");
    conditions->require_option(0, 1);
    set_app->footer(R"(When the command returns, the record is committed in MySQL and on disk.

Examples:
  mykeyv set jerry '{"first":"jerry","band":"grateful dead"}'
  mykeyv set motd '"what a long strange trip"' --ttl 1h
  mykeyv set photo --bytes - < photo.jpg
  mykeyv set lock '"mine"' --if-absent --ttl 30s)");
    set_app->callback([request, &chosen] { chosen = [request](auto const& globals) { return set(*request, globals); }; });
}

void add_delete(CLI::App& app, command& chosen)
{
    auto const keys = std::make_shared<std::vector<std::string>>();
    auto* const delete_app = app.add_subcommand("delete", "Delete the records under keys");
    delete_app->add_option("KEY", *keys, "One key or several")->required();
    delete_app->footer(R"(Each key apart from the other; the exit code is 1 if one of them had no record.

Example:
  mykeyv delete pigpen)");
    delete_app->callback([keys, &chosen] { chosen = [keys](auto const& globals) { return erase_each(*keys, globals); }; });
}

}  // namespace mykeyv::cli
