// SPDX-License-Identifier: Apache-2.0
// playground: a cluster on this machine, to try things on.
#include "apps/mykeyv/command.hpp"
#include "apps/mykeyv/playground/playground.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace mykeyv::cli {

void add_playground(CLI::App& app, command& chosen)
{
    auto const options = std::make_shared<playground_options>();
    auto* const playground_app = app.add_subcommand("playground", "Run a cluster on this machine, until Ctrl-C");
    playground_app->add_option("--nodes", options->nodes, "How many nodes [3, or as many as the directory has]")
        ->type_name("N")
        ->check(CLI::Range(1u, playground_nodes_max).description(""));
    playground_app->add_option("--port", options->port, "Port of the first node, counted up for the others; 0: any free ones [6958]")
        ->type_name("PORT");
    playground_app->add_option("--dir", options->directory, "Where the data stays; started again on it, the cluster has its records")
        ->type_name("DIR");
    playground_app->add_option("--mykeyvd", options->mykeyvd, "The daemon to start [the mykeyvd beside this program]")->type_name("PATH");
    playground_app->footer(R"(Each node is a mykeyvd with a private MariaDB; nothing but MariaDB's programs must be installed. It listens on
127.0.0.1 only. Prints `ready` and how to connect once all nodes serve. Ctrl-C or SIGTERM stops all of it cleanly.
Without --dir everything is kept in a temporary directory and removed at the end.

Examples:
  mykeyv playground
  mykeyv playground --nodes 5 --port 7000 --dir ~/my-cluster)");
    playground_app->callback([options, &chosen] { chosen = [options](auto const&) { return run_playground(*options); }; });
}

}  // namespace mykeyv::cli
