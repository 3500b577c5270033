// SPDX-License-Identifier: Apache-2.0
// One connection to MySQL or MariaDB, and what can go wrong with it.
#pragma once

#include "mykeyv/store/mysql/dialect.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct st_mysql;

namespace mykeyv::store {

/// Where the server is and who we are there. A `socket` that is not empty wins over `host` and `port`.
struct server_settings {
    std::string socket;              ///< path of a unix socket
    std::string host = "127.0.0.1";  ///< name or address
    std::uint16_t port = 3306;
    std::string user = "mykeyv";  ///< an account that nobody else uses: a take-over ends all of its connections to `database`
    std::string password;
    std::string database = "mykeyv";  ///< may be empty for a connection that works on none
    /// How long a connect, one wait for a reply, and one write may take before the connection counts as lost.
    /// Whole seconds, at least 1: the client library knows no finer ones. A commit on a busy disk must fit the second.
    std::chrono::seconds connect_timeout{5};
    std::chrono::seconds read_timeout{30};
    std::chrono::seconds write_timeout{60};

    /// "unix socket PATH" or "HOST:PORT", for messages.
    std::string where() const;
};

/// Why a statement did not succeed, by what the caller has to do about it. False when it did.
struct failure {
    enum class kind {
        none,       ///< success
        lost,       ///< the connection is gone, and with it the transaction, unless it was committing: then look
        try_again,  ///< deadlock or lock wait: roll back, then the whole transaction may be repeated
        refused,    ///< the server said no; the transaction is still open: roll it back
        fenced,     ///< another daemon has taken over: stop serving, for ever
    };
    kind what = kind::none;
    unsigned code = 0;  ///< the server's or client library's error number; 0 where we said no ourselves
    std::string text;   ///< a sentence for people

    explicit operator bool() const noexcept { return what != kind::none; }
    static failure because(std::string sentence) { return {kind::refused, 0, std::move(sentence)}; }
};

/// One row of a result, by column; nothing is SQL's NULL.
using text_row = std::vector<std::optional<std::string>>;
using text_rows = std::vector<text_row>;

/// A session with autocommit off, READ COMMITTED, strict mode and no character conversions (everything is bytes).
/// Never reconnects: once broken() it stays so; close it and open a new one.
/// Threads: one at a time, except interrupt(). Calls block, at most as long as the timeouts of the settings say.
/// A connection that was moved from may only be assigned to or destroyed; moving is not safe beside interrupt().
class connection {
public:
    connection();
    ~connection();
    connection(connection&&) noexcept;
    connection& operator=(connection&&) noexcept;

    /// Closes what was open, connects, and sets the session up. After a failure it is closed.
    failure open(server_settings const&);
    /// Without waiting for the server; an open transaction is rolled back by it.
    void close() noexcept;
    bool is_open() const noexcept;
    /// True after a failure of kind lost, and after interrupt().
    bool broken() const noexcept;
    /// From any thread: makes the call that blocks now, and every later one until open(), fail as lost. (A connect that
    /// is under way ends first.)
    void interrupt() noexcept;

    /// A statement without a result.
    failure execute(std::string_view sql);
    /// A statement with a result, taken whole: for small ones.
    failure query(std::string_view sql, text_rows& out);
    /// lost: whether it was committed is not known.
    failure commit();
    /// From now on until it is closed a message may have two statements, as commit_behind() sends them. Not for a connection whose
    /// statements have bytes of clients in them.
    failure allow_two_statements();
    /// As execute(), if `sql` is not empty (needs allow_two_statements()), and commit(), in one message; nothing is committed if the
    /// statement fails. Calls `meanwhile` before the outcome is known, while MySQL is at work; not if the connection was lost before.
    failure commit_behind(std::string sql, std::function<void()> const& meanwhile);
    failure rollback();
    /// Rows changed by the last execute(): an upsert counts 1 for a row made and 2 for a row changed.
    std::uint64_t affected_rows() const noexcept;

    /// `bytes` as an SQL string literal, quotes included. The connection must be open.
    std::string quoted(std::string_view bytes) const;

    dialect const& server() const noexcept;
    server_settings const& settings() const noexcept;
    /// The server's number of this session. Another session may have it after a restart of the server.
    std::uint64_t thread_id() const noexcept;
    /// Names this session and no other one, for ever; end_connection() (processlist.hpp) takes it.
    std::string const& tag() const noexcept;

    /// For the rooms of this folder that include mysql_api.hpp.
    st_mysql* handle() const noexcept;
    /// Sorts an error number; a lost connection is remembered as broken.
    failure failed(unsigned code, std::string_view text) noexcept;

private:
    struct session;
    std::unique_ptr<session> session_;
};

}  // namespace mykeyv::store
