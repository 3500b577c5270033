// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/statement.hpp"

#include <algorithm>
#include <cstring>

namespace mykeyv::store {
namespace {

constexpr std::size_t first_buffer_bytes = 4u << 10;
constexpr std::size_t kept_buffer_bytes = 4u << 20;

}  // namespace

MYSQL_BIND& parameters::append(enum_field_types type, std::uint64_t number)
{
    auto& added = cells_.emplace_back();
    std::memset(&added.bind, 0, sizeof added.bind);
    added.bind.buffer_type = type;
    added.number = number;
    return added.bind;
}

parameters& parameters::add(std::uint64_t number)
{
    append(MYSQL_TYPE_LONGLONG, number).is_unsigned = 1;
    return *this;
}

parameters& parameters::add(std::optional<std::int64_t> number)
{
    append(number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_NULL, static_cast<std::uint64_t>(number.value_or(0)));
    return *this;
}

parameters& parameters::add(std::string_view bytes)
{
    auto& bind = append(MYSQL_TYPE_LONG_BLOB, 0);
    bind.buffer = const_cast<char*>(bytes.data() ? bytes.data() : "");
    bind.buffer_length = bind.length_value = bytes.size();
    return *this;
}

std::span<MYSQL_BIND> parameters::binds()
{
    // Only now do the numbers stay where they are.
    binds_.clear();
    for (auto& value : cells_) {
        auto& bind = binds_.emplace_back(value.bind);
        if (!bind.buffer) { bind.buffer = &value.number; }
    }
    for (auto& bind : binds_) { bind.length = &bind.length_value; }
    return binds_;
}

columns::columns(std::initializer_list<kind> kinds) : cells_(kinds.size()), binds_(kinds.size())
{
    std::memset(binds_.data(), 0, binds_.size() * sizeof(MYSQL_BIND));
    std::size_t column = 0;
    for (auto const type : kinds) {
        binds_[column].buffer_type = type == kind::bytes ? MYSQL_TYPE_LONG_BLOB : MYSQL_TYPE_LONGLONG;
        binds_[column].is_unsigned = type == kind::natural;
        if (type == kind::bytes) { cells_[column].buffer.resize(first_buffer_bytes); }
        ++column;
    }
}

void columns::bind() noexcept
{
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        auto& value = cells_[i];
        auto& bind = binds_[i];
        bool const buffered = bind.buffer_type == MYSQL_TYPE_LONG_BLOB;
        bind.buffer = buffered ? static_cast<void*>(value.buffer.data()) : &value.number;
        bind.buffer_length = buffered ? value.buffer.size() : sizeof value.number;
        bind.length = &value.length;
        bind.is_null = &value.null;
        bind.error = &value.cut;
    }
}

void columns::trim()
{
    for (auto& value : cells_) {
        if (value.buffer.size() > kept_buffer_bytes) { std::vector<char>(first_buffer_bytes).swap(value.buffer); }
    }
}

std::optional<std::int64_t> columns::whole(std::size_t column) const noexcept
{
    if (cells_[column].null) { return std::nullopt; }
    return static_cast<std::int64_t>(cells_[column].number);
}

std::string_view columns::bytes(std::size_t column) const noexcept { return {cells_[column].buffer.data(), cells_[column].length}; }

failure statement::failed(connection& c) const { return c.failed(mysql_stmt_errno(handle_.get()), mysql_stmt_error(handle_.get())); }

failure statement::prepare(connection& c, std::string_view sql)
{
    if (!c.is_open() || c.broken()) { return c.failed(CR_SERVER_GONE_ERROR, "not connected to MySQL"); }
    handle_.reset(mysql_stmt_init(c.handle()));
    if (mysql_stmt_prepare(handle_.get(), sql.data(), sql.size()) != 0) {
        auto why = failed(c);
        handle_.reset();
        return why;
    }
    return {};
}

failure statement::execute(connection& c, std::span<MYSQL_BIND> binds)
{
    if (c.broken()) { return c.failed(CR_SERVER_GONE_ERROR, "not connected to MySQL"); }
    if (!binds.empty() && mysql_stmt_bind_param(handle_.get(), binds.data()) != 0) { return failed(c); }
    return mysql_stmt_execute(handle_.get()) == 0 ? failure{} : failed(c);
}

failure statement::execute_array(connection& c, std::span<MYSQL_BIND> binds, std::size_t rows)
{
    auto const size = static_cast<unsigned>(rows);
    mysql_stmt_attr_set(handle_.get(), STMT_ATTR_ARRAY_SIZE, &size);
    return execute(c, binds);
}

failure statement::begin_fetch(connection& c, columns& into)
{
    into.bind();
    return mysql_stmt_bind_result(handle_.get(), into.binds_.data()) == 0 ? failure{} : failed(c);
}

failure statement::fetch_one(connection& c, columns& into, bool& more)
{
    auto const outcome = mysql_stmt_fetch(handle_.get());
    if (outcome == MYSQL_NO_DATA) { return {}; }
    if (outcome != 0 && outcome != MYSQL_DATA_TRUNCATED) { return failed(c); }
    more = true;
    bool grown = false;
    for (std::size_t i = 0; i < into.cells_.size(); ++i) {
        auto& cell = into.cells_[i];
        auto& bind = into.binds_[i];
        if (bind.buffer_type != MYSQL_TYPE_LONG_BLOB || cell.null || cell.length <= cell.buffer.size()) { continue; }
        auto const length = cell.length;
        cell.buffer.resize(std::max<std::size_t>(length, 2 * cell.buffer.size()));
        bind.buffer = cell.buffer.data();
        bind.buffer_length = cell.buffer.size();
        if (mysql_stmt_fetch_column(handle_.get(), &bind, static_cast<unsigned>(i), 0) != 0) { return failed(c); }
        cell.length = length;
        grown = true;
    }
    return grown ? begin_fetch(c, into) : failure{};
}

void statement::end_fetch(columns& into) noexcept
{
    mysql_stmt_free_result(handle_.get());
    into.trim();
}

}  // namespace mykeyv::store
