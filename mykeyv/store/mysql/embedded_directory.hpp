// SPDX-License-Identifier: Apache-2.0
// The files of an embedded server: the lock, making a database, and what an earlier life may have left running.
// Private to this folder.
#pragma once

#include "mykeyv/base/log.hpp"
#include "mykeyv/store/mysql/directory_lock.hpp"
#include "mykeyv/store/mysql/embedded.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace mykeyv::store {

class embedded_directory {
public:
    explicit embedded_directory(log& log) : log_{log} {}

    /// Makes `root` if needed and takes its lock.
    failure lock(std::filesystem::path const& root);
    void unlock() noexcept;
    /// Tells every mariadbd on this directory to stop, waits until it has, and kills it after `patience`.
    failure end_leftovers(std::chrono::seconds patience);
    /// Makes the database files if there are none. One that was not finished is thrown away.
    failure ensure_database_files(embedded_options const&);

    std::filesystem::path socket() const { return root_ / "run" / "mariadb.sock"; }
    std::filesystem::path log_file() const { return root_ / "mariadb.log"; }
    /// The command line of mariadbd, without the program.
    std::vector<std::string> arguments(embedded_options const&) const;
    /// "its log PATH ends with:" and its last lines, for messages.
    std::string log_tail() const;

private:
    std::filesystem::path data() const { return root_ / "mysql"; }
    std::filesystem::path temporary() const { return root_ / "tmp"; }
    std::filesystem::path unfinished() const { return root_ / "mysql.new"; }

    log& log_;
    std::filesystem::path root_;
    directory_lock lock_;
};

}  // namespace mykeyv::store
