// SPDX-License-Identifier: Apache-2.0
// Ending other sessions, and knowing that their transactions are over.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"

#include <chrono>
#include <string_view>

namespace mykeyv::store {

/// Ends the session of ours that has this tag (connection::tag) and waits until its transaction is over, rolled back or
/// committed. Success also when it is long gone. Refused when it has not ended within `patience`.
failure end_connection(connection& via, std::string_view tag, std::chrono::milliseconds patience);

/// Ends every session of our account on our database but `via`, and waits until they are gone from the processlist: then
/// their transactions are over. Refused, naming them, when they have not gone within `patience`.
failure end_other_connections(connection& via, std::chrono::milliseconds patience);

}  // namespace mykeyv::store
