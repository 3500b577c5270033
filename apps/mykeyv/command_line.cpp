// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/command_line.hpp"

#include "apps/mykeyv/command.hpp"
#include "apps/mykeyv/duration.hpp"
#include "apps/mykeyv/text.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/client/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <utility>

namespace mykeyv::cli {
namespace {

constexpr char const* about = "Records of a Mykeyv cluster, and the cluster itself, from the shell.";

constexpr char const* footer = R"(Examples:
  mykeyv playground                                    a cluster of three nodes on this machine, until Ctrl-C
  mykeyv set jerry '{"first":"jerry","band":"grateful dead"}'
  mykeyv get jerry
  mykeyv update -e 'local r, a = ...; r.status = a; return true' --args '"alive"' jerry phil
  mykeyv -s db1:6958,db2:6958 --output json status

Exit codes: 0 done, 1 no such key or a condition not met, 2 wrong usage, 3 the cluster could not do it.
Options may stand before or behind the command; what follows -- is never an option.
`mykeyv COMMAND --help` has the details of a command.)";

// CLI11 takes a word "[a,b]" for two values wherever several may stand, but a key or a JSON array is one. So such words
// pass it behind a mark, as do words that begin with the mark.
constexpr char mark = '\x01';

std::string marked(std::string word)
{
    bool const looks_like_list = word.size() > 1 && word.front() == '[' && word.back() == ']';
    return looks_like_list || word.starts_with(mark) ? mark + word : word;
}

std::string unmark(std::string& word)
{
    if (word.starts_with(mark)) { word.erase(0, 1); }
    return {};
}

void unmark_values_of(CLI::App& app)
{
    for (auto* const option : app.get_options()) {
        if (option->get_items_expected_max() > 0) { option->transform(CLI::Validator{unmark, ""}); }
    }
    for (auto* const subcommand : app.get_subcommands([](CLI::App*) { return true; })) { unmark_values_of(*subcommand); }
}

std::vector<std::string> split_servers(std::string const& list)
{
    auto servers = CLI::detail::split(list, ',');
    for (auto& server : servers) {
        auto const parsed = endpoint::parse(server, default_port);
        if (!parsed) {
            throw CLI::ValidationError("--server", "'" + server + "' is not host:port, such as 127.0.0.1:6958 or [::1]:6958");
        }
    }
    return servers;
}

void add_global_options(CLI::App& app, global_options& globals)
{
    app.add_option_function<std::string>(
           "-s,--server", [&globals](std::string const& list) { globals.servers = split_servers(list); },
           "Nodes to ask for the map of the cluster: host:port[,host:port...]; one that answers is enough [127.0.0.1:6958]")
        ->type_name("HOST:PORT,...");
    app.add_option_function<std::string>(
           "--output",
           [&globals](std::string const& word) { globals.output = word == "json" ? output_format::json : output_format::table; },
           "table: for people; json: one JSON object per line [table]")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"table", "json"}).description(""));
    app.add_option_function<std::string>(
           "--timeout",
           [&globals](std::string const& text) {
               auto const time = parse_duration(text);
               if (!time) { throw CLI::ValidationError("--timeout", "'" + text + "' is no time, such as 2s or 500ms"); }
               globals.timeout = *time;
           },
           "Longest time for one operation, such as 500ms, 10s, 2m; 0: no limit [5s]")
        ->type_name("TIME");
}

/// CLI11 asks for a command first, and would only then say that it does not know the word which stands for one.
std::string sentence_of(CLI::ParseError const& problem, CLI::App const& app)
{
    auto const unknown = app.remaining(true);
    if (dynamic_cast<CLI::RequiredError const*>(&problem) == nullptr || unknown.empty()) { return problem.what(); }
    auto word = unknown.front();
    unmark(word);
    auto const given = app.get_subcommands();
    auto const command = given.empty() ? "mykeyv" : "mykeyv " + given.front()->get_name();
    return fmt::format("'{}' is no {} of `{}`", printable(word), word.starts_with('-') ? "option" : "command", command);
}

exit_code run_parsed(command const& chosen, global_options const& globals)
try {
    return chosen(globals);
} catch (refusal const& why) {
    complain(why.what());
    return why.code();
} catch (std::exception const& unexpected) {
    complain(unexpected.what());
    return exit_code::cluster_error;
}

exit_code parse_and_run(std::vector<std::string> words)
{
    CLI::App app{about, "mykeyv"};
    app.footer(footer);
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", "mykeyv " MYKEYV_VERSION);
    global_options globals;
    add_global_options(app, globals);
    command chosen;
    for (auto const add : {add_playground, add_get, add_set, add_delete, add_update, add_list, add_status, add_slots, add_ping, add_node,
                           add_rehash}) {
        add(app, chosen);
    }
    unmark_values_of(app);
    for (auto* const each : app.get_subcommands([](CLI::App*) { return true; })) {
        each->footer(each->get_footer() + "\n\n-s, --output and --timeout, which every command takes: `mykeyv --help`.");
    }

    std::ranges::transform(words, words.begin(), marked);
    std::ranges::reverse(words);  // as CLI11 takes them
    try {
        app.parse(std::move(words));
    } catch (CLI::Success const& help) {
        std::ostringstream text;
        app.exit(help, text, text);
        print(text.str());
        return exit_code::done;
    } catch (CLI::ParseError const& problem) {
        auto const given = app.get_subcommands();
        complain(sentence_of(problem, app));
        fmt::print(stderr, "`mykeyv {}--help` shows how it is used.\n", given.empty() ? "" : given.front()->get_name() + ' ');
        return exit_code::usage;
    }
    return run_parsed(chosen, globals);
}

}  // namespace

exit_code run(std::vector<std::string> words)
{
    auto const code = parse_and_run(std::move(words));
    if (std::fflush(stdout) == 0 && !std::ferror(stdout)) { return code; }
    complain("the output could not be written");
    return worse(code, exit_code::cluster_error);
}

}  // namespace mykeyv::cli
