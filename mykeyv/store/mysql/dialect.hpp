// SPDX-License-Identifier: Apache-2.0
// The one room that knows how MariaDB and MySQL differ.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace mykeyv::store {

/// Which server this is, and what follows for our statements.
struct dialect {
    enum class product { mariadb, mysql };
    struct release {
        unsigned major = 0;
        unsigned minor = 0;
        unsigned patch = 0;
        friend auto operator<=>(release const&, release const&) = default;
    };

    product made_by = product::mysql;
    release version;

    /// Reads what `SELECT VERSION()` answers, such as "10.11.6-MariaDB-0+deb12u1-log" or "5.6.24"; nothing for other text.
    static std::optional<dialect> parse(std::string_view version_text) noexcept;

    /// MariaDB 10.5 and later, MySQL 5.6 and later.
    bool supported() const noexcept;
    /// "MariaDB 10.11.6", for messages.
    std::string text() const;

    bool mariadb() const noexcept { return made_by == product::mariadb; }
    /// One prepared single-row statement takes a whole array of rows in one message. Elsewhere: a multi-row statement.
    bool array_binding() const noexcept { return mariadb(); }
    /// A SELECT of `(slot,k) IN ((?,?),(?,?))` looks up each row, and then finds out by binary search that it is wanted. Spelled out with
    /// OR every row is compared with every pair, which takes twice the time for 16 rows, and for 64 two and a half times.
    bool reads_lists_of_rows() const noexcept { return mariadb(); }
    /// A transaction's blobs must fit a tenth of the redo log (MySQL 5.6).
    bool blobs_bounded_by_redo_log() const noexcept { return !mariadb() && version < release{5, 7, 5}; }
    /// Index keys over 767 bytes depend on settings (MySQL 5.6).
    bool long_keys_are_a_setting() const noexcept { return !mariadb() && version < release{5, 7, 7}; }
    /// The table in which every session of ours is seen until its transaction is over.
    std::string_view processlist() const noexcept { return "information_schema.PROCESSLIST"; }
};

}  // namespace mykeyv::store
