// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/base/number.hpp"
#include "mykeyv/server/version.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace mykeyv::app {
namespace {

constexpr std::size_t memory_bytes_max = std::size_t{1} << 40;
constexpr std::size_t buffer_pool_bytes_min = std::size_t{5} << 20;  // MariaDB takes no less
// Twice a value and a margin must fit the largest max_allowed_packet there is, 1 GiB.
constexpr std::size_t value_bytes_max_max = std::size_t{256} << 20;
constexpr std::uint64_t script_instructions_max = 1'000'000'000'000;
constexpr std::size_t script_memory_bytes_min = std::size_t{1} << 20;  // an interpreter with its libraries
constexpr std::uint64_t script_time_ms_max = 60'000;
constexpr std::uint64_t parked_time_ms_max = 60'000;

/// Every setting as text; empty: not given. Flags and file fill the same.
struct raw_settings {
    std::string port, bind, announce, data_dir, mysql_socket, mysql_host, mysql_port, mysql_user, mysql_password_file, mysql_database;
    std::string buffer_pool_bytes, cache_bytes, io_threads, lanes, readers, log_level, value_bytes_max, topology, node_id, join, weight,
        cluster_secret_file, config;
    std::string script_instructions, script_memory_bytes, script_time_ms, parked_time_ms;
    bool allow_unsafe_mysql = false;
};

struct row {
    char const* name;
    std::string raw_settings::* value;
    char const* help;
};

constexpr row rows[] = {
    {"port", &raw_settings::port, "port for clients; 0: any free one [6958]"},
    {"bind", &raw_settings::bind, "address to listen on; *: every address [127.0.0.1]"},
    {"announce", &raw_settings::announce, "HOST[:PORT] that clients and other nodes are told [the address listened on]"},
    {"data-dir", &raw_settings::data_dir, "directory for the lock and a private MariaDB [./mykeyv-data]"},
    {"mysql-socket", &raw_settings::mysql_socket, "unix socket of an existing MySQL or MariaDB"},
    {"mysql-host", &raw_settings::mysql_host, "host of an existing MySQL or MariaDB"},
    {"mysql-port", &raw_settings::mysql_port, "its port [3306]"},
    {"mysql-user", &raw_settings::mysql_user, "user there [mykeyv]"},
    {"mysql-password-file", &raw_settings::mysql_password_file, "file with that user's password"},
    {"mysql-database", &raw_settings::mysql_database, "database there [mykeyv]"},
    {"buffer-pool-bytes", &raw_settings::buffer_pool_bytes,
     "memory of the private MariaDB for its pages [an eighth of the machine's, 128MiB to 1GiB]"},
    {"cache-bytes", &raw_settings::cache_bytes, "memory for cached records; 0: none [256MiB]"},
    {"io-threads", &raw_settings::io_threads, "threads that talk to clients, 1 to 64 [half as many as cores, 1 to 16]"},
    {"lanes", &raw_settings::lanes, "threads that write, each with a connection to MySQL, 1 to 64 [half as many as cores, 1 to 8]"},
    {"readers", &raw_settings::readers,
     "threads that read what is not cached, each with a connection to MySQL, 1 to 64 [as many as cores, 1 to 8]"},
    {"log-level", &raw_settings::log_level, "debug, info, warning, error or off [info]"},
    {"value-bytes-max", &raw_settings::value_bytes_max, "longest value that is stored [16MiB]"},
    {"script-instructions", &raw_settings::script_instructions, "Lua instructions that one call of update() code may use [10000000]"},
    {"script-memory-bytes", &raw_settings::script_memory_bytes, "memory that one call may use [64MiB]"},
    {"script-time-ms", &raw_settings::script_time_ms, "milliseconds that one call may take; its lane waits as long [100]"},
    {"parked-time-ms", &raw_settings::parked_time_ms,
     "milliseconds that an operation may wait while its slot changes its owner; then it is answered TRYAGAIN [2000]"},
    {"topology", &raw_settings::topology, "JSON file with the cluster this node is born into"},
    {"join", &raw_settings::join, "HOST:PORT of a member of the cluster that this node is to join at its first start"},
    {"weight", &raw_settings::weight, "with --join: how much of the slots it takes compared with the others [1]"},
    {"cluster-secret-file", &raw_settings::cluster_secret_file,
     "file with what nodes of one cluster show each other; none: slots cannot move"},
    {"node-id", &raw_settings::node_id, "40 hex digits this node is called by from its first start on [random]"},
};

std::string read_file(std::string const& path, char const* flag)
{
    std::ifstream file{path, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!file.good() && !file.eof()) { throw usage_error{fmt::format("--{}: cannot read {}", flag, path)}; }
    return text;
}

/// What a file holds, without the ends of lines behind it.
std::string secret_in(std::string const& path, char const* flag)
{
    auto text = read_file(path, flag);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) { text.pop_back(); }
    return text;
}

std::string text_of(toml::node const& value, std::string_view name)
{
    if (auto const* text = value.as_string()) { return text->get(); }
    if (auto const* number = value.as_integer()) { return std::to_string(number->get()); }
    throw usage_error{fmt::format("config file: '{}' must be text or a whole number", name)};
}

void fill_from_file(raw_settings& raw)
{
    auto const parsed = [&] {
        try {
            return toml::parse(read_file(raw.config, "config"), raw.config);
        } catch (toml::parse_error const& failed) {
            std::ostringstream where;
            where << failed.source().begin;
            throw usage_error{fmt::format("config file {}: {} ({})", raw.config, failed.description(), where.str())};
        }
    }();
    for (auto const& [key, value] : parsed) {
        std::string_view const name = key.str();
        if (name == "allow-unsafe-mysql") {
            auto const* const flag = value.as_boolean();
            if (flag == nullptr) { throw usage_error{"config file: 'allow-unsafe-mysql' must be true or false"}; }
            raw.allow_unsafe_mysql = raw.allow_unsafe_mysql || flag->get();
            continue;
        }
        auto const known = std::find_if(std::begin(rows), std::end(rows), [&](row const& r) { return r.name == name; });
        if (known == std::end(rows)) { throw usage_error{fmt::format("config file: there is no setting '{}'", name)}; }
        auto const text = text_of(value, name);
        if (text.empty()) { throw usage_error{fmt::format("config file: '{}' must not be empty", name)}; }
        auto& into = raw.*known->value;
        if (into.empty()) { into = text; }
    }
}

/// A whole number from `least` to `most`; `otherwise` when nothing was given.
std::uint64_t number_of(std::string const& text, char const* flag, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise)
{
    if (text.empty()) { return otherwise; }
    auto const number = parse_unsigned(text);
    if (!number || *number < least || *number > most) {
        throw usage_error{fmt::format("--{} is a whole number from {} to {}, not '{}'", flag, least, most, text)};
    }
    return *number;
}

/// Likewise for bytes, as people write them.
std::size_t bytes_of(std::string const& text, char const* flag, std::size_t least, std::size_t most, std::size_t otherwise)
{
    if (text.empty()) { return otherwise; }
    auto const bytes = server::parse_byte_size(text);
    if (!bytes || *bytes < least || *bytes > most) {
        throw usage_error{fmt::format("--{} is a size like 65536 or 256MiB, from {} to {}, not '{}'", flag, server::byte_size_text(least),
                                      server::byte_size_text(most), text)};
    }
    return *bytes;
}

/// 0 where the system does not say.
std::uint64_t machine_memory_bytes()
{
    auto const pages = ::sysconf(_SC_PHYS_PAGES);
    auto const page_bytes = ::sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes) : 0;
}

/// A host as others can be told it: neither blanks nor anything that would end a line.
bool is_host(std::string const& text)
{
    return text.size() <= limits::host_characters_max && std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

constexpr char const* mysql_is_missing =
    "--mysql-port, --mysql-user, --mysql-password-file and --mysql-database need --mysql-socket or --mysql-host";

std::optional<store::mysql_settings> mysql_of(raw_settings const& raw)
{
    auto const is_existing = !raw.mysql_socket.empty() || !raw.mysql_host.empty();
    if (!is_existing) {
        auto const all = raw.mysql_port + raw.mysql_user + raw.mysql_password_file + raw.mysql_database;
        if (!all.empty()) { throw usage_error{mysql_is_missing}; }
        return std::nullopt;
    }
    if (!raw.buffer_pool_bytes.empty()) { throw usage_error{"--buffer-pool-bytes is of a private MariaDB; an existing one has its own"}; }
    if (!raw.mysql_socket.empty() && !raw.mysql_host.empty()) { throw usage_error{"--mysql-socket and --mysql-host exclude each other"}; }
    store::mysql_settings mysql;
    mysql.socket = raw.mysql_socket;
    mysql.host = raw.mysql_host;
    mysql.port = static_cast<std::uint16_t>(number_of(raw.mysql_port, "mysql-port", 1, 65535, mysql.port));
    if (!raw.mysql_user.empty()) { mysql.user = raw.mysql_user; }
    if (!raw.mysql_database.empty()) { mysql.database = raw.mysql_database; }
    if (!raw.mysql_password_file.empty()) {
        mysql.password = secret_in(raw.mysql_password_file, "mysql-password-file");
    }
    return mysql;
}

server::settings settings_of(raw_settings const& raw)
{
    server::settings s;
    auto const threads = server::threads_for(std::thread::hardware_concurrency());
    s.bind.port = static_cast<std::uint16_t>(number_of(raw.port, "port", 0, 65535, s.bind.port));
    if (!raw.bind.empty()) { s.bind.host = raw.bind; }
    if (!raw.announce.empty()) {
        auto const is_host_alone = raw.announce.find(':') == raw.announce.npos;
        s.announce = is_host_alone ? endpoint{raw.announce, 0} : endpoint::parse(raw.announce, default_port);
        if (!s.announce || !is_host(s.announce->host)) {
            throw usage_error{fmt::format("--announce is HOST or HOST:PORT, not '{}'", raw.announce)};
        }
    }
    s.store.data_dir = raw.data_dir.empty() ? "mykeyv-data" : raw.data_dir;
    s.store.mysql = mysql_of(raw);
    s.store.allow_unsafe_mysql = raw.allow_unsafe_mysql;
    s.store.cache_bytes = bytes_of(raw.cache_bytes, "cache-bytes", 0, memory_bytes_max, s.store.cache_bytes);
    s.store.buffer_pool_bytes =
        bytes_of(raw.buffer_pool_bytes, "buffer-pool-bytes", buffer_pool_bytes_min, memory_bytes_max,
                 server::buffer_pool_bytes_for(machine_memory_bytes()));
    s.store.lanes = static_cast<unsigned>(number_of(raw.lanes, "lanes", 1, 64, threads.lanes));
    s.store.readers = static_cast<unsigned>(number_of(raw.readers, "readers", 1, 64, threads.readers));
    s.store.value_bytes_max = bytes_of(raw.value_bytes_max, "value-bytes-max", 1, value_bytes_max_max, s.store.value_bytes_max);
    s.io_threads = static_cast<unsigned>(number_of(raw.io_threads, "io-threads", 1, 64, threads.io));
    auto& budget = s.script_budget;
    budget.instructions = number_of(raw.script_instructions, "script-instructions", 1, script_instructions_max, budget.instructions);
    budget.memory_bytes =
        bytes_of(raw.script_memory_bytes, "script-memory-bytes", script_memory_bytes_min, memory_bytes_max, budget.memory_bytes);
    budget.time = std::chrono::milliseconds{number_of(raw.script_time_ms, "script-time-ms", 1, script_time_ms_max,
                                                      static_cast<std::uint64_t>(budget.time.count()))};
    s.store.parked_time = std::chrono::milliseconds{
        number_of(raw.parked_time_ms, "parked-time-ms", 1, parked_time_ms_max, static_cast<std::uint64_t>(s.store.parked_time.count()))};
    if (!raw.log_level.empty()) {
        auto const level = parse_log_level(raw.log_level);
        if (!level) { throw usage_error{fmt::format("--log-level is debug, info, warning, error or off, not '{}'", raw.log_level)}; }
        s.lowest_log_level = *level;
    }
    if (!raw.node_id.empty()) {
        s.store.first_id = node_id::parse(raw.node_id);
        if (!s.store.first_id) { throw usage_error{fmt::format("--node-id is 40 hex digits, not '{}'", raw.node_id)}; }
    }
    if (!raw.join.empty()) {
        s.join = endpoint::parse(raw.join, default_port);
        if (!s.join) { throw usage_error{fmt::format("--join is HOST:PORT, not '{}'", raw.join)}; }
        if (!raw.topology.empty()) { throw usage_error{"--join and --topology exclude each other"}; }
        if (raw.cluster_secret_file.empty()) {
            throw usage_error{"--join needs --cluster-secret-file, with the secret that the other nodes have"};
        }
    }
    if (!raw.weight.empty() && raw.join.empty()) { throw usage_error{"--weight needs --join"}; }
    s.join_weight = static_cast<std::uint32_t>(number_of(raw.weight, "weight", 0, std::numeric_limits<std::uint32_t>::max(), 1));
    if (!raw.cluster_secret_file.empty()) {
        s.cluster_secret = secret_in(raw.cluster_secret_file, "cluster-secret-file");
        if (s.cluster_secret.empty()) { throw usage_error{fmt::format("--cluster-secret-file: {} is empty", raw.cluster_secret_file)}; }
    }
    if (!raw.topology.empty()) { s.topology = read_file(raw.topology, "topology"); }
    return s;
}

}  // namespace

std::variant<server::settings, text_to_print> parse_command_line(int argc, char const* const* argv)
{
    raw_settings raw;
    CLI::App app{"One node of Mykeyv: serves keys and records out of a MySQL that only it touches.", "mykeyvd"};
    for (auto const& r : rows) { app.add_option("--" + std::string{r.name}, raw.*r.value, r.help); }
    app.add_flag("--allow-unsafe-mysql", raw.allow_unsafe_mysql, "serve although MySQL's settings may lose acknowledged writes");
    app.add_option("--config", raw.config, "TOML file with these settings, by the same names; flags beat it");
    bool version = false;
    app.add_flag("--version", version, "print the version");
    try {
        app.parse(argc, argv);
    } catch (CLI::CallForHelp const&) {
        return text_to_print{app.help()};
    } catch (CLI::ParseError const& failed) {
        throw usage_error{failed.what()};
    }
    for (auto const& r : rows) {
        // A variable of the caller's that is not set must not mean: the default.
        auto const given = app.count("--" + std::string{r.name}) > 0;
        if (given && (raw.*r.value).empty()) { throw usage_error{fmt::format("--{} must not be empty", r.name)}; }
    }
    if (version) { return text_to_print{fmt::format("mykeyvd {}\n", server::mykeyv_version)}; }
    if (!raw.config.empty()) { fill_from_file(raw); }
    return settings_of(raw);
}

}  // namespace mykeyv::app
