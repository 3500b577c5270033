// SPDX-License-Identifier: Apache-2.0
// Prepared statements: parameters in, columns out. Private to this folder.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"
#include "mykeyv/store/mysql/mysql_api.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mykeyv::store {

/// The values for the placeholders of a statement, in order. Bytes are borrowed until the statement was executed.
class parameters {
public:
    void clear() noexcept { cells_.clear(); }
    parameters& add(std::uint64_t number);
    parameters& add(std::optional<std::int64_t> number);
    parameters& add(std::string_view bytes);
    std::span<MYSQL_BIND> binds();

private:
    struct cell {
        MYSQL_BIND bind;
        std::uint64_t number;
    };
    MYSQL_BIND& append(enum_field_types, std::uint64_t number);

    std::vector<cell> cells_;
    std::vector<MYSQL_BIND> binds_;
};

/// The columns of the row that was fetched last. Buffers grow as needed and are kept.
class columns {
public:
    enum class kind { whole, natural, bytes };  ///< signed, unsigned, bytes
    explicit columns(std::initializer_list<kind>);

    std::uint64_t natural(std::size_t column) const noexcept { return cells_[column].number; }
    /// Nothing for NULL.
    std::optional<std::int64_t> whole(std::size_t column) const noexcept;
    std::string_view bytes(std::size_t column) const noexcept;

private:
    friend class statement;
    struct cell {
        std::uint64_t number = 0;
        std::vector<char> buffer;
        unsigned long length = 0;
        my_bool null = 0;
        my_bool cut = 0;
    };
    void bind() noexcept;
    /// Gives back the room that only a huge value needed.
    void trim();

    std::vector<cell> cells_;
    std::vector<MYSQL_BIND> binds_;
};

/// One prepared statement.
class statement {
public:
    bool prepared() const noexcept { return handle_ != nullptr; }
    failure prepare(connection&, std::string_view sql);

    failure execute(connection&, std::span<MYSQL_BIND>);
    /// MariaDB only: each bind holds arrays of `rows` values; one message, one answer.
    failure execute_array(connection&, std::span<MYSQL_BIND>, std::size_t rows);
    /// Rows that the last execution changed, counted as connection::affected_rows counts.
    std::uint64_t affected_rows() const noexcept { return mysql_stmt_affected_rows(handle_.get()); }

    /// Calls `on_row` for each row of the result, straight off the wire.
    template <class OnRow>
    failure fetch(connection& c, columns& into, OnRow const& on_row)
    {
        if (auto why = begin_fetch(c, into)) { return why; }
        for (;;) {
            bool more = false;
            if (auto why = fetch_one(c, into, more); why || !more) { return end_fetch(into), why; }
            on_row();
        }
    }

private:
    struct closer {
        void operator()(MYSQL_STMT* handle) const noexcept { mysql_stmt_close(handle); }
    };
    failure failed(connection&) const;
    failure begin_fetch(connection&, columns&);
    failure fetch_one(connection&, columns&, bool& more);
    void end_fetch(columns&) noexcept;

    std::unique_ptr<MYSQL_STMT, closer> handle_;
};

/// A statement about several keys at once, prepared once for each power of two that was needed.
class sized_statement {
public:
    static constexpr std::size_t classes = 9;
    static constexpr std::size_t size_max = std::size_t{1} << (classes - 1);

    /// The smallest class that holds `wanted`, or the largest one.
    static constexpr std::size_t class_above(std::size_t wanted) noexcept
    {
        std::size_t c = 0;
        while (c + 1 < classes && (std::size_t{1} << c) < wanted) { ++c; }
        return c;
    }
    /// The largest class that `wanted`, at least 1, fills.
    static constexpr std::size_t class_below(std::size_t wanted) noexcept
    {
        std::size_t c = 0;
        while (c + 1 < classes && (std::size_t{2} << c) <= wanted) { ++c; }
        return c;
    }

    statement& of(std::size_t size_class) noexcept { return by_class_[size_class]; }

private:
    std::array<statement, classes> by_class_;
};

}  // namespace mykeyv::store
