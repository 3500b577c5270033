// SPDX-License-Identifier: Apache-2.0
// Whether the server keeps what it says is committed.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mykeyv::store {

/// A setting of the server that breaks a promise of ours.
struct finding {
    std::string setting;
    std::string found;
    std::string needed;
    std::string why;
};

/// Reads the server's settings; `findings` stays empty when all are safe. `value_bytes_max` is the longest value that is to
/// be stored, in bytes. A few milliseconds; meant to be called at start and every minute or so.
failure check_durability(connection&, std::size_t value_bytes_max, std::vector<finding>& findings);

/// One sentence for people that names each setting: "sync_binlog is 0 but must be 1 (a crash of ...); ...".
std::string describe(std::vector<finding> const&);

}  // namespace mykeyv::store
