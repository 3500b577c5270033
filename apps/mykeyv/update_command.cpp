// SPDX-License-Identifier: Apache-2.0
// update: code that runs where the records are.
#include "apps/mykeyv/cluster_access.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mykeyv::cli {
namespace {

struct update_request {
    std::string code;
    std::string code_file;
    std::string args = "null";
    std::vector<std::string> keys;
};

json_line json_of(update_outcome const& outcome)
{
    json_line line;
    put_bytes(line, "key", outcome.key);
    line["status"] = name_of(outcome.status);
    if (outcome.error) {
        line["error"] = sentence_of(outcome.error, outcome.detail);
    } else {
        line["result"] = outcome.result;
    }
    return line;
}

void show(std::vector<update_outcome> const& all, output_format format)
{
    std::vector<std::vector<std::string>> rows;
    for (auto const& outcome : all) {
        if (format == output_format::json) { print_json(json_of(outcome)); }
        auto const result = outcome.error ? sentence_of(outcome.error, outcome.detail) : printable(outcome.result.dump());
        rows.push_back({printable(outcome.key), std::string{name_of(outcome.status)}, result});
    }
    if (format == output_format::table) { print(table({"KEY", "STATUS", "RESULT"}, rows)); }
}

exit_code update(update_request const& request, global_options const& globals)
{
    auto const args = parse_json(request.args, "--args");
    auto const code = request.code_file.empty() ? request.code : read_input(request.code_file);
    cluster_access cluster{globals};
    auto const all = cluster.client().update(request.keys, code, args);
    show(all, globals.output);
    auto const failed = [](update_outcome const& outcome) { return static_cast<bool>(outcome.error); };
    auto const first = std::ranges::find_if(all, failed);
    if (first == all.end()) { return exit_code::done; }
    auto const count = std::ranges::count_if(all, failed);
    auto const what = fmt::format("update: {} of {} keys failed; {}", count, all.size(), printable(first->key));
    cluster.report(what, first->error, first->detail);
    auto worst = exit_code::done;
    for (auto const& outcome : all) { worst = worse(worst, exit_code_of(outcome.error)); }
    return worst;
}

}  // namespace

void add_update(CLI::App& app, command& chosen)
{
    auto const request = std::make_shared<update_request>();
    auto* const update_app = app.add_subcommand("update", "Run Lua code on records, where they are");
    update_app->add_option("KEY", request->keys, "One key or several")->required();
    auto* const source = update_app->add_option_group("Code", "One of these");
    source->add_option("-e,--eval", request->code, "The code itself")->type_name("CODE");
    source->add_option("--code", request->code_file, "A file that holds it; - for stdin")->type_name("FILE");
    source->require_option(1);
    update_app->add_option("--args", request->args, "What the code gets as its second value, any JSON [null]")->type_name("JSON");
    update_app->footer(R"(The code gets the record, the arguments and the key, and says what is to become of the record:
  local record, args, key = ...
  return true, RESULT              store the record as the code changed it
  return kv.put(x), RESULT         store x, also where there was no record
  return kv.erase, RESULT          delete it
  return nil, RESULT               leave it as it was
RESULT is any JSON value and may be left out; it is shown per key. If the code fails on a record, that record stays as
it was, the others do not care, and the exit code is 2.

Examples:
  mykeyv update -e 'local r = ...; r.plays = (r.plays or 0) + 1; return true, r.plays' jerry
  mykeyv update --code mark.lua --args '{"jerry":"dead","phil":"living"}' jerry phil)");
    update_app->callback([request, &chosen] { chosen = [request](auto const& globals) { return update(*request, globals); }; });
}

}  // namespace mykeyv::cli
