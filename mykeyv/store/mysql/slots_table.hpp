// SPDX-License-Identifier: Apache-2.0
// The statements on the table `slots`, and those on all records of one slot that a slot migration needs.
#pragma once

#include "mykeyv/store/lane_session.hpp"
#include "mykeyv/store/mysql/connection.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// As records_table: over one open connection, part of its open transaction, prepared at the first use.
class slots_table {
public:
    explicit slots_table(connection&);
    ~slots_table();
    slots_table(slots_table&&) noexcept;
    slots_table& operator=(slots_table&&) noexcept;

    /// As in lane_session.
    failure rows_from(slot, std::string_view first, std::size_t bytes_max, std::function<void(row const&)> const&, bool& end);
    failure rows_of(std::span<slot const>, std::size_t bytes_max, std::function<void(row const&)> const&, std::size_t& whole);
    failure summaries(std::span<slot const>, std::span<slot_summary> out);
    failure load(slot, slot_row& out);
    failure save(std::span<std::pair<slot, slot_row> const>);
    /// Needs connection::allow_two_statements().
    failure save_and_commit(std::span<std::pair<slot, slot_row> const>, std::function<void()> const& meanwhile);

private:
    failure delete_none(std::span<std::pair<slot, slot_row> const>, std::string& sql);

    struct statements;
    std::unique_ptr<statements> statements_;
};

/// Every row of the table, ascending by slot.
failure load_slots(connection&, std::vector<std::pair<slot, slot_row>>& out);

}  // namespace mykeyv::store
