// SPDX-License-Identifier: Apache-2.0
// A lane's session with a real MySQL.
#pragma once

#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/lane_session.hpp"
#include "mykeyv/store/mysql/slots_table.hpp"

#include <optional>

namespace mykeyv::store {

class mysql_lane_session final : public lane_session {
public:
    /// `from` must outlive it.
    explicit mysql_lane_session(connector& from) : from_{from} {}

    failure open() override;
    bool usable() const noexcept override { return session_.usable(); }
    void interrupt() noexcept override { session_.link.interrupt(); }
    std::string tag() const override { return session_.link.tag(); }
    failure end(std::string const& tag) override;
    failure commit() override { return session_.link.commit(); }
    failure rollback() override { return session_.link.rollback(); }

    failure load(std::span<row_key const>, on_row const&) override;
    failure load_versions(std::span<row_key const>, std::function<void(row_key const&, std::uint64_t)> const&) override;
    failure upsert(std::span<row const>) override;
    failure erase(std::span<row_key const>) override;
    failure add_expiries(std::span<expiry const>) override;
    failure remove_expiries(std::span<expiry const>) override;

    failure rows_from(slot, std::string_view first, std::size_t bytes_max, on_row const&, bool& end) override;
    failure rows_of(std::span<slot const>, std::size_t bytes_max, on_row const&, std::size_t& whole) override;
    failure summaries(std::span<slot const>, std::span<slot_summary> out) override;
    failure erase_slots(std::span<slot const>, std::size_t limit, std::uint64_t& erased) override;
    failure slots_with_records(std::vector<slot>& out) override;
    failure load_slot(slot, slot_row& out) override;
    failure save_slots(std::span<std::pair<slot, slot_row> const>) override;
    failure save_slots_and_commit(std::span<std::pair<slot, slot_row> const>, std::function<void()> const& meanwhile) override;

    failure raise_version_ceiling(std::uint64_t at_least) override;

private:
    connector& from_;
    session session_;
    std::optional<slots_table> slots_;
};

}  // namespace mykeyv::store
