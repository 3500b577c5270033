// SPDX-License-Identifier: Apache-2.0
// A MySQL that loses nothing it has committed, and loses everything else whenever it can.
#pragma once

#include "mykeyv/store/lane_session.hpp"
#include "tests/simulation/world.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace mykeyv::simulation {

/// The daemon dies here. Nobody in Mykeyv catches it.
struct crash {};

struct stored {
    std::uint64_t version = 0;
    mykeyv::format format = mykeyv::format::bytes;
    std::string value;
    std::optional<unix_ms> expires_at;
};

/// What is on disk.
struct database {
    using key = std::pair<slot, std::string>;
    using line = std::tuple<unix_ms, slot, std::string>;
    std::map<key, stored> records;
    std::set<line> expiries;
    std::map<slot, store::slot_row> slots;
    std::string topology;  // none: empty
    std::uint64_t epoch = 0;
    std::uint64_t ceiling = 0;
    time_point away_until{};
    /// Told each row of `slots` that is committed.
    unique_function<void(slot, store::slot_row const&)> on_slot;
};

class database_session final : public store::lane_session {
public:
    database_session(world& in, database& over) : world_{in}, database_{over} {}

    store::failure open() override;
    bool usable() const noexcept override { return usable_; }
    void interrupt() noexcept override {}
    std::string tag() const override { return std::to_string(number_); }
    store::failure end(std::string const&) override { return {}; }
    store::failure commit() override;
    store::failure rollback() override;

    store::failure load(std::span<store::row_key const>, on_row const&) override;
    store::failure load_versions(std::span<store::row_key const>,
                                 std::function<void(store::row_key const&, std::uint64_t)> const&) override;
    store::failure upsert(std::span<store::row const>) override;
    store::failure erase(std::span<store::row_key const>) override;
    store::failure add_expiries(std::span<store::expiry const>) override;
    store::failure remove_expiries(std::span<store::expiry const>) override;
    store::failure rows_from(slot, std::string_view first, std::size_t bytes_max, on_row const&, bool& end) override;
    store::failure rows_of(std::span<slot const>, std::size_t bytes_max, on_row const&, std::size_t& whole) override;
    store::failure summaries(std::span<slot const>, std::span<store::slot_summary> out) override;
    store::failure erase_slots(std::span<slot const>, std::size_t limit, std::uint64_t& erased) override;
    store::failure slots_with_records(std::vector<slot>& out) override;
    store::failure load_slot(slot, store::slot_row& out) override;
    store::failure save_slots(std::span<std::pair<slot, store::slot_row> const>) override;
    store::failure raise_version_ceiling(std::uint64_t at_least) override;

private:
    /// What goes wrong with a statement.
    store::failure trouble();
    store::failure lost();
    /// The rows of a slot as this transaction sees them.
    std::map<std::string, stored> seen(slot) const;
    stored const* find(database::key const&) const;

    world& world_;
    database& database_;
    bool usable_ = false;
    std::uint64_t number_ = 0;
    // The open transaction
    std::map<database::key, std::optional<stored>> records_;
    std::map<database::line, bool> expiries_;
    std::map<slot, store::slot_row> slots_;
    std::uint64_t ceiling_ = 0;
};

}  // namespace mykeyv::simulation
