// SPDX-License-Identifier: Apache-2.0
// Rows turned on their side, as array binding wants them; and keys that were read and must be kept. Private to this folder.
#pragma once

#include "mykeyv/store/mysql/mysql_api.hpp"
#include "mykeyv/store/mysql/records_table.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace mykeyv::store {

/// One array for each column of `records`. The arrays are kept from batch to batch.
class row_arrays {
public:
    /// Bytes stay where they are: `rows` must live until the statement was executed.
    std::span<MYSQL_BIND> fill(std::span<row const> rows);

private:
    struct bytes_column {
        std::vector<char*> starts;
        std::vector<unsigned long> lengths;
    };
    void clear();
    static void add(bytes_column&, std::string_view);

    std::vector<std::uint16_t> slots_;
    bytes_column k_;
    std::vector<std::uint64_t> versions_;
    std::vector<std::uint8_t> formats_;
    bytes_column v_;
    std::vector<std::int64_t> expires_;
    std::vector<char> expires_indicators_;
    std::array<MYSQL_BIND, 6> binds_{};
};

/// Keys that outlive the result they were read from.
class key_list {
public:
    void add(std::uint64_t slot_number, std::string_view k, std::optional<unix_ms> expires_at);
    std::span<row_key const> keys() const noexcept { return keys_; }
    /// Those that have an expiry.
    std::span<expiry const> expiries() const noexcept { return expiries_; }

private:
    std::deque<std::string> bytes_;
    std::vector<row_key> keys_;
    std::vector<expiry> expiries_;
};

}  // namespace mykeyv::store
