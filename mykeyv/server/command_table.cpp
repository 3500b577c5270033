// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/command_table.hpp"

#include "mykeyv/server/handlers.hpp"

#include <algorithm>
#include <array>

namespace mykeyv::server {
namespace {

// Ascending by name. Columns: name, arity, flags, first key, last key, step, handler, group, summary.
// clang-format off
constexpr command rows[] = {
    {"acl", -2, flag_container, 0, 0, 0, nullptr, "server", "Users: there is one."},
    {"acl|whoami", 2, flag_fast, 0, 0, 0, handlers::acl_whoami, "server", "The user of this connection: always default."},
    {"append", 3, flag_write | flag_fast, 1, 1, 1, handlers::append, "string", "Adds bytes to the end of a value."},
    {"asking", 1, flag_fast, 0, 0, 0, handlers::say_ok, "cluster", "Accepted for compatibility: no node ever redirects with ASK."},
    {"auth", -2, flag_fast, 0, 0, 0, handlers::auth, "connection", "Authenticates the connection."},
    {"client", -2, flag_container, 0, 0, 0, nullptr, "connection", "About connections."},
    {"client|getname", 2, flag_fast, 0, 0, 0, handlers::client_getname, "connection", "The name that CLIENT SETNAME gave this connection."},
    {"client|help", 2, flag_fast, 0, 0, 0, handlers::client_help, "connection", "The subcommands."},
    {"client|id", 2, flag_fast, 0, 0, 0, handlers::client_id, "connection", "The number of this connection."},
    {"client|info", 2, flag_fast, 0, 0, 0, handlers::client_info, "connection", "The line of CLIENT LIST about this connection."},
    {"client|kill", -3, flag_admin, 0, 0, 0, handlers::client_kill, "connection", "Closes connections by ID or ADDR."},
    {"client|list", -2, flag_admin, 0, 0, 0, handlers::client_list, "connection", "A line per open connection."},
    {"client|no-evict", 3, flag_admin, 0, 0, 0, handlers::client_on_or_off, "connection", "Accepted for compatibility: nobody is evicted."},
    {"client|no-touch", 3, flag_fast, 0, 0, 0, handlers::client_on_or_off, "connection", "Accepted for compatibility."},
    {"client|reply", 3, flag_fast, 0, 0, 0, handlers::client_reply, "connection", "ON only: every command is answered."},
    {"client|setinfo", 4, flag_fast, 0, 0, 0, handlers::client_setinfo, "connection", "Tells the client library's name or version."},
    {"client|setname", 3, flag_fast, 0, 0, 0, handlers::client_setname, "connection", "Names this connection."},
    {"cluster", -2, flag_container, 0, 0, 0, nullptr, "cluster", "About the cluster."},
    {"cluster|countkeysinslot", 3, flag_readonly, 0, 0, 0, handlers::cluster_countkeysinslot, "cluster",
     "How many records a slot of this node has."},
    {"cluster|getkeysinslot", 4, flag_readonly, 0, 0, 0, handlers::cluster_getkeysinslot, "cluster", "Some keys of a slot of this node."},
    {"cluster|help", 2, flag_fast, 0, 0, 0, handlers::cluster_help, "cluster", "The subcommands."},
    {"cluster|info", 2, flag_fast, 0, 0, 0, handlers::cluster_info, "cluster", "Figures of the cluster as this node knows it."},
    {"cluster|keyslot", 3, flag_fast, 0, 0, 0, handlers::cluster_keyslot, "cluster", "The slot of a key."},
    {"cluster|myid", 2, flag_fast, 0, 0, 0, handlers::cluster_myid, "cluster", "The id of this node."},
    {"cluster|nodes", 2, flag_fast, 0, 0, 0, handlers::cluster_nodes, "cluster", "A line per node: id, address, slots."},
    {"cluster|shards", 2, flag_fast, 0, 0, 0, handlers::cluster_shards, "cluster", "Slots and nodes, as maps."},
    {"cluster|slots", 2, flag_fast, 0, 0, 0, handlers::cluster_slots, "cluster", "Ranges of slots and who serves them."},
    {"command", -1, flag_container | flag_fast, 0, 0, 0, handlers::command_list, "server",
     "Every command with its arity, flags and key positions."},
    {"command|count", 2, flag_fast, 0, 0, 0, handlers::command_count, "server", "How many commands there are."},
    {"command|docs", -2, flag_fast, 0, 0, 0, handlers::command_docs, "server", "A summary of each command."},
    {"command|getkeys", -3, flag_fast, 0, 0, 0, handlers::command_getkeys, "server", "The keys of a whole command."},
    {"command|help", 2, flag_fast, 0, 0, 0, handlers::command_help, "server", "The subcommands."},
    {"command|info", -2, flag_fast, 0, 0, 0, handlers::command_info, "server", "Arity, flags and key positions of the named commands."},
    {"command|list", 2, flag_fast, 0, 0, 0, handlers::command_names, "server", "The names of all commands."},
    {"config", -2, flag_container, 0, 0, 0, nullptr, "server", "About settings."},
    {"config|get", -3, flag_admin, 0, 0, 0, handlers::config_get, "server", "Settings whose names match a pattern."},
    {"config|help", 2, flag_fast, 0, 0, 0, handlers::config_help, "server", "The subcommands."},
    {"config|resetstat", 2, flag_admin, 0, 0, 0, handlers::say_ok, "server", "Accepted for compatibility: figures count from the start."},
    {"config|rewrite", 2, flag_admin, 0, 0, 0, handlers::config_rewrite, "server",
     "Refused: settings come from flags and a file that this node does not write."},
    {"config|set", -4, flag_admin, 0, 0, 0, handlers::config_set, "server", "Refused: no setting can be changed while the node runs."},
    {"dbsize", 1, flag_readonly, 0, 0, 0, handlers::dbsize, "server", "How many records this node has."},
    {"decr", 2, flag_write | flag_fast, 1, 1, 1, handlers::decr, "string", "Subtracts one."},
    {"decrby", 3, flag_write | flag_fast, 1, 1, 1, handlers::decrby, "string", "Subtracts a whole number."},
    {"del", -2, flag_write, 1, -1, 1, handlers::del, "generic", "Erases records; how many there were."},
    {"echo", 2, flag_fast, 0, 0, 0, handlers::echo, "connection", "Its argument."},
    {"exists", -2, flag_readonly | flag_fast, 1, -1, 1, handlers::exists, "generic", "How many of the keys have a record."},
    {"expire", -3, flag_write | flag_fast, 1, 1, 1, handlers::expire, "generic", "Lets a record end after seconds."},
    {"expireat", -3, flag_write | flag_fast, 1, 1, 1, handlers::expireat, "generic", "Lets a record end at a second since 1970."},
    {"expiretime", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::expiretime, "generic", "The second since 1970 at which a record ends."},
    {"flushall", -1, flag_write, 0, 0, 0, handlers::flushall, "server", "Erases every record of this node."},
    {"flushdb", -1, flag_write, 0, 0, 0, handlers::flushall, "server", "As FLUSHALL."},
    {"get", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::get, "string", "The bytes under a key."},
    {"getdel", 2, flag_write | flag_fast, 1, 1, 1, handlers::getdel, "string", "The bytes under a key, which are erased."},
    {"getex", -2, flag_write | flag_fast, 1, 1, 1, handlers::getex, "string", "The bytes under a key, whose end is set."},
    {"getrange", 4, flag_readonly, 1, 1, 1, handlers::getrange, "string", "A part of the bytes under a key."},
    {"getset", 3, flag_write | flag_fast, 1, 1, 1, handlers::getset, "string", "Stores bytes; those that were there."},
    {"hello", -1, flag_fast, 0, 0, 0, handlers::hello, "connection", "Chooses the protocol; what the server is."},
    {"host:", -1, flag_hidden, 0, 0, 0, handlers::cross_protocol, "connection", ""},
    {"incr", 2, flag_write | flag_fast, 1, 1, 1, handlers::incr, "string", "Adds one."},
    {"incrby", 3, flag_write | flag_fast, 1, 1, 1, handlers::incrby, "string", "Adds a whole number."},
    {"incrbyfloat", 3, flag_write | flag_fast, 1, 1, 1, handlers::incrbyfloat, "string", "Adds a decimal number."},
    {"info", -1, flag_fast, 0, 0, 0, handlers::info, "server", "Figures and facts, by section."},
    {"json.del", -2, flag_write, 1, 1, 1, handlers::json_del, "module", "Erases a document."},
    {"json.get", -2, flag_readonly, 1, 1, 1, handlers::json_get, "module", "A document, as JSON text."},
    {"json.set", -4, flag_write, 1, 1, 1, handlers::json_set, "module", "Stores a document, at the root path."},
    {"json.type", -2, flag_readonly, 1, 1, 1, handlers::json_type, "module", "The kind of a document."},
    {"keys", 2, flag_readonly, 0, 0, 0, handlers::keys, "generic", "The keys of this node that match a pattern."},
    {"kv.cluster", -2, flag_container, 0, 0, 0, nullptr, "cluster", "What the cluster is to look like."},
    {"kv.cluster|add", -3, flag_admin, 0, 0, 0, handlers::cluster_add, "cluster", "Makes an empty node a member."},
    {"kv.cluster|pause", 2, flag_admin, 0, 0, 0, handlers::cluster_pause, "cluster", "No slot begins to move any more."},
    {"kv.cluster|plan", 2, flag_admin, 0, 0, 0, handlers::cluster_plan, "cluster", "Which slots REHASH would move."},
    {"kv.cluster|rate", 3, flag_admin, 0, 0, 0, handlers::cluster_rate, "cluster", "Bytes of rows a second that each node sends at most."},
    {"kv.cluster|rehash", 2, flag_admin, 0, 0, 0, handlers::cluster_rehash, "cluster", "Divides the slots among the nodes anew."},
    {"kv.cluster|remove", 3, flag_admin, 0, 0, 0, handlers::cluster_remove, "cluster",
     "Moves all slots of a node to the others; then it leaves."},
    {"kv.cluster|resume", 2, flag_admin, 0, 0, 0, handlers::cluster_pause, "cluster", "Slots move again."},
    {"kv.cluster|status", 2, flag_admin, 0, 0, 0, handlers::cluster_status, "cluster", "The nodes, and how far a rehash is."},
    {"kv.cluster|weigh", -4, flag_admin, 0, 0, 0, handlers::cluster_weigh, "cluster", "Records and bytes in slots of this node."},
    {"kv.eval", -5, flag_write | flag_movablekeys, 0, 0, 0, handlers::kv_eval, "module", "Runs code where the records live, for each key."},
    {"kv.get", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::kv_get, "module", "A record with its format, version and time left."},
    {"kv.load", 2, flag_fast, 0, 0, 0, handlers::kv_load, "module", "Keeps code; its SHA-1."},
    {"kv.node", -2, flag_container, 0, 0, 0, nullptr, "cluster", "What nodes say to each other."},
    {"kv.node|cancel", 5, flag_admin, 0, 0, 0, handlers::node_slot, "cluster", "A slot does not come after all."},
    {"kv.node|code", 3, flag_admin, 0, 0, 0, handlers::node_code, "cluster", "Code by its SHA-1."},
    {"kv.node|cutover", 11, flag_admin, 0, 0, 0, handlers::node_slot, "cluster", "The last rows of a slot, and the slot."},
    {"kv.node|gossip", 3, flag_admin, 0, 0, 0, handlers::node_gossip, "cluster", "What a node knows."},
    {"kv.node|hello", 7, flag_admin, 0, 0, 0, handlers::node_hello, "cluster", "Shows the secret of the cluster."},
    {"kv.node|invite", 4, flag_admin, 0, 0, 0, handlers::node_invite, "cluster", "Asks this node to become a member."},
    {"kv.node|join", 5, flag_admin, 0, 0, 0, handlers::node_join, "cluster", "Asks to become a member."},
    {"kv.node|keep", 3, flag_admin, 0, 0, 0, handlers::node_keep, "cluster", "Keeps code of a node that leaves."},
    {"kv.node|leave", 4, flag_admin, 0, 0, 0, handlers::node_leave, "cluster", "Whether the node that asks may leave the cluster."},
    {"kv.node|prepare", 5, flag_admin, 0, 0, 0, handlers::node_slot, "cluster", "A slot is going to come."},
    {"kv.node|query", 5, flag_admin, 0, 0, 0, handlers::node_slot, "cluster", "Whether a slot was taken."},
    {"kv.node|rows", 8, flag_admin, 0, 0, 0, handlers::node_slot, "cluster", "Rows of a slot that comes."},
    {"kv.node|topology", -2, flag_admin, 0, 0, 0, handlers::node_topology, "cluster", "The topology, told or asked for."},
    {"kv.set", -3, flag_write, 1, 1, 1, handlers::kv_set, "module", "Stores a record; its version."},
    {"kv.update", -5, flag_write | flag_movablekeys, 0, 0, 0, handlers::kv_update, "module",
     "Runs kept code where the records live, for each key."},
    {"latency", -2, flag_container, 0, 0, 0, nullptr, "server", "Accepted for compatibility."},
    {"latency|latest", 2, flag_admin, 0, 0, 0, handlers::empty_list, "server", "Accepted for compatibility: nothing is recorded."},
    {"mget", -2, flag_readonly | flag_fast, 1, -1, 1, handlers::mget, "string", "The bytes under several keys of one slot."},
    {"module", -2, flag_container, 0, 0, 0, nullptr, "server", "About modules."},
    {"module|list", 2, flag_admin, 0, 0, 0, handlers::module_list, "server", "What a client may take for modules: ReJSON."},
    {"mset", -3, flag_write, 1, -1, 2, handlers::mset, "string", "Stores bytes under several keys of one slot, all or none."},
    {"msetnx", -3, flag_write, 1, -1, 2, handlers::msetnx, "string", "As MSET, if none of the keys has a record."},
    {"persist", 2, flag_write | flag_fast, 1, 1, 1, handlers::persist, "generic", "Lets a record stay."},
    {"pexpire", -3, flag_write | flag_fast, 1, 1, 1, handlers::pexpire, "generic", "Lets a record end after milliseconds."},
    {"pexpireat", -3, flag_write | flag_fast, 1, 1, 1, handlers::pexpireat, "generic", "Lets a record end at a millisecond since 1970."},
    {"pexpiretime", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::pexpiretime, "generic",
     "The millisecond since 1970 at which a record ends."},
    {"ping", -1, flag_fast, 0, 0, 0, handlers::ping, "connection", "PONG, or its argument."},
    {"post", -1, flag_hidden, 0, 0, 0, handlers::cross_protocol, "connection", ""},
    {"psetex", 4, flag_write, 1, 1, 1, handlers::psetex, "string", "Stores bytes that end after milliseconds."},
    {"pttl", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::pttl, "generic", "Milliseconds that a record has left."},
    {"quit", -1, flag_fast, 0, 0, 0, handlers::quit, "connection", "Closes the connection."},
    {"randomkey", 1, flag_readonly, 0, 0, 0, handlers::randomkey, "generic", "Some key of this node."},
    {"readonly", 1, flag_fast, 0, 0, 0, handlers::say_ok, "cluster", "Accepted for compatibility: this node is no replica."},
    {"readwrite", 1, flag_fast, 0, 0, 0, handlers::say_ok, "cluster", "Accepted for compatibility: this node is no replica."},
    {"reset", 1, flag_fast, 0, 0, 0, handlers::reset, "connection", "Makes the connection as new."},
    {"scan", -2, flag_readonly, 0, 0, 0, handlers::scan, "generic", "Walks over the keys of this node."},
    {"select", 2, flag_fast, 0, 0, 0, handlers::select, "connection", "Database 0 is the only one."},
    {"set", -3, flag_write, 1, 1, 1, handlers::set, "string", "Stores bytes under a key."},
    {"setex", 4, flag_write, 1, 1, 1, handlers::setex, "string", "Stores bytes that end after seconds."},
    {"setnx", 3, flag_write | flag_fast, 1, 1, 1, handlers::setnx, "string", "Stores bytes if the key has no record."},
    {"setrange", 4, flag_write, 1, 1, 1, handlers::setrange, "string", "Overwrites a part of the bytes under a key."},
    {"slowlog", -2, flag_container, 0, 0, 0, nullptr, "server", "Accepted for compatibility."},
    {"slowlog|get", -2, flag_admin, 0, 0, 0, handlers::empty_list, "server", "Accepted for compatibility: nothing is recorded."},
    {"slowlog|len", 2, flag_admin, 0, 0, 0, handlers::zero, "server", "Accepted for compatibility: nothing is recorded."},
    {"slowlog|reset", 2, flag_admin, 0, 0, 0, handlers::say_ok, "server", "Accepted for compatibility: nothing is recorded."},
    {"strlen", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::strlen, "string", "How many bytes are under a key."},
    {"substr", 4, flag_readonly, 1, 1, 1, handlers::getrange, "string", "As GETRANGE."},
    {"time", 1, flag_fast, 0, 0, 0, handlers::time, "server", "Seconds and microseconds since 1970."},
    {"touch", -2, flag_readonly | flag_fast, 1, -1, 1, handlers::exists, "generic", "As EXISTS."},
    {"ttl", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::ttl, "generic", "Seconds that a record has left."},
    {"type", 2, flag_readonly | flag_fast, 1, 1, 1, handlers::type, "generic", "string, ReJSON-RL (a document) or none."},
    {"unlink", -2, flag_write | flag_fast, 1, -1, 1, handlers::del, "generic", "As DEL."},
    {"wait", 3, flag_fast, 0, 0, 0, handlers::zero, "generic", "0: replicas are MySQL's affair."},
};
// clang-format on

static_assert(std::ranges::is_sorted(rows, {}, &command::name));

constexpr std::size_t name_bytes_max = 32;
static_assert(std::ranges::all_of(rows, [](auto const& row) { return row.name.size() <= name_bytes_max; }));

constexpr std::size_t hash_of(std::string_view name) noexcept
{
    std::uint32_t hash = 2166136261u;  // FNV-1a
    for (char const c : name) { hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u; }
    return hash ^ (hash >> 15);
}

/// Open addressing over the rows, made by the compiler: place -> position in `rows` + 1; 0: empty.
constexpr auto index_of_rows = [] {
    std::array<std::uint8_t, 512> index{};
    static_assert(std::size(rows) < 256);
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        auto place = hash_of(rows[i].name) % index.size();
        while (index[place] != 0) { place = (place + 1) % index.size(); }
        index[place] = static_cast<std::uint8_t>(i + 1);
    }
    return index;
}();

command const* find_lower(std::string_view name) noexcept
{
    for (auto place = hash_of(name) % index_of_rows.size(); index_of_rows[place] != 0; place = (place + 1) % index_of_rows.size()) {
        auto const& row = rows[index_of_rows[place] - 1];
        if (row.name == name) { return &row; }
    }
    return nullptr;
}

/// A name in lower case, on the stack; too long a one is cut, and then is no command's.
class lowered {
public:
    void add(std::string_view text) noexcept
    {
        for (char const c : text.substr(0, bytes_.size() - size_)) {
            bytes_[size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, name_bytes_max + 1> bytes_;
    std::size_t size_ = 0;
};

std::optional<std::vector<std::string_view>> counted_keys(arguments words)
{
    // NAME sha-or-code args numkeys key [key...]
    constexpr std::size_t count_at = 3;
    auto const count = words.size() > count_at ? handlers::parse_key_count(words[count_at], words.size() - count_at - 1) : std::nullopt;
    if (!count) { return std::nullopt; }
    return std::vector<std::string_view>{words.begin() + count_at + 1, words.end()};
}

}  // namespace

std::span<command const> all_commands() noexcept { return rows; }

command const* find_command(std::string_view name) noexcept
{
    lowered whole;
    whole.add(name);
    return whole.view().find('|') == std::string_view::npos ? find_lower(whole.view()) : nullptr;
}

command const* find_command(std::string_view name, std::string_view second) noexcept
{
    lowered whole;
    whole.add(name);
    whole.add("|");
    whole.add(second);
    return find_lower(whole.view());
}

bool has_arity(command const& row, std::size_t words) noexcept
{
    auto const count = static_cast<long>(words);
    return row.arity >= 0 ? count == row.arity : count >= -row.arity;
}

std::optional<std::vector<std::string_view>> keys_of(command const& row, arguments words)
{
    if (!has_arity(row, words.size())) { return std::nullopt; }
    if (row.has(flag_movablekeys)) { return counted_keys(words); }
    std::vector<std::string_view> keys;
    if (row.first_key == 0) { return keys; }
    auto const last = row.last_key >= 0 ? row.last_key : static_cast<int>(words.size()) + row.last_key;
    for (int at = row.first_key; at <= last; at += row.key_step) { keys.push_back(words[static_cast<std::size_t>(at)]); }
    return keys;
}

std::string unknown_command_text(arguments words)
{
    constexpr std::size_t shown_max = 128;
    std::string text = "ERR unknown command '";
    text.append(words[0].substr(0, shown_max)).append("', with args beginning with: ");
    std::size_t shown = 0;
    for (auto const& word : words.subspan(1)) {
        if (shown >= shown_max) { break; }
        auto const part = word.substr(0, shown_max - shown);
        text.append("'").append(part).append("' ");
        shown += part.size() + 3;
    }
    return text;
}

std::string unknown_subcommand_text(arguments words)
{
    constexpr std::size_t shown_max = 128;
    std::string container{words[0]};
    auto const upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    std::ranges::transform(container, container.begin(), upper);
    std::string text = "ERR unknown subcommand '";
    return text.append(words[1].substr(0, shown_max)).append("'. Try ").append(container).append(" HELP.");
}

}  // namespace mykeyv::server
