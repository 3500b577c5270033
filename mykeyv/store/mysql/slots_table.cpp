// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/slots_table.hpp"

#include "mykeyv/base/number.hpp"
#include "mykeyv/store/mysql/records_sql.hpp"
#include "mykeyv/store/mysql/statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace mykeyv::store {
namespace {

using kind = columns::kind;

/// Keys looked at for one portion of rows.
constexpr std::size_t keys_per_portion = 1024;
constexpr std::size_t keys_per_portion_min = 16;
/// More are named one by one: a server compares each row with one range after the other.
constexpr std::size_t ranges_max = 8;
constexpr std::string_view slot_columns = "slot,state,epoch,peer,transfer_id";

std::optional<std::uint64_t> number_in(std::optional<std::string> const& text) { return text ? parse_unsigned(*text) : std::nullopt; }

bool is_state(std::uint64_t number) noexcept
{
    return number >= static_cast<unsigned>(slot_state::owned) && number <= static_cast<unsigned>(slot_state::refused);
}

/// First and last of each run of slots that follow one another.
std::vector<std::pair<slot, slot>> ranges_of(std::span<slot const> ascending)
{
    std::vector<std::pair<slot, slot>> ranges;
    for (auto const s : ascending) {
        if (!ranges.empty() && ranges.back().second.number() + 1 == s.number()) {
            ranges.back().second = s;
        } else {
            ranges.emplace_back(s, s);
        }
    }
    return ranges;
}

failure parse(text_row const& from, slot& which, slot_row& out)
{
    auto const number = number_in(from[0]);
    auto const state = number_in(from[1]);
    auto const epoch = number_in(from[2]);
    if (!number || *number >= slot::count || !state || !is_state(*state) || !epoch ||
        (from[3] && from[3]->size() != node_id{}.bytes().size())) {
        return failure::because(fmt::format("table slots: the row of slot {} is none that this mykeyvd makes", from[0].value_or("NULL")));
    }
    which = slot{static_cast<unsigned>(*number)};
    out = {static_cast<slot_state>(*state), {*epoch, number_in(from[4]).value_or(0)}, {}};
    if (from[3]) {
        std::array<std::uint8_t, 20> bytes;
        std::copy(from[3]->begin(), from[3]->end(), bytes.begin());
        out.peer = node_id{bytes};
    }
    return {};
}

}  // namespace

struct slots_table::statements {
    explicit statements(connection& over) : c{over} {}

    /// A statement about several slots, by how it names them.
    struct about_slots {
        sized_statement listed, ranged;
    };

    /// Runs the one of these statements that takes so many slots, with `last` behind them. Up to sized_statement::size_max, ascending.
    failure run(about_slots& of, std::string (*sql)(std::string const&), std::span<slot const> slots, std::optional<std::uint64_t> last,
                statement*& ran)
    {
        auto const ranges = ranges_of(slots);
        auto const in_ranges = ranges.size() <= ranges_max && ranges.size() < slots.size();
        auto const named = in_ranges ? ranges.size() : slots.size();
        auto const size_class = sized_statement::class_above(named);
        auto const size = std::size_t{1} << size_class;
        ran = &(in_ranges ? of.ranged : of.listed).of(size_class);
        auto const which = in_ranges ? sql::in_ranges : sql::in_list;
        if (auto why = ran->prepared() ? failure{} : ran->prepare(c, sql(which(size)))) { return why; }
        in.clear();
        for (std::size_t i = 0; i < size; ++i) {  // the last one again, where there are fewer
            auto const at = std::min(i, named - 1);
            in.add(std::uint64_t{(in_ranges ? ranges[at].first : slots[at]).number()});
            if (in_ranges) { in.add(std::uint64_t{ranges[at].second.number()}); }
        }
        if (last) { in.add(*last); }
        return ran->execute(c, in.binds());
    }

    failure ready(statement& s, std::string (*sql)()) { return s.prepared() ? failure{} : s.prepare(c, sql()); }

    failure fetch_rows(statement& from, std::function<void(row const&)> const& on_row)
    {
        return from.fetch(c, record, [&] { on_row(row_in(record)); });
    }

    /// Of the first six columns.
    static row row_in(columns const& from)
    {
        auto const expires_at = from.whole(5);
        return {slot{static_cast<unsigned>(from.natural(0))}, from.bytes(1), from.natural(2), static_cast<mykeyv::format>(from.natural(3)),
                from.bytes(4), expires_at ? std::optional{unix_ms{*expires_at}} : std::nullopt};
    }

    connection& c;
    parameters in;
    statement lengths_from, rows_between;
    about_slots summaries, rows_of_slots;
    std::size_t bytes_per_row = sql::row_bytes_overhead;  // of those that rows_of() saw last
    columns slot_record{kind::natural, kind::bytes, kind::natural, kind::natural, kind::bytes, kind::whole, kind::natural};
    columns key_length{kind::bytes, kind::natural};
    columns record{kind::natural, kind::bytes, kind::natural, kind::natural, kind::bytes, kind::whole};
    columns figures{kind::natural, kind::natural, kind::natural};
};

slots_table::slots_table(connection& over) : statements_{std::make_unique<statements>(over)} {}
slots_table::~slots_table() = default;
slots_table::slots_table(slots_table&&) noexcept = default;
slots_table& slots_table::operator=(slots_table&&) noexcept = default;

failure slots_table::rows_from(slot of, std::string_view first, std::size_t bytes_max, std::function<void(row const&)> const& on_row,
                               bool& end)
{
    // Lengths first: values of any length may follow each other, and only as many as were asked for are to be read.
    auto& s = *statements_;
    if (auto why = s.ready(s.lengths_from, sql::lengths_from)) { return why; }
    s.in.clear();
    s.in.add(std::uint64_t{of.number()}).add(first).add(keys_per_portion);
    if (auto why = s.lengths_from.execute(s.c, s.in.binds())) { return why; }
    std::string last;
    std::uint64_t seen = 0;
    std::uint64_t taken = 0;
    std::size_t bytes = 0;
    auto& r = s.key_length;
    auto why = s.lengths_from.fetch(s.c, r, [&] {
        ++seen;
        bytes += r.bytes(0).size() + r.natural(1) + sql::row_bytes_overhead;
        if (taken + 1 < seen || (taken > 0 && bytes > bytes_max)) { return; }
        ++taken;
        last = r.bytes(0);
    });
    end = taken == seen && seen < keys_per_portion;
    if (why || taken == 0) { return why; }
    if (why = s.ready(s.rows_between, sql::rows_between); why) { return why; }
    s.in.clear();
    s.in.add(std::uint64_t{of.number()}).add(first).add(std::string_view{last});
    if (why = s.rows_between.execute(s.c, s.in.binds()); why) { return why; }
    return s.fetch_rows(s.rows_between, on_row);
}

failure slots_table::rows_of(std::span<slot const> of, std::size_t bytes_max, std::function<void(row const&)> const& on_row,
                             std::size_t& whole)
{
    auto& s = *statements_;
    of = of.first(std::min(of.size(), sized_statement::size_max));
    whole = 0;
    auto const limit = std::clamp(bytes_max / s.bytes_per_row, keys_per_portion_min, keys_per_portion);
    auto const bytes_most = bytes_max + bytes_max / 4;  // rows differ, and what has been read is better kept than read again
    statement* ran = nullptr;
    if (auto why = s.run(s.rows_of_slots, sql::rows_of_slots, of, limit, ran)) { return why; }
    std::size_t bytes = 0;
    std::size_t at = 0;  // the slot of the last row seen, an index; all before it are whole if `fits`
    std::size_t seen = 0;
    bool fits = true;
    auto& r = s.slot_record;
    auto why = ran->fetch(s.c, r, [&] {
        while (of[at].number() != r.natural(0)) { ++at; }
        if (fits) { whole = at; }
        ++seen;
        bytes += r.bytes(1).size() + r.natural(6) + sql::row_bytes_overhead;
        fits = fits && r.natural(6) <= sql::short_value_bytes && bytes <= bytes_most;
        if (fits) { on_row(s.row_in(r)); }
    });
    if (why) { return why; }
    if (seen > 0) { s.bytes_per_row = bytes / seen; }
    if (fits && seen < limit) { whole = of.size(); }
    return {};
}

failure slots_table::summaries(std::span<slot const> of, std::span<slot_summary> out)
{
    auto& s = *statements_;
    std::ranges::fill(out, slot_summary{});
    for (std::size_t first = 0; first < of.size();) {
        auto const taken = of.subspan(first, std::min(sized_statement::size_max, of.size() - first));
        statement* ran = nullptr;
        if (auto why = s.run(s.summaries, sql::summaries, taken, {}, ran)) { return why; }
        auto why = ran->fetch(s.c, s.figures, [&] {
            auto const place = std::ranges::find(taken, slot{static_cast<unsigned>(s.figures.natural(0))}) - taken.begin();
            out[first + static_cast<std::size_t>(place)] = {s.figures.natural(1), s.figures.natural(2)};
        });
        if (why) { return why; }
        first += taken.size();
    }
    return {};
}

failure slots_table::load(slot of, slot_row& out)
{
    text_rows rows;
    auto& c = statements_->c;
    if (auto why = c.query(fmt::format("SELECT {} FROM slots WHERE slot={}", slot_columns, of.number()), rows)) { return why; }
    out = {};
    slot same;
    return rows.empty() ? failure{} : parse(rows[0], same, out);
}

failure slots_table::save(std::span<std::pair<slot, slot_row> const> wanted)
{
    std::string sql;
    auto failed = delete_none(wanted, sql);
    return failed || sql.empty() ? failed : statements_->c.execute(sql);
}

failure slots_table::save_and_commit(std::span<std::pair<slot, slot_row> const> wanted, std::function<void()> const& meanwhile)
{
    std::string sql;
    auto failed = delete_none(wanted, sql);
    return failed ? failed : statements_->c.commit_behind(std::move(sql), meanwhile);
}

/// Those of state `none` are deleted; `sql` saves the others, and is empty if there are none.
failure slots_table::delete_none(std::span<std::pair<slot, slot_row> const> wanted, std::string& sql)
{
    auto& c = statements_->c;
    std::string rows;
    for (auto const& [of, row] : wanted) {
        if (row.state == slot_state::none) {
            if (auto failed = c.execute(fmt::format("DELETE FROM slots WHERE slot={}", of.number()))) { return failed; }
            continue;
        }
        auto const& peer = row.peer.bytes();
        auto const quoted_peer = row.peer == node_id{} ? "NULL" : c.quoted({reinterpret_cast<char const*>(peer.data()), peer.size()});
        rows += fmt::format("{}({},{},{},{},{})", rows.empty() ? "" : ",", of.number(), static_cast<unsigned>(row.state), row.offer.epoch,
                            quoted_peer, row.offer.transfer);
    }
    if (!rows.empty()) { sql = fmt::format("REPLACE INTO slots ({}) VALUES {}", slot_columns, rows); }
    return {};
}

failure load_slots(connection& c, std::vector<std::pair<slot, slot_row>>& out)
{
    text_rows rows;
    if (auto failed = c.query(fmt::format("SELECT {} FROM slots ORDER BY slot", slot_columns), rows)) { return failed; }
    out.clear();
    for (auto const& each : rows) {
        auto& [which, row] = out.emplace_back();
        if (auto failed = parse(each, which, row)) { return failed; }
    }
    return c.rollback();
}

}  // namespace mykeyv::store
