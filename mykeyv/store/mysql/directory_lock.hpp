// SPDX-License-Identifier: Apache-2.0
// The lock on a data directory: one daemon at a time.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"

#include <filesystem>

namespace mykeyv::store {

/// flock(2) on the file `lock` in the directory, which names the process that holds it; the system lets go of it when that dies.
class directory_lock {
public:
    directory_lock() = default;
    ~directory_lock() { release(); }
    directory_lock(directory_lock const&) = delete;
    directory_lock& operator=(directory_lock const&) = delete;

    /// Makes the directory if it is not there. Refused, naming the process, while another one holds the lock.
    failure take(std::filesystem::path const& directory);
    void release() noexcept;

private:
    int file_ = -1;
};

/// With the directories above it; nothing is done if it is there.
failure make_directory(std::filesystem::path const&);

/// "cannot open PATH: No such file or directory", with the reason from errno.
failure system_failure(std::string_view what, std::filesystem::path const&);

}  // namespace mykeyv::store
