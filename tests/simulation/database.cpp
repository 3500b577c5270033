// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/database.hpp"

#include <functional>

namespace mykeyv::simulation {

using store::failure;

failure database_session::open()
{
    rollback();
    usable_ = database_.away_until <= world_.steady() && !world_.one_in(world_.trouble.statement_lost);
    static std::uint64_t sessions = 0;
    number_ = ++sessions;
    return usable_ ? failure{} : failure{failure::kind::lost, 0, "no database"};
}

failure database_session::lost()
{
    records_.clear();
    expiries_.clear();
    slots_.clear();
    ceiling_ = 0;
    usable_ = false;
    return {failure::kind::lost, 0, "connection lost"};
}

failure database_session::trouble()
{
    if (!usable_ || database_.away_until > world_.steady() || world_.one_in(world_.trouble.statement_lost)) { return lost(); }
    if (world_.one_in(world_.trouble.statement_crashes)) { throw crash{}; }
    if (world_.one_in(world_.trouble.statement_refused)) { return failure::because("refused"); }
    return {};
}

failure database_session::commit()
{
    auto const answer_lost = world_.one_in(world_.trouble.statement_lost == 0 ? 0 : world_.trouble.statement_lost / 4 + 1);
    auto const crashes = world_.one_in(world_.trouble.statement_crashes);
    if (!usable_ || database_.away_until > world_.steady()) { return lost(); }
    if ((answer_lost || crashes) && world_.one_in(2)) {
        ++world_.seen["commit lost"];
        if (crashes) { throw crash{}; }
        return lost();
    }
    for (auto& [key, record] : records_) {
        if (record) {
            database_.records[key] = std::move(*record);
        } else {
            database_.records.erase(key);
        }
    }
    for (auto const& [line, there] : expiries_) {
        if (there) {
            database_.expiries.insert(line);
        } else {
            database_.expiries.erase(line);
        }
    }
    database_.ceiling = std::max(database_.ceiling, ceiling_);
    for (auto const& [s, row] : slots_) {
        database_.slots[s] = row;
        database_.on_slot(s, row);
    }
    if (crashes) {
        ++world_.seen["crash after commit"];
        throw crash{};
    }
    if (answer_lost) {
        ++world_.seen["commit without answer"];
        return lost();
    }
    return rollback();
}

failure database_session::rollback()
{
    auto const was_usable = usable_;
    lost();
    usable_ = was_usable;
    return usable_ ? failure{} : failure{failure::kind::lost, 0, "connection lost"};
}

stored const* database_session::find(database::key const& key) const
{
    if (auto const mine = records_.find(key); mine != records_.end()) { return mine->second ? &*mine->second : nullptr; }
    auto const place = database_.records.find(key);
    return place == database_.records.end() ? nullptr : &place->second;
}

std::map<std::string, stored> database_session::seen(slot s) const
{
    std::map<std::string, stored> rows;
    for (auto place = database_.records.lower_bound({s, ""}); place != database_.records.end() && place->first.first == s; ++place) {
        rows[place->first.second] = place->second;
    }
    for (auto const& [key, record] : records_) {
        if (key.first != s) { continue; }
        if (record) {
            rows[key.second] = *record;
        } else {
            rows.erase(key.second);
        }
    }
    return rows;
}

failure database_session::load(std::span<store::row_key const> keys, on_row const& on_each)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& key : keys) {
        if (auto const* const found = find({key.slot, std::string{key.k}})) {
            on_each({key.slot, key.k, found->version, found->format, found->value, found->expires_at});
        }
    }
    return {};
}

failure database_session::load_versions(std::span<store::row_key const> keys,
                                        std::function<void(store::row_key const&, std::uint64_t)> const& on_each)
{
    return load(keys, [&](store::row const& found) { on_each(found.key(), found.version); });
}

failure database_session::upsert(std::span<store::row const> rows)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& r : rows) { records_[{r.slot, std::string{r.k}}] = stored{r.version, r.format, std::string{r.v}, r.expires_at}; }
    return {};
}

failure database_session::erase(std::span<store::row_key const> keys)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& key : keys) { records_[{key.slot, std::string{key.k}}] = std::nullopt; }
    return {};
}

failure database_session::add_expiries(std::span<store::expiry const> lines)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& line : lines) { expiries_[{line.expires_at, line.slot, std::string{line.k}}] = true; }
    return {};
}

failure database_session::remove_expiries(std::span<store::expiry const> lines)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& line : lines) { expiries_[{line.expires_at, line.slot, std::string{line.k}}] = false; }
    return {};
}

failure database_session::rows_from(slot s, std::string_view first, std::size_t bytes_max, on_row const& on_each, bool& end)
{
    if (auto failed = trouble()) { return failed; }
    std::size_t bytes = 0;
    for (auto const& [key, r] : seen(s)) {
        if (key < first) { continue; }
        if (bytes > bytes_max) { return end = false, failure{}; }
        bytes += key.size() + r.value.size() + 1;
        on_each({s, key, r.version, r.format, r.value, r.expires_at});
    }
    end = true;
    return {};
}

failure database_session::rows_of(std::span<slot const> slots, std::size_t bytes_max, on_row const& on_each, std::size_t& whole)
{
    whole = 0;
    if (auto failed = trouble()) { return failed; }
    std::size_t bytes = 0;
    for (auto const s : slots) {
        auto const rows = seen(s);
        for (auto const& [key, r] : rows) { bytes += key.size() + r.value.size() + 1; }
        if (bytes > bytes_max) { return {}; }
        for (auto const& [key, r] : rows) { on_each({s, key, r.version, r.format, r.value, r.expires_at}); }
        ++whole;
    }
    return {};
}

failure database_session::summaries(std::span<slot const> slots, std::span<store::slot_summary> out)
{
    if (auto failed = trouble()) { return failed; }
    for (std::size_t i = 0; i < slots.size(); ++i) {
        out[i] = {};
        for (auto const& [key, r] : seen(slots[i])) {
            ++out[i].records;
            out[i].checksum += std::hash<std::string>{}(fmt::format("{} {} {} {}", r.version, static_cast<int>(r.format),
                                                                    r.expires_at ? r.expires_at->value : -1, key)) &
                               0xffffffff;
        }
    }
    return {};
}

failure database_session::erase_slots(std::span<slot const> slots, std::size_t limit, std::uint64_t& erased)
{
    erased = 0;
    if (auto failed = trouble()) { return failed; }
    for (auto const s : slots) {
        for (auto const& [key, r] : seen(s)) {
            if (erased == limit) { return {}; }
            records_[{s, key}] = std::nullopt;
            if (r.expires_at) { expiries_[{*r.expires_at, s, key}] = false; }
            ++erased;
        }
    }
    return {};
}

failure database_session::slots_with_records(std::vector<slot>& out)
{
    if (auto failed = trouble()) { return failed; }
    std::set<slot> found;
    for (auto const& [key, r] : database_.records) { found.insert(key.first); }
    out.assign(found.begin(), found.end());
    return {};
}

failure database_session::load_slot(slot s, store::slot_row& out)
{
    if (auto failed = trouble()) { return failed; }
    auto const place = database_.slots.find(s);
    out = place == database_.slots.end() ? store::slot_row{} : place->second;
    return {};
}

failure database_session::save_slots(std::span<std::pair<slot, store::slot_row> const> wanted)
{
    if (auto failed = trouble()) { return failed; }
    for (auto const& [s, row] : wanted) { slots_[s] = row; }
    return {};
}

failure database_session::raise_version_ceiling(std::uint64_t at_least)
{
    if (auto failed = trouble()) { return failed; }
    ceiling_ = std::max(ceiling_, at_least);
    return {};
}

}  // namespace mykeyv::simulation
