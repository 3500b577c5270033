// SPDX-License-Identifier: Apache-2.0
// COMMAND and the HELP of every container: all of it derived from the table.
#include "mykeyv/server/command_table.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/session.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

constexpr std::array<std::pair<command_flag, std::string_view>, 5> words_of_flags{{
    {flag_write, "write"},
    {flag_readonly, "readonly"},
    {flag_admin, "admin"},
    {flag_fast, "fast"},
    {flag_movablekeys, "movablekeys"},
}};

bool is_shown(command const& row) noexcept { return !row.has(flag_hidden) && row.name.find('|') == row.name.npos; }

std::vector<command const*> subcommands_of(command const& row)
{
    std::vector<command const*> found;
    for (auto const& each : all_commands()) {
        auto const is_part = each.name.starts_with(row.name) && each.name.substr(row.name.size()).starts_with('|');
        if (is_part) { found.push_back(&each); }
    }
    return found;
}

std::vector<command const*> shown_commands()
{
    std::vector<command const*> shown;
    for (auto const& row : all_commands()) {
        if (is_shown(row)) { shown.push_back(&row); }
    }
    return shown;
}

/// An entry of COMMAND: exactly ten elements, which go-redis and redis-py count.
void write_entry(command const& row, resp::writer to)
{
    to.array(10);
    to.bulk(row.name);
    to.integer(row.arity);
    auto const flags = std::ranges::count_if(words_of_flags, [&](auto const& flag) { return row.has(flag.first); });
    to.set(static_cast<std::size_t>(flags));
    for (auto const& [flag, word] : words_of_flags) {
        if (row.has(flag)) { to.simple(word); }
    }
    to.integer(row.first_key);
    to.integer(row.last_key);
    to.integer(row.key_step);
    to.set(0);    // ACL categories
    to.array(0);  // tips
    to.array(0);  // key specifications
    auto const subcommands = subcommands_of(row);
    to.array(subcommands.size());
    for (auto const* sub : subcommands) { write_entry(*sub, to); }
}

void write_docs(command const& row, resp::writer to)
{
    auto const subcommands = subcommands_of(row);
    to.bulk(row.name);
    to.map(subcommands.empty() ? 3 : 4);
    to.bulk("summary");
    to.bulk(row.summary);
    to.bulk("since");
    to.bulk("1.0.0");
    to.bulk("group");
    to.bulk(row.group);
    if (subcommands.empty()) { return; }
    to.bulk("subcommands");
    to.map(subcommands.size());
    for (auto const* sub : subcommands) { write_docs(*sub, to); }
}

command const* find_shown(std::string_view name)
{
    auto const bar = name.find('|');
    auto const* const row = bar == name.npos ? find_command(name) : find_command(name.substr(0, bar), name.substr(bar + 1));
    return row != nullptr && !row->has(flag_hidden) ? row : nullptr;
}

/// The lines of a container's HELP.
verdict help(session& s, std::string_view container)
{
    auto const rows = subcommands_of(*find_command(container));
    auto to = s.reply();
    to.array(rows.size());
    for (auto const* row : rows) {
        to.simple(std::string{row->name.substr(container.size() + 1)}.append(": ").append(row->summary));
    }
    return verdict::done;
}

}  // namespace

verdict command_list(session& s, arguments)
{
    auto const shown = shown_commands();
    auto to = s.reply();
    to.array(shown.size());
    for (auto const* row : shown) { write_entry(*row, to); }
    return verdict::done;
}

verdict command_count(session& s, arguments)
{
    s.reply().integer(static_cast<std::int64_t>(shown_commands().size()));
    return verdict::done;
}

verdict command_names(session& s, arguments)
{
    auto const shown = shown_commands();
    auto to = s.reply();
    to.array(shown.size());
    for (auto const* row : shown) { to.bulk(row->name); }
    return verdict::done;
}

verdict command_info(session& s, arguments a)
{
    if (a.size() == 2) { return command_list(s, a); }
    auto to = s.reply();
    to.array(a.size() - 2);
    for (auto const& name : a.subspan(2)) {
        auto const* const row = find_shown(name);
        row != nullptr ? write_entry(*row, to) : to.null_array();
    }
    return verdict::done;
}

verdict command_docs(session& s, arguments a)
{
    std::vector<command const*> rows;
    for (auto const& name : a.subspan(2)) {
        if (auto const* row = find_shown(name)) { rows.push_back(row); }
    }
    if (a.size() == 2) { rows = shown_commands(); }
    auto to = s.reply();
    to.map(rows.size());
    for (auto const* row : rows) { write_docs(*row, to); }
    return verdict::done;
}

verdict command_getkeys(session& s, arguments a)
{
    auto const words = a.subspan(2);
    auto const* const row = find_command(words[0]);
    if (row == nullptr || row->has(flag_hidden)) { return s.fail("ERR Invalid command specified"); }
    auto const keys = keys_of(*row, words);
    if (!keys) { return s.fail("ERR Invalid number of arguments specified for command"); }
    if (keys->empty()) { return s.fail("ERR The command has no key arguments"); }
    auto to = s.reply();
    to.array(keys->size());
    for (auto const& key : *keys) { to.bulk(key); }
    return verdict::done;
}

verdict client_help(session& s, arguments) { return help(s, "client"); }
verdict cluster_help(session& s, arguments) { return help(s, "cluster"); }
verdict command_help(session& s, arguments) { return help(s, "command"); }
verdict config_help(session& s, arguments) { return help(s, "config"); }

}  // namespace mykeyv::server::handlers
