// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/connection.hpp"

#include "mykeyv/store/mysql/mysql_api.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace mykeyv::store {
namespace {

// The client library sets itself up on first use, which two threads must not do at once.
void initialise_library()
{
    static bool const done = (mysql_library_init(0, nullptr, nullptr), true);
    static_cast<void>(done);
}

std::string fresh_tag()
{
    std::random_device device;
    return fmt::format("mykeyv.{:08x}{:08x}", device(), device());
}

/// Numbers after which the session does not exist any more, or cannot be trusted to be in step with us.
bool means_lost(unsigned code) noexcept
{
    if ((code >= 2000 && code < 3000) || (code >= 5000 && code < 5100)) { return true; }  // the client library's own
    switch (code) {
    case 1040:  // too many connections
    case 1043:  // bad handshake
    case 1053:  // server shutdown in progress
    case 1152:  // aborting connection
    case 1153:  // packet too large: the server hangs up
    case 1158: case 1159: case 1160: case 1161:  // reading from or writing to the network
    case 1184:  // aborting connection
    case 1927:  // connection was killed
    case 4031:  // closed for inactivity
        return true;
    default: return false;
    }
}

/// What every session needs. A short lock wait: a lane waits only for a session that is being ended. No index dives: they would look for
/// the best index of many slots or keys, where each statement has but one.
constexpr std::string_view session_statements[] = {
    "SET SESSION autocommit=0, sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', wait_timeout=31536000, "
    "innodb_lock_wait_timeout=5, eq_range_index_dive_limit=1",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
};

constexpr unsigned long packet_bytes_max = 1ul << 30;  // the protocol's own bound; the server's is the one that counts

void set_options(MYSQL* mysql, server_settings const& settings)
{
    auto const set = [mysql](mysql_option option, void const* value) { mysql_options(mysql, option, value); };
    auto const seconds = [](std::chrono::seconds time) { return static_cast<unsigned>(std::max<std::int64_t>(time.count(), 1)); };
    auto const connect = seconds(settings.connect_timeout);
    auto const read = seconds(settings.read_timeout);
    auto const write = seconds(settings.write_timeout);
    my_bool const no = 0;
    set(MYSQL_OPT_CONNECT_TIMEOUT, &connect);
    set(MYSQL_OPT_READ_TIMEOUT, &read);
    set(MYSQL_OPT_WRITE_TIMEOUT, &write);
    set(MYSQL_OPT_RECONNECT, &no);
    set(MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes_max);
    set(MYSQL_SET_CHARSET_NAME, "binary");
    // TCP also where the host is "localhost": whoever wants the socket names it.
    unsigned const protocol = settings.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    set(MYSQL_OPT_PROTOCOL, &protocol);
}

}  // namespace

std::string server_settings::where() const
{
    return socket.empty() ? fmt::format("{}:{}", host, port) : fmt::format("unix socket {}", socket);
}

struct connection::session {
    MYSQL* mysql = nullptr;
    server_settings settings;
    dialect server;
    std::string tag;
    std::uint64_t affected = 0;
    std::atomic<bool> broken = false;

    std::mutex socket_guard;  // between interrupt() and the end of the socket
    // Our own descriptor of the socket: the library closes its one as soon as a connection is lost, and the number may be
    // somebody else's by the time that we end the session.
    int socket = -1;
};

connection::connection() : session_{std::make_unique<session>()} {}
connection::connection(connection&&) noexcept = default;

connection& connection::operator=(connection&& other) noexcept
{
    if (this != &other) {
        if (session_) { close(); }
        session_ = std::move(other.session_);
    }
    return *this;
}

connection::~connection()
{
    if (session_) { close(); }
}

failure connection::open(server_settings const& settings)
{
    close();
    initialise_library();
    auto& s = *session_;
    s.settings = settings;
    s.broken = false;
    s.mysql = mysql_init(nullptr);
    set_options(s.mysql, settings);
    bool const local = !settings.socket.empty();
    auto const database = settings.database.empty() ? nullptr : settings.database.c_str();
    if (!mysql_real_connect(s.mysql, local ? nullptr : settings.host.c_str(), settings.user.c_str(), settings.password.c_str(), database,
                            settings.port, local ? settings.socket.c_str() : nullptr, 0)) {
        auto why = failed(mysql_errno(s.mysql), mysql_error(s.mysql));
        why.text = fmt::format("cannot connect to MySQL at {} as '{}': {}", settings.where(), settings.user, why.text);
        close();
        return why;
    }
    {
        std::lock_guard const guard{s.socket_guard};
        s.socket = ::fcntl(static_cast<int>(mysql_get_socket(s.mysql)), F_DUPFD_CLOEXEC, 0);
    }
    auto const version = dialect::parse(mysql_get_server_info(s.mysql));
    if (!version || !version->supported()) {
        auto const found = version ? version->text() : std::string{mysql_get_server_info(s.mysql)};
        close();
        return failure::because(fmt::format("{} is {}; MariaDB 10.5 or MySQL 5.6 or later is needed", settings.where(), found));
    }
    s.server = *version;
    for (auto const statement : session_statements) {
        if (auto why = execute(statement)) { return close(), why; }
    }
    s.tag = fresh_tag();
    text_rows locked;
    if (auto why = query(fmt::format("SELECT GET_LOCK('{}',0)", s.tag), locked)) { return close(), why; }
    if (auto why = commit()) { return close(), why; }
    return {};
}

void connection::close() noexcept
{
    auto& s = *session_;
    {
        std::lock_guard const guard{s.socket_guard};
        // A session that is out of step may have a full socket, and its good-bye would wait for room in it.
        if (s.socket >= 0 && s.broken) { ::shutdown(s.socket, SHUT_RDWR); }
        if (s.socket >= 0) { ::close(s.socket); }
        s.socket = -1;
    }
    if (s.mysql) { mysql_close(std::exchange(s.mysql, nullptr)); }
}

bool connection::is_open() const noexcept { return session_->mysql != nullptr; }

bool connection::broken() const noexcept { return session_->broken; }

void connection::interrupt() noexcept
{
    std::lock_guard const guard{session_->socket_guard};
    session_->broken = true;
    if (session_->socket >= 0) { ::shutdown(session_->socket, SHUT_RDWR); }
}

failure connection::failed(unsigned code, std::string_view text) noexcept
{
    auto const kind = means_lost(code)                   ? failure::kind::lost
                      : (code == 1213 || code == 1205) ? failure::kind::try_again
                                                       : failure::kind::refused;
    if (kind == failure::kind::lost) { interrupt(); }  // so that the server, too, sees the end of it
    return {kind, code, fmt::format("{} (error {})", text, code)};
}

failure connection::execute(std::string_view sql)
{
    auto& s = *session_;
    if (!s.mysql || s.broken) { return {failure::kind::lost, CR_SERVER_GONE_ERROR, "not connected to MySQL"}; }
    if (mysql_real_query(s.mysql, sql.data(), sql.size()) != 0) { return failed(mysql_errno(s.mysql), mysql_error(s.mysql)); }
    s.affected = mysql_affected_rows(s.mysql);
    return {};
}

failure connection::query(std::string_view sql, text_rows& out)
{
    out.clear();
    if (auto why = execute(sql)) { return why; }
    auto& s = *session_;
    std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> const result{mysql_store_result(s.mysql), &mysql_free_result};
    if (!result) { return mysql_errno(s.mysql) == 0 ? failure{} : failed(mysql_errno(s.mysql), mysql_error(s.mysql)); }
    auto const columns = mysql_num_fields(result.get());
    while (auto const row = mysql_fetch_row(result.get())) {
        auto const lengths = mysql_fetch_lengths(result.get());
        auto& line = out.emplace_back(columns);
        for (unsigned i = 0; i < columns; ++i) {
            if (row[i]) { line[i].emplace(row[i], lengths[i]); }
        }
    }
    return {};
}

failure connection::commit() { return execute("COMMIT"); }

failure connection::allow_two_statements()
{
    auto& s = *session_;
    auto const is_done = mysql_set_server_option(s.mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON) == 0;
    return is_done ? failure{} : failed(mysql_errno(s.mysql), mysql_error(s.mysql));
}

failure connection::commit_behind(std::string sql, std::function<void()> const& meanwhile)
{
    auto& s = *session_;
    if (!s.mysql || s.broken) { return {failure::kind::lost, CR_SERVER_GONE_ERROR, "not connected to MySQL"}; }
    sql += sql.empty() ? "COMMIT" : ";COMMIT";
    auto const is_asked = mysql_send_query(s.mysql, sql.data(), sql.size()) == 0;
    meanwhile();
    // The server stops at the first statement that fails.
    auto const is_begun = is_asked && mysql_read_query_result(s.mysql) == 0;
    auto const is_done = is_begun && (!mysql_more_results(s.mysql) || mysql_next_result(s.mysql) == 0);
    return is_done ? failure{} : failed(mysql_errno(s.mysql), mysql_error(s.mysql));
}

failure connection::rollback() { return execute("ROLLBACK"); }

std::uint64_t connection::affected_rows() const noexcept { return session_->affected; }

std::string connection::quoted(std::string_view bytes) const
{
    std::string text(2 * bytes.size() + 3, '\'');
    auto const length = mysql_real_escape_string(session_->mysql, text.data() + 1, bytes.data(), bytes.size());
    text[length + 1] = '\'';
    text.resize(length + 2);
    return text;
}

dialect const& connection::server() const noexcept { return session_->server; }

server_settings const& connection::settings() const noexcept { return session_->settings; }

std::uint64_t connection::thread_id() const noexcept { return session_->mysql ? mysql_thread_id(session_->mysql) : 0; }

std::string const& connection::tag() const noexcept { return session_->tag; }

st_mysql* connection::handle() const noexcept { return session_->mysql; }

}  // namespace mykeyv::store
