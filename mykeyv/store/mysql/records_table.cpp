// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/records_table.hpp"

#include "mykeyv/store/mysql/records_sql.hpp"
#include "mykeyv/store/mysql/row_arrays.hpp"
#include "mykeyv/store/mysql/statement.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace mykeyv::store {
namespace {

using kind = columns::kind;

/// Bytes of rows in one message, unless a single row is longer: far below what any server in use takes.
constexpr std::size_t message_bytes_max = 4u << 20;

constexpr std::uint64_t limit_max = std::uint64_t{1} << 62;  // servers dislike LIMIT 2^64-1 in prepared statements

/// How many of the first `rows`, one at least, go into one message.
std::size_t rows_of_a_message(std::span<row const> rows) noexcept
{
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (auto const& row : rows) {
        bytes += row.k.size() + row.v.size() + sql::row_bytes_overhead;
        if (count > 0 && bytes > message_bytes_max) { break; }
        ++count;
    }
    return count;
}

std::optional<unix_ms> time_of(std::optional<std::int64_t> milliseconds) noexcept
{
    return milliseconds ? std::optional{unix_ms{*milliseconds}} : std::nullopt;
}

std::optional<std::int64_t> milliseconds_of(std::optional<unix_ms> at) noexcept
{
    return at ? std::optional{at->value} : std::nullopt;
}

slot slot_in(columns const& of, std::size_t column) { return slot{static_cast<unsigned>(of.natural(column))}; }

void add(parameters& to, row_key const& key) { to.add(std::uint64_t{key.slot.number()}).add(key.k); }

void add(parameters& to, expiry const& line)
{
    to.add(std::optional{line.expires_at.value}).add(std::uint64_t{line.slot.number()}).add(line.k);
}

void add(parameters& to, slot s) { to.add(std::uint64_t{s.number()}); }

}  // namespace

struct records_table::statements {
    explicit statements(connection& over) : c{over} {}

    connection& c;
    parameters in;
    row_arrays arrays;

    sized_statement load, load_versions, erase, upsert, add_expiries, remove_expiries, keys_of_slots;
    statement upsert_array, due_expiries, keys_from_hash, keys_of_hash, count, count_by_slot;

    columns record{kind::natural, kind::bytes, kind::natural, kind::natural, kind::bytes, kind::whole};
    columns version{kind::natural, kind::bytes, kind::natural};
    columns due{kind::whole, kind::natural, kind::bytes};
    columns hashed_key{kind::bytes, kind::natural, kind::whole};
    columns plain_key{kind::bytes, kind::whole};
    columns number{kind::natural};
    columns slot_number{kind::natural, kind::natural};
    columns slot_key{kind::natural, kind::bytes, kind::whole};

    failure ready(statement& s, std::string const& sql) { return s.prepared() ? failure{} : s.prepare(c, sql); }

    failure ready(sized_statement& of, std::size_t size_class, std::string (*sql)(std::size_t))
    {
        auto& s = of.of(size_class);
        return s.prepared() ? failure{} : s.prepare(c, sql(std::size_t{1} << size_class));
    }

    failure run(statement& s) { return s.execute(c, in.binds()); }

    /// Runs a statement over all `items`, in pieces that are filled up with their last item: naming one twice changes
    /// nothing in a condition. `after` sees each statement that was run.
    template <class Item, class After>
    failure over_all(sized_statement& of, std::string (*sql)(std::size_t), std::span<Item const> items, After const& after)
    {
        while (!items.empty()) {
            auto const size_class = sized_statement::class_above(items.size());
            auto const size = std::size_t{1} << size_class;
            auto const taken = std::min(size, items.size());
            if (auto why = ready(of, size_class, sql)) { return why; }
            in.clear();
            for (std::size_t i = 0; i < size; ++i) { add(in, items[std::min(i, taken - 1)]); }
            if (auto why = run(of.of(size_class))) { return why; }
            if (auto why = after(of.of(size_class))) { return why; }
            items = items.subspan(taken);
        }
        return {};
    }

    failure upsert_by_array(std::span<row const> rows, std::uint64_t& affected)
    {
        if (auto why = ready(upsert_array, sql::upsert(1))) { return why; }
        while (!rows.empty()) {
            auto const taken = rows_of_a_message(rows);
            if (auto why = upsert_array.execute_array(c, arrays.fill(rows.first(taken)), taken)) { return why; }
            affected += upsert_array.affected_rows();
            rows = rows.subspan(taken);
        }
        return {};
    }

    failure upsert_by_list(std::span<row const> rows, std::uint64_t& affected)
    {
        while (!rows.empty()) {
            auto const size_class = sized_statement::class_below(rows_of_a_message(rows));
            auto const taken = std::size_t{1} << size_class;
            if (auto why = ready(upsert, size_class, sql::upsert)) { return why; }
            in.clear();
            for (auto const& row : rows.first(taken)) {
                add(in, row.key());
                in.add(row.version).add(static_cast<std::uint64_t>(row.format)).add(row.v).add(milliseconds_of(row.expires_at));
            }
            if (auto why = run(upsert.of(size_class))) { return why; }
            affected += upsert.of(size_class).affected_rows();
            rows = rows.subspan(taken);
        }
        return {};
    }
};

records_table::records_table(connection& c) : statements_{std::make_unique<statements>(c)} {}
records_table::~records_table() = default;
records_table::records_table(records_table&&) noexcept = default;
records_table& records_table::operator=(records_table&&) noexcept = default;

failure records_table::load(std::span<row_key const> keys, std::function<void(row const&)> const& on_row)
{
    auto& s = *statements_;
    auto& r = s.record;
    auto const sql = s.c.server().reads_lists_of_rows() ? sql::load_in_list : sql::load;
    return s.over_all(s.load, sql, keys, [&](statement& done) {
        return done.fetch(s.c, r, [&] {
            on_row({slot_in(r, 0), r.bytes(1), r.natural(2), static_cast<mykeyv::format>(r.natural(3)), r.bytes(4), time_of(r.whole(5))});
        });
    });
}

failure records_table::load_versions(std::span<row_key const> keys, std::function<void(row_key const&, std::uint64_t)> const& on_row)
{
    auto& s = *statements_;
    auto& r = s.version;
    return s.over_all(s.load_versions, sql::load_versions, keys, [&](statement& done) {
        return done.fetch(s.c, r, [&] { on_row({slot_in(r, 0), r.bytes(1)}, r.natural(2)); });
    });
}

failure records_table::upsert(std::span<row const> rows, std::uint64_t& created)
{
    auto& s = *statements_;
    std::uint64_t affected = 0;
    auto why = s.c.server().array_binding() ? s.upsert_by_array(rows, affected) : s.upsert_by_list(rows, affected);
    created = why ? 0 : 2 * rows.size() - affected;  // 1 for a row made, 2 for a row changed
    return why;
}

failure records_table::erase(std::span<row_key const> keys, std::uint64_t& erased)
{
    auto& s = *statements_;
    erased = 0;
    return s.over_all(s.erase, sql::erase, keys, [&](statement& done) {
        erased += done.affected_rows();
        return failure{};
    });
}

failure records_table::keys_page(slot of, std::uint32_t first_hash, std::size_t limit, on_key const& on_each)
{
    auto& s = *statements_;
    if (auto why = s.ready(s.keys_from_hash, sql::keys_from_hash())) { return why; }
    s.in.clear();
    // One more than asked for shows whether the last hash goes on.
    s.in.add(std::uint64_t{of.number()}).add(std::uint64_t{first_hash}).add(std::min<std::uint64_t>(limit, limit_max) + 1);
    if (auto why = s.run(s.keys_from_hash)) { return why; }
    std::size_t count = 0;
    std::uint32_t last_hash = 0;
    std::string last_key;
    bool goes_on = false;
    auto& r = s.hashed_key;
    auto why = s.keys_from_hash.fetch(s.c, r, [&] {
        auto const hash = static_cast<std::uint32_t>(r.natural(1));
        if (count++ == limit) {
            goes_on = hash == last_hash;
            return;
        }
        last_hash = hash;
        last_key = r.bytes(0);
        on_each(r.bytes(0), hash, time_of(r.whole(2)));
    });
    if (why || !goes_on) { return why; }
    if (why = s.ready(s.keys_of_hash, sql::keys_of_hash()); why) { return why; }
    s.in.clear();
    s.in.add(std::uint64_t{of.number()}).add(std::uint64_t{last_hash}).add(std::string_view{last_key});
    if (why = s.run(s.keys_of_hash); why) { return why; }
    auto& rest = s.plain_key;
    return s.keys_of_hash.fetch(s.c, rest, [&] { on_each(rest.bytes(0), last_hash, time_of(rest.whole(1))); });
}

failure records_table::count(slot first, slot last, std::uint64_t& out)
{
    auto& s = *statements_;
    if (auto why = s.ready(s.count, sql::count())) { return why; }
    s.in.clear();
    add(s.in, first);
    add(s.in, last);
    if (auto why = s.run(s.count)) { return why; }
    return s.count.fetch(s.c, s.number, [&] { out = s.number.natural(0); });
}

failure records_table::count_by_slot(slot first, slot last, std::function<void(slot, std::uint64_t)> const& on_slot)
{
    auto& s = *statements_;
    if (auto why = s.ready(s.count_by_slot, sql::count_by_slot())) { return why; }
    s.in.clear();
    add(s.in, first);
    add(s.in, last);
    if (auto why = s.run(s.count_by_slot)) { return why; }
    auto& r = s.slot_number;
    return s.count_by_slot.fetch(s.c, r, [&] { on_slot(slot_in(r, 0), r.natural(1)); });
}

failure records_table::erase_slots(std::span<slot const> slots, std::size_t limit, std::uint64_t& erased)
{
    auto& s = *statements_;
    erased = 0;
    while (!slots.empty() && erased < limit) {
        auto const size_class = sized_statement::class_above(slots.size());
        auto const size = std::size_t{1} << size_class;
        auto const taken = std::min(size, slots.size());
        if (auto why = s.ready(s.keys_of_slots, size_class, sql::keys_of_slots)) { return why; }
        s.in.clear();
        for (std::size_t i = 0; i < size; ++i) { add(s.in, slots[std::min(i, taken - 1)]); }
        s.in.add(std::min<std::uint64_t>(limit - erased, limit_max));
        if (auto why = s.run(s.keys_of_slots.of(size_class))) { return why; }
        key_list found;
        auto& r = s.slot_key;
        if (auto why = s.keys_of_slots.of(size_class).fetch(s.c, r, [&] { found.add(r.natural(0), r.bytes(1), time_of(r.whole(2))); })) {
            return why;
        }
        std::uint64_t gone = 0;
        if (auto why = erase(found.keys(), gone)) { return why; }
        if (auto why = remove_expiries(found.expiries())) { return why; }
        erased += gone;
        slots = slots.subspan(taken);
    }
    return {};
}

failure records_table::add_expiries(std::span<expiry const> lines)
{
    auto& s = *statements_;
    return s.over_all(s.add_expiries, sql::add_expiries, lines, [](statement&) { return failure{}; });
}

failure records_table::remove_expiries(std::span<expiry const> lines)
{
    auto& s = *statements_;
    return s.over_all(s.remove_expiries, sql::remove_expiries, lines, [](statement&) { return failure{}; });
}

failure records_table::due_expiries(unix_ms now, std::size_t limit, std::function<void(expiry const&)> const& on_line)
{
    auto& s = *statements_;
    if (auto why = s.ready(s.due_expiries, sql::due_expiries())) { return why; }
    s.in.clear();
    s.in.add(std::optional{now.value}).add(std::min<std::uint64_t>(limit, limit_max));
    if (auto why = s.run(s.due_expiries)) { return why; }
    auto& r = s.due;
    return s.due_expiries.fetch(s.c, r, [&] { on_line({unix_ms{*r.whole(0)}, slot_in(r, 1), r.bytes(2)}); });
}

}  // namespace mykeyv::store
