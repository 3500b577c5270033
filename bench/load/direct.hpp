// SPDX-License-Identifier: Apache-2.0
// MariaDB used directly, as a program would: a thread for each connection, prepared statements.
#pragma once

#include "work.hpp"

namespace mykeyv::bench {

/// Does the work on database `direct`, whose tables are
///   kv        (k VARBINARY(1024) PRIMARY KEY, v LONGBLOB)     get, mget, set
///   counters  (k VARBINARY(1024) PRIMARY KEY, n BIGINT)       incr
///   docs      (k VARBINARY(1024) PRIMARY KEY, doc LONGBLOB)   update
/// `fill` stores key_of, `fill_groups` grouped_key_of, `fill_docs` documents; with 1000 rows in a statement.
/// `update_many` updates every document once and counts the seconds.
figures run_directly(work const&);

}  // namespace mykeyv::bench
