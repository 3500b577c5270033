// SPDX-License-Identifier: Apache-2.0
// MariaDB as a program uses it that keeps no daemon: a connection, prepared statements, one thread.
#pragma once

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::bench {

/// A statement or a commit failed; `may_repeat`: it was the victim of a deadlock, and its transaction is over.
struct sql_error : std::runtime_error {
    sql_error(std::string const& what, unsigned number) : std::runtime_error{what}, may_repeat{number == ER_LOCK_DEADLOCK} {}
    bool may_repeat;
};

class sql_connection {
public:
    sql_connection(std::string const& socket, std::string const& database) : handle_{mysql_init(nullptr), &mysql_close}
    {
        if (!mysql_real_connect(handle_.get(), nullptr, "root", nullptr, database.c_str(), 0, socket.c_str(), 0)) { fail("connect"); }
    }
    MYSQL* get() const noexcept { return handle_.get(); }
    void query(std::string const& sql)
    {
        if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) { fail(sql.substr(0, 80)); }
    }
    void autocommit(bool on)
    {
        if (mysql_autocommit(handle_.get(), on ? 1 : 0) != 0) { fail("autocommit"); }
    }
    void commit()
    {
        if (mysql_commit(handle_.get()) != 0) { fail("commit"); }
    }
    void rollback() { mysql_rollback(handle_.get()); }

private:
    [[noreturn]] void fail(std::string const& what)
    {
        throw sql_error{what + ": " + mysql_error(handle_.get()), mysql_errno(handle_.get())};
    }
    std::unique_ptr<MYSQL, void (*)(MYSQL*)> handle_;
};

/// Takes texts, gives rows of `columns` texts.
class sql_statement {
public:
    sql_statement(sql_connection& c, std::string const& sql, std::size_t columns = 0)
        : handle_{mysql_stmt_init(c.get()), [](MYSQL_STMT* s) { mysql_stmt_close(s); }}, columns_(columns), results_(columns)
    {
        if (mysql_stmt_prepare(handle_.get(), sql.data(), sql.size()) != 0) { fail(); }
        parameters_.resize(mysql_stmt_param_count(handle_.get()));
        for (std::size_t i = 0; i < columns; ++i) {
            columns_[i].bytes.resize(70'000);
            results_[i] = {};
            results_[i].buffer_type = MYSQL_TYPE_BLOB;
            results_[i].buffer = columns_[i].bytes.data();
            results_[i].buffer_length = columns_[i].bytes.size();
            results_[i].length = &columns_[i].length;
        }
    }

    void execute(std::span<std::string const> values)
    {
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            parameters_[i] = {};
            parameters_[i].buffer_type = MYSQL_TYPE_BLOB;
            parameters_[i].buffer = const_cast<char*>(values[i].data());
            parameters_[i].buffer_length = values[i].size();
        }
        if (!parameters_.empty() && mysql_stmt_bind_param(handle_.get(), parameters_.data()) != 0) { fail(); }
        if (mysql_stmt_execute(handle_.get()) != 0) { fail(); }
        if (results_.empty()) { return; }
        if (mysql_stmt_bind_result(handle_.get(), results_.data()) != 0 || mysql_stmt_store_result(handle_.get()) != 0) { fail(); }
    }
    bool fetch()
    {
        auto const outcome = mysql_stmt_fetch(handle_.get());
        if (outcome != 0 && outcome != MYSQL_NO_DATA) { fail(); }
        return outcome == 0;
    }
    std::string_view column(std::size_t i) const { return {columns_[i].bytes.data(), columns_[i].length}; }
    void end_rows() { mysql_stmt_free_result(handle_.get()); }
    std::uint64_t rows_affected() const { return mysql_stmt_affected_rows(handle_.get()); }

private:
    struct text {
        std::vector<char> bytes;
        unsigned long length = 0;
    };
    [[noreturn]] void fail() { throw sql_error{mysql_stmt_error(handle_.get()), mysql_stmt_errno(handle_.get())}; }

    std::unique_ptr<MYSQL_STMT, void (*)(MYSQL_STMT*)> handle_;
    std::vector<text> columns_;
    std::vector<MYSQL_BIND> parameters_, results_;
};

}  // namespace mykeyv::bench
