// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/batch.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <tuple>
#include <utility>

namespace mykeyv::store {

// What is known of one key

void batch::entry::learn(row const& found)
{
    owned.assign(found.v);
    known = stored = present = true;
    current = {.value = owned, .format = found.format, .version = found.version, .expires_at = found.expires_at};
    stored_version = found.version;
    stored_expiry = found.expires_at;
}

void batch::entry::learn(cached_record found)
{
    if (!found.present()) { return learn_absent(); }
    cached = std::move(found);
    known = stored = present = true;
    current = cached.view();
    stored_version = current.version;
    stored_expiry = current.expires_at;
}

void batch::entry::learn_absent()
{
    known = true;
    stored = present = false;
}

void batch::entry::change_to(put&& wanted_record, std::uint64_t version)
{
    owned = std::move(wanted_record.value);
    current = {.value = owned, .format = wanted_record.format, .version = version, .expires_at = wanted_record.expires_at};
    present = changed = true;
}

void batch::entry::change_to_absent() noexcept
{
    present = false;
    changed = true;
}

bool batch::entry::purge_if_expired(unix_ms now) noexcept
{
    auto const is_due = present && expired(current.expires_at, now);
    if (is_due) { change_to_absent(); }
    return is_due;
}

// Collecting and loading

void batch::collect(unix_ms now)
{
    now_ = now;
    entries_.clear();
    entry_by_key_.clear();
    entry_indices_.clear();
    decided_ = decided_indices_ = purged_ = held_bytes_ = 0;
    changes_something_.assign(operations_.size(), false);
    for (auto const& op : operations_) {
        for (auto const& key : op->keys()) {
            auto const index = entry_of(op->slot(), key);
            entry_indices_.push_back(index);
            // Behind a blind write the record is what that write made it; if that write kept its hands off, decide() will ask.
            auto& each = entries_[index];
            each.wanted = each.wanted || (op->access() != access::blind_write && !each.changed);
            each.changed = each.changed || op->access() == access::blind_write;
        }
    }
    for (auto const& line : due_) { entries_[entry_of(line.slot, line.key)].wanted = true; }
    for (auto& each : entries_) {
        each.changed = false;
        if (!each.wanted) { continue; }
        if (auto found = cache_.find(each.slot, each.key)) { each.learn(std::move(found)); }
        purged_ += each.purge_if_expired(now_) ? 1 : 0;
    }
}

std::uint32_t batch::entry_of(mykeyv::slot slot, std::string_view key)
{
    auto const [place, fresh] = entry_by_key_.try_emplace(key, static_cast<std::uint32_t>(entries_.size()));
    if (fresh) {
        auto& added = entries_.emplace_back();
        added.slot = slot;
        added.key = key;
    }
    return place->second;
}

std::vector<row_key> batch::missing()
{
    std::vector<row_key> keys;
    asked_.clear();
    for (std::uint32_t i = 0; i < entries_.size() && keys.size() < limits::batch_load_rows_max; ++i) {
        auto const& each = entries_[i];
        if (!each.is_missing()) { continue; }
        keys.push_back({each.slot, each.key});
        asked_.push_back(i);
    }
    std::ranges::sort(keys);
    return keys;
}

void batch::loaded(row const& found)
{
    auto const place = entry_by_key_.find(found.k);
    assert(place != entry_by_key_.end());
    entries_[place->second].learn(found);
    held_bytes_ += found.v.size();
}

void batch::rows_loaded()
{
    for (auto const index : asked_) {
        auto& each = entries_[index];
        if (each.is_missing()) { each.learn_absent(); }
        if (!each.changed) { purged_ += each.purge_if_expired(now_) ? 1 : 0; }
    }
}

// Deciding

bool batch::all_known(operation const& op, std::span<std::uint32_t const> entries)
{
    if (op.access() == access::blind_write) { return true; }
    bool all = true;
    for (auto const index : entries) {
        auto& each = entries_[index];
        each.wanted = each.wanted || !each.changed;
        all = all && !each.is_missing();
    }
    return all;
}

bool batch::decide(std::uint64_t& last_version, std::size_t value_bytes_max)
{
    while (decided_ < operations_.size() && (decided_ == 0 || held_bytes_ <= limits::batch_held_bytes_max)) {
        auto& op = *operations_[decided_];
        auto const entries = std::span{entry_indices_}.subspan(decided_indices_, op.keys().size());
        if (!all_known(op, entries)) { return false; }
        decide_one(op, entries, last_version, value_bytes_max);
        held_bytes_ += op.reply_bytes();
        decided_indices_ += entries.size();
        ++decided_;
    }
    // Lines of the sweeper's list have no operation that would ask for their rows.
    return std::ranges::none_of(due_, [this](due_line const& line) { return entries_[entry_by_key_.at(line.key)].is_missing(); });
}

std::vector<operation_ptr> batch::take_undecided()
{
    auto const first = operations_.begin() + static_cast<std::ptrdiff_t>(decided_);
    std::vector<operation_ptr> rest(std::make_move_iterator(first), std::make_move_iterator(operations_.end()));
    operations_.erase(first, operations_.end());
    return rest;
}

void batch::decide_one(operation& op, std::span<std::uint32_t const> entries, std::uint64_t& last_version, std::size_t value_bytes_max)
{
    before_.clear();
    for (auto const index : entries) {
        auto const& each = entries_[index];
        // An operation of this batch may have stored what had expired already.
        auto const is_there = each.present && !expired(each.current.expires_at, now_);
        before_.push_back(is_there && op.access() != access::blind_write ? &each.current : nullptr);
    }
    after_.assign(entries.size(), keep{});
    op.decide(before_, {.now = now_, .version = last_version + 1, .value_bytes_max = value_bytes_max}, after_);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& each = entries_[entries[i]];
        if (auto* const wanted = std::get_if<put>(&after_[i])) {
            each.change_to(std::move(*wanted), ++last_version);
            changes_something_[decided_] = true;
        } else if (std::holds_alternative<erase>(after_[i])) {
            each.change_to_absent();
            changes_something_[decided_] = true;
        }
    }
}

// Results

batch_writes batch::writes() const
{
    batch_writes wanted;
    for (auto const& each : entries_) {
        if (!each.changed) { continue; }
        auto const before = each.known && each.stored ? each.stored_expiry : std::nullopt;
        auto const after = each.present ? each.current.expires_at : std::nullopt;
        if (before && before != after) { wanted.expiries_removed.push_back({*before, each.slot, each.key}); }
        if (after && before != after) { wanted.expiries_added.push_back({*after, each.slot, each.key}); }
        if (each.present) {
            wanted.puts.push_back({each.slot, each.key, each.current.version, each.current.format, each.current.value, after});
        } else if (!each.known || each.stored) {
            wanted.erasures.push_back({each.slot, each.key});
        } else {
            continue;
        }
        wanted.slots.push_back(each.slot);
    }
    for (auto const& line : due_) {
        auto const& each = entries_[entry_by_key_.at(line.key)];
        auto const still_due = each.present && each.current.expires_at == line.expires_at;
        if (!still_due) { wanted.expiries_removed.push_back({line.expires_at, line.slot, line.key}); }
    }
    std::ranges::sort(wanted.puts, {}, [](row const& each) { return each.key(); });
    std::ranges::sort(wanted.erasures);
    std::ranges::sort(wanted.slots);
    auto const repeated = std::ranges::unique(wanted.slots);
    wanted.slots.erase(repeated.begin(), repeated.end());
    auto const by_time = [](expiry const& line) { return std::tuple{line.expires_at, line.slot, line.k}; };
    std::ranges::sort(wanted.expiries_added, {}, by_time);
    std::ranges::sort(wanted.expiries_removed, {}, by_time);
    auto const same_line = std::ranges::unique(wanted.expiries_removed, {}, by_time);
    wanted.expiries_removed.erase(same_line.begin(), same_line.end());
    return wanted;
}

std::optional<batch_witness> batch::witness() const
{
    std::optional<row_key> erased;
    std::vector<row_key> perhaps_erased;  // unread: if none of them is there any more, it is all the same
    for (auto const& each : entries_) {
        if (!each.changed) { continue; }
        if (each.present) { return batch_witness{{{each.slot, each.key}}, each.current.version}; }
        if (each.known && each.stored) { erased = {each.slot, each.key}; }
        if (!each.known) { perhaps_erased.push_back({each.slot, each.key}); }
    }
    if (erased) { return batch_witness{{*erased}, std::nullopt}; }
    if (perhaps_erased.empty()) { return std::nullopt; }
    std::ranges::sort(perhaps_erased);
    return batch_witness{std::move(perhaps_erased), std::nullopt};
}

void batch::publish()
{
    for (auto const& each : entries_) {
        if (each.changed ? true : each.known && !each.cached) {
            cache_.publish(each.slot, each.key, each.present ? &each.current : nullptr);
        }
    }
}

void batch::for_each_loaded(std::function<void(mykeyv::slot, std::string_view, record_view const*)> const& use) const
{
    for (auto const& each : entries_) {
        if (each.known && !each.cached && !each.changed) { use(each.slot, each.key, each.present ? &each.current : nullptr); }
    }
}

void batch::forget()
{
    for (auto const& each : entries_) {
        if (each.changed) { cache_.forget(each.key); }
    }
}

// The end

void batch::complete(errc outcome) noexcept
{
    auto operations = std::exchange(operations_, {});
    for (auto& op : operations) {
        auto& ended = *op;
        ended.completed(std::move(op), outcome);
    }
    due_.clear();
}

void batch::complete_unknown() noexcept
{
    auto operations = std::exchange(operations_, {});
    for (std::size_t i = 0; i < operations.size(); ++i) {
        auto& ended = *operations[i];
        ended.completed(std::move(operations[i]), changes_something_[i] ? errc::outcome_unknown : errc::cluster_down);
    }
    due_.clear();
}

}  // namespace mykeyv::store
