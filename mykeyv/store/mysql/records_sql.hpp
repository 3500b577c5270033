// SPDX-License-Identifier: Apache-2.0
// The text of every statement on `records` and `expiries`. Private to this folder and to the tests that EXPLAIN it.
//
// Each finds its rows by a primary key. A DELETE also says how many rows it wants at most: otherwise a server scans a small
// table, which looks cheap, and waits for every row that another lane has locked. (It still does where the table has fewer
// rows than the statement has keys. Two lanes may then deadlock, and one tries again.)
#pragma once

#include <cstddef>
#include <string>

namespace mykeyv::store::sql {

/// Bytes of a row in a message beyond those of its key and value: no fewer than there are.
inline constexpr std::size_t row_bytes_overhead = 64;
/// Values that are read before it is known whether there is room for them.
inline constexpr std::size_t short_value_bytes = 8192;

/// Placeholders: (slot, k) for each of `keys`. The same for load_versions and erase.
std::string load(std::size_t keys);
/// As load, for dialect::reads_lists_of_rows().
std::string load_in_list(std::size_t keys);
std::string load_versions(std::size_t keys);
std::string erase(std::size_t keys);

/// Placeholders: slot, k, version, format, v, expires_at for each of `rows`.
std::string upsert(std::size_t rows);

/// Placeholders: expires_at, slot, k for each of `lines`. The same for remove_expiries.
std::string add_expiries(std::size_t lines);
std::string remove_expiries(std::size_t lines);

/// Placeholders: now, limit.
std::string due_expiries();

/// Placeholders: slot, first hash, limit.
std::string keys_from_hash();
/// Placeholders: slot, hash, the key behind which to go on.
std::string keys_of_hash();

/// Placeholders: first and last slot.
std::string count();
std::string count_by_slot();

/// Placeholders: each of `slots`, limit.
std::string keys_of_slots(std::size_t slots);

/// Placeholders: slot, first key, limit.
std::string lengths_from();
/// Placeholders: slot, first and last key.
std::string rows_between();

/// What the next two are about. Placeholders: each of `slots`.
std::string in_list(std::size_t slots);
/// Placeholders: first and last slot of each of `ranges`. It costs a server less to read a range than to read each of its slots.
std::string in_ranges(std::size_t ranges);
/// Placeholders: those of `which`, limit. Values longer than short_value_bytes are NULL; the last column has each one's length.
std::string rows_of_slots(std::string const& which);
/// Placeholders: those of `which`.
std::string summaries(std::string const& which);

}  // namespace mykeyv::store::sql
