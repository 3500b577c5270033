// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/node_state.hpp"

#include "mykeyv/base/number.hpp"
#include "mykeyv/store/mysql/schema.hpp"

#include <fmt/format.h>

namespace mykeyv::store {
namespace {

constexpr std::string_view node_id_line = "node_id";
constexpr int first_epoch = 1;

failure committed(connection& link, failure written) { return written ? written : link.commit(); }

}  // namespace

failure load_or_make_node_id(connection& link, std::optional<node_id> first, node_id& out)
{
    std::optional<std::string> stored;
    if (auto failed = get_meta(link, node_id_line, stored)) { return failed; }
    if (stored) {
        auto const known = node_id::parse(*stored);
        if (!known) { return failure::because("table meta: node_id is not forty hex digits: " + *stored); }
        if (first && *first != *known) {
            return failure::because(fmt::format("this database belongs to node {}, not to {}", known->text(), first->text()));
        }
        out = *known;
        return link.rollback();
    }
    out = first ? *first : node_id::random();
    return committed(link, set_meta(link, node_id_line, out.text()));
}

failure insert_owned_slots(connection& link, std::vector<slot> const& slots)
{
    if (slots.empty()) { return {}; }
    std::string sql = "INSERT INTO slots (slot, state, epoch) VALUES ";
    for (auto const s : slots) {
        fmt::format_to(std::back_inserter(sql), "({},{},{}),", s.number(), static_cast<unsigned>(slot_state::owned), first_epoch);
    }
    sql.pop_back();
    return committed(link, link.execute(sql));
}

failure load_topology(connection& link, std::optional<std::string>& document)
{
    text_rows rows;
    if (auto failed = link.query("SELECT document FROM topology WHERE id=1", rows)) { return failed; }
    document = rows.empty() ? std::nullopt : rows[0][0];
    return link.rollback();
}

failure save_topology(connection& link, std::uint64_t version, std::string_view document)
{
    auto const sql = fmt::format("INSERT INTO topology (id, version, document) VALUES (1,{},{}) "
                                 "ON DUPLICATE KEY UPDATE version=VALUES(version), document=VALUES(document)",
                                 version, link.quoted(document));
    return committed(link, link.execute(sql));
}

failure load_scripts(connection& link, script_map& out)
{
    text_rows rows;
    if (auto failed = link.query("SELECT code FROM scripts", rows)) { return failed; }
    for (auto& each : rows) {
        auto code = std::make_shared<std::string const>(std::move(*each[0]));
        out.emplace(script_id::of(*code), std::move(code));
    }
    return link.rollback();
}

failure save_script(connection& link, script_id id, std::string_view code)
{
    auto const& bytes = id.bytes();
    auto const sql = fmt::format("INSERT INTO scripts (sha1, code) VALUES ({},{}) ON DUPLICATE KEY UPDATE sha1=VALUES(sha1)",
                                 link.quoted({reinterpret_cast<char const*>(bytes.data()), bytes.size()}), link.quoted(code));
    return committed(link, link.execute(sql));
}

}  // namespace mykeyv::store
