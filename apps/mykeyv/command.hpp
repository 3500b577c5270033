// SPDX-License-Identifier: Apache-2.0
// What the commands share: the global options, and how a command enters the command line.
#pragma once

#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/text.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace mykeyv::cli {

enum class output_format { table, json };

struct global_options {
    std::vector<std::string> servers{"127.0.0.1:6958"};  ///< "host:port", each verified
    output_format output = output_format::table;
    std::chrono::milliseconds timeout{5000};  ///< of one operation; 0: no limit
};

/// What the command line asked for.
using command = std::function<exit_code(global_options const&)>;

// Each adds its subcommand to the command line. If that is the one that is given, `chosen` is set.
void add_get(CLI::App&, command& chosen);
void add_set(CLI::App&, command& chosen);
void add_delete(CLI::App&, command& chosen);
void add_list(CLI::App&, command& chosen);
void add_update(CLI::App&, command& chosen);
void add_status(CLI::App&, command& chosen);
void add_slots(CLI::App&, command& chosen);
void add_ping(CLI::App&, command& chosen);
void add_node(CLI::App&, command& chosen);
void add_rehash(CLI::App&, command& chosen);
void add_playground(CLI::App&, command& chosen);

// What commands write. stdout is for results, stderr for everything else.

/// Text as it stands.
void print(std::string_view);
/// One object of `--output json`.
void print_json(json_line const&);
/// "mykeyv: SENTENCE" on stderr.
void complain(std::string_view sentence);

/// All of a file, or of stdin for "-". Throws `refusal`.
std::string read_input(std::string const& path);

}  // namespace mykeyv::cli
