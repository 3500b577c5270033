// SPDX-License-Identifier: Apache-2.0
// The tables: making them at the first start, and refusing those that are not ours to serve.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::store {

/// What this program reads and writes. A database of a newer version is refused.
inline constexpr unsigned schema_version = 1;

/// Makes the database of the settings if it is not there; the account must then have the right to.
failure ensure_database(server_settings const&);

/// Makes the tables and the view `documents` if they are not there, then checks that they are what we need: version,
/// InnoDB, binary keys, primary keys. Refuses with a sentence that says what is wrong. No DDL when all is there.
/// Commits. Call it before take_over(), which needs the tables.
failure ensure_schema(connection&);

/// A line of `meta`; nothing when there is none. set_meta() is part of the caller's transaction.
failure get_meta(connection&, std::string_view name, std::optional<std::string>& out);
failure set_meta(connection&, std::string_view name, std::string_view value);

}  // namespace mykeyv::store
