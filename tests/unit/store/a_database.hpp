// SPDX-License-Identifier: Apache-2.0
// A MySQL of a few lines below a lane, which goes wrong when it is told to; and the lane over it, without a thread.
#pragma once

#include "mykeyv/store/lane_core.hpp"

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace mykeyv::store::testing {

struct stored_row {
    std::string value;
    std::uint64_t version = 0;
    mykeyv::format format = mykeyv::format::bytes;
    std::optional<unix_ms> expires_at;
};

struct tables {
    std::map<std::pair<slot, std::string>, stored_row> records;
    std::map<slot, slot_row> slots;
    std::uint64_t ceiling = 0;
};

/// How a COMMIT ends.
enum class ending { well, refused, lost_before, lost_after, lost_after_and_away };

struct a_database {
    tables committed;
    std::deque<ending> endings;  ///< of the next commits; none: well
    bool away = false;
    int commits = 0;
    int rollbacks = 0;
    int sessions = 0;                ///< that were opened
    std::vector<std::string> ended;  ///< tags of sessions that were to be over
    int read_together = 0;  ///< calls of rows_of
    int read_alone = 0;     ///< calls of rows_from

    stored_row const* find(std::string const& key) const
    {
        auto const place = committed.records.find({slot_of(key), key});
        return place == committed.records.end() ? nullptr : &place->second;
    }
};

class a_session final : public lane_session {
public:
    explicit a_session(a_database& over) : database_{over} {}

    failure open() override
    {
        usable_ = !database_.away;
        begun_ = false;
        tag_ = "session " + std::to_string(++database_.sessions);
        return usable_ ? failure{} : gone();
    }
    bool usable() const noexcept override { return usable_; }
    void interrupt() noexcept override { usable_ = false; }
    std::string tag() const override { return tag_; }
    failure end(std::string const& tag) override
    {
        database_.ended.push_back(tag);
        return {};
    }
    failure commit() override
    {
        if (!usable_ || database_.away) { return lose(); }
        auto how = ending::well;
        if (!database_.endings.empty()) {
            how = database_.endings.front();
            database_.endings.pop_front();
        }
        if (how == ending::refused) { return failure::because("refused"); }
        if (how == ending::lost_before) { return lose(); }
        if (std::exchange(begun_, false)) { database_.committed = open_; }
        ++database_.commits;
        database_.away = how == ending::lost_after_and_away;
        return how == ending::well ? failure{} : lose();
    }
    failure rollback() override
    {
        ++database_.rollbacks;
        begun_ = false;
        return usable_ ? failure{} : gone();
    }

    failure load(std::span<row_key const> keys, on_row const& on_each) override
    {
        if (!answers()) { return lose(); }
        for (auto const& key : keys) {
            auto const place = open_.records.find({key.slot, std::string{key.k}});
            if (place != open_.records.end()) { on_each(as_row(*place)); }
        }
        return {};
    }
    failure load_versions(std::span<row_key const> keys, std::function<void(row_key const&, std::uint64_t)> const& on_each) override
    {
        return load(keys, [&](row const& found) { on_each(found.key(), found.version); });
    }
    failure upsert(std::span<row const> rows) override
    {
        return change([&] {
            for (auto const& r : rows) {
                open_.records[{r.slot, std::string{r.k}}] = {std::string{r.v}, r.version, r.format, r.expires_at};
            }
        });
    }
    failure erase(std::span<row_key const> keys) override
    {
        return change([&] {
            for (auto const& key : keys) { open_.records.erase({key.slot, std::string{key.k}}); }
        });
    }
    failure add_expiries(std::span<expiry const>) override { return {}; }
    failure remove_expiries(std::span<expiry const>) override { return {}; }

    failure rows_from(slot s, std::string_view first, std::size_t bytes_max, on_row const& on_each, bool& end) override
    {
        if (!answers()) { return lose(); }
        ++database_.read_alone;
        std::size_t bytes = 0;
        for (auto const& each : open_.records) {
            if (each.first.first != s || each.first.second < first) { continue; }
            if (bytes >= bytes_max) { return end = false, failure{}; }
            bytes += each.second.value.size() + 1;
            on_each(as_row(each));
        }
        end = true;
        return {};
    }
    failure rows_of(std::span<slot const> slots, std::size_t bytes_max, on_row const& on_each, std::size_t& whole) override
    {
        whole = 0;
        if (!answers()) { return lose(); }
        ++database_.read_together;
        std::size_t bytes = 0;
        for (auto const s : slots) {
            for (auto const& each : open_.records) { bytes += each.first.first == s ? each.second.value.size() + 1 : 0; }
            if (bytes > bytes_max) { return {}; }
            for (auto const& each : open_.records) {
                if (each.first.first == s) { on_each(as_row(each)); }
            }
            ++whole;
        }
        return {};
    }
    failure summaries(std::span<slot const> slots, std::span<slot_summary> out) override
    {
        if (!answers()) { return lose(); }
        for (std::size_t i = 0; i < slots.size(); ++i) {
            out[i] = {};
            for (auto const& [key, r] : open_.records) {
                if (key.first == slots[i]) { ++out[i].records, out[i].checksum += r.version; }
            }
        }
        return {};
    }
    failure erase_slots(std::span<slot const> slots, std::size_t limit, std::uint64_t& erased) override
    {
        erased = 0;
        return change([&] {
            for (auto const s : slots) {
                for (auto place = open_.records.begin(); place != open_.records.end() && erased < limit;) {
                    place->first.first == s ? (place = open_.records.erase(place), void(++erased)) : void(++place);
                }
            }
        });
    }
    failure slots_with_records(std::vector<slot>& out) override
    {
        if (!answers()) { return lose(); }
        out.clear();
        for (auto const& [key, r] : open_.records) {
            if (out.empty() || out.back() != key.first) { out.push_back(key.first); }
        }
        return {};
    }
    failure load_slot(slot s, slot_row& out) override
    {
        if (!answers()) { return lose(); }
        auto const place = open_.slots.find(s);
        out = place == open_.slots.end() ? slot_row{} : place->second;
        return {};
    }
    failure save_slots(std::span<std::pair<slot, slot_row> const> wanted) override
    {
        return change([&] {
            for (auto const& [s, row] : wanted) { open_.slots[s] = row; }
        });
    }
    failure raise_version_ceiling(std::uint64_t at_least) override
    {
        return change([&] { open_.ceiling = std::max(open_.ceiling, at_least); });
    }

private:
    using each_record = std::map<std::pair<slot, std::string>, stored_row>::value_type;

    static failure gone() { return {failure::kind::lost, 0, "connection lost"}; }
    static row as_row(each_record const& r)
    {
        return {r.first.first, r.first.second, r.second.version, r.second.format, r.second.value, r.second.expires_at};
    }
    /// Begins a transaction where there is none.
    bool answers()
    {
        if (!std::exchange(begun_, true)) { open_ = database_.committed; }
        return usable_ && !database_.away;
    }
    failure lose()
    {
        usable_ = begun_ = false;
        return gone();
    }
    template <class Do>
    failure change(Do what)
    {
        if (!answers()) { return lose(); }
        what();
        return {};
    }

    a_database& database_;
    bool usable_ = false;
    bool begun_ = false;
    std::string tag_;
    tables open_;  // as the transaction sees them
};

/// A clock that stands still, or goes on with every look at it: then nothing has to wait for anything.
class a_clock final : public clock {
public:
    unix_ms now() const noexcept override { return {1000}; }
    std::chrono::steady_clock::time_point steady() const noexcept override { return steady_ += step; }
    void pass(std::chrono::milliseconds by) { steady_ += by; }

    std::chrono::milliseconds step{0};

private:
    mutable std::chrono::steady_clock::time_point steady_{std::chrono::hours{1}};
};

/// Nothing comes in. What happens while a lane waits for its MySQL is said by `waiting`, which is called each time.
class an_inbox final : public lane_inbox {
public:
    void take(std::vector<lane_item>& out, std::chrono::milliseconds) override
    {
        out.clear();
        if (waiting) { waiting(out); }
    }
    bool closed() const override { return is_closed; }

    std::function<void(std::vector<lane_item>&)> waiting;
    bool is_closed = false;
};

/// All that a lane needs.
struct a_lane {
    explicit a_lane(tenure held = {1, 0, versions_per_tenure, false, {}})
        : mysql{{}, held, silence, [] {}}, core{0, env, std::make_unique<a_session>(database), inbox}
    {
    }

    void run(std::vector<lane_item> items) { core.run_items(items); }
    template <class... Items>
    void run_all(Items... each)
    {
        std::vector<lane_item> items;
        (items.emplace_back(std::move(each)), ...);
        core.run_items(items);
    }

    a_database database;
    log silence{log_level::off};
    a_clock time;
    connector mysql;
    cache known{1 << 20};
    environment env{silence, time, mysql, known, 16u << 20, std::chrono::milliseconds{100}};
    an_inbox inbox;
    lane_core core;
};

}  // namespace mykeyv::store::testing
