// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/answer.hpp"

#include "mykeyv/base/number.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mykeyv::detail {
namespace {

error_code unexpected() { return make_error_code(errc::unexpected_reply); }

constexpr std::array<std::pair<std::string_view, errc>, 17> prefixes{{
    {"WRONGTYPE", errc::wrong_type},
    {"CROSSSLOT", errc::cross_slot},
    {"NOAUTH", errc::unauthorized},
    {"WRONGPASS", errc::unauthorized},
    {"NOPERM", errc::unauthorized},
    {"NOSCRIPT", errc::no_such_script},
    {"COMPILE", errc::script_compile},
    {"RUNTIME", errc::script_runtime},
    {"INSTRUCTIONS", errc::script_instructions},
    {"TIME", errc::script_time},
    {"MEMORY", errc::script_memory},
    {"RESULT", errc::script_result},
    {"CLUSTERDOWN", errc::cluster_down},
    {"LOADING", errc::cluster_down},
    {"TRYAGAIN", errc::cluster_down},
    {"MISCONF", errc::storage_failed},
    {"UNCERTAIN", errc::outcome_unknown},
}};

// Sentences behind "ERR" that are Redis's, not the errc's own; they begin so.
constexpr std::array<std::pair<std::string_view, errc>, 7> sentences{{
    {"syntax error", errc::syntax},
    {"invalid expire time", errc::invalid_expire},
    {"string exceeds maximum allowed size", errc::value_too_long},
    {"Protocol error: invalid bulk length", errc::value_too_long},  // so long that it was refused before it was sent
    {"unknown command", errc::unknown_command},
    {"unknown subcommand", errc::unknown_command},
    {"This instance has cluster support disabled", errc::unknown_command},
}};

std::pair<std::string_view, std::string_view> cut_word(std::string_view text) noexcept
{
    auto const blank = text.find(' ');
    if (blank == text.npos) { return {text, {}}; }
    return {text.substr(0, blank), text.substr(blank + 1)};
}

std::string_view text_of(resp::value const& value) noexcept { return value.text() != nullptr ? std::string_view{*value.text()} : ""; }

// Other errors are named by the errc's own sentence.
std::optional<errc> find_by_sentence(std::string_view text) noexcept
{
    for (auto const& [beginning, error] : sentences) {
        if (text.starts_with(beginning)) { return error; }
    }
    for (int code = 1; code <= static_cast<int>(errc::outcome_unknown); ++code) {
        if (text.starts_with(message(static_cast<errc>(code)))) { return static_cast<errc>(code); }
    }
    return std::nullopt;
}

// 0 to 16383
std::optional<slot> read_slot(std::optional<std::int64_t> number) noexcept
{
    if (!number || *number < 0 || *number >= slot::count) { return std::nullopt; }
    return slot{static_cast<unsigned>(*number)};
}

std::optional<std::int64_t> integer_of(resp::value const& value) noexcept
{
    return value.integer() != nullptr ? std::optional{*value.integer()} : std::nullopt;
}

bool add_range(slot_map& map, resp::value const& row, endpoint const& asked)
{
    auto const* cells = row.elements();
    if (cells == nullptr || cells->size() < 3) { return false; }
    auto const first = read_slot(integer_of((*cells)[0]));
    auto const last = read_slot(integer_of((*cells)[1]));
    auto const* owner = (*cells)[2].elements();
    if (!first || !last || *first > *last || owner == nullptr || owner->size() < 2) { return false; }
    auto const port = integer_of((*owner)[1]);
    if (!port || *port < 1 || *port > 65535) { return false; }
    auto const host = text_of((*owner)[0]);
    endpoint const node{host.empty() ? asked.host : std::string{host}, static_cast<std::uint16_t>(*port)};
    map.assign({*first, *last}, node, owner->size() > 2 ? std::string{text_of((*owner)[2])} : "");
    return true;
}

std::optional<update_status> status_of(std::string_view word) noexcept
{
    for (auto const status : {update_status::stored, update_status::unchanged, update_status::erased, update_status::error}) {
        if (word == name_of(status)) { return status; }
    }
    return std::nullopt;
}

std::optional<update_part> read_update_part(resp::value const& row)
{
    auto const* cells = row.elements();
    if (cells == nullptr || cells->size() != 2) { return std::nullopt; }
    auto const text = text_of((*cells)[1]);
    if (text_of((*cells)[0]) == "moved") { return update_part{true, read_redirect(text), {}}; }
    auto const status = status_of(text_of((*cells)[0]));
    if (!status) { return std::nullopt; }
    update_part part;
    part.outcome.status = *status;
    if (*status == update_status::error) {
        auto const [error, detail] = read_error(text);
        part.outcome.error = error;
        part.outcome.detail = detail;
    } else if (!(*cells)[1].is_null()) {
        auto result = parse_document(text);
        if (result.has_error()) { return std::nullopt; }
        part.outcome.result = std::move(result).value();
    }
    return part;
}

}  // namespace

answer classify(resp::value const& reply)
{
    using enum answer::kind;
    if (!reply.is_error()) { return {}; }
    auto const [prefix, rest] = cut_word(text_of(reply));
    if (prefix == "MOVED" || prefix == "ASK") {
        auto to = read_redirect(rest);
        if (!to) { return {.what = failed, .error = errc::unexpected_reply}; }
        return {.what = prefix == "ASK" ? ask : moved, .place = to->place, .node = std::move(to->node)};
    }
    auto const error = read_error(text_of(reply)).error;
    if (error == errc::cluster_down) { return {.what = try_later, .error = error}; }
    if (error == errc::no_such_script) { return {.what = unknown_code, .error = error}; }
    return {.what = failed, .error = error};
}

failure read_error(std::string_view text) noexcept
{
    auto const [prefix, sentence] = cut_word(text);
    for (auto const& [known, error] : prefixes) {
        if (known == prefix) { return {error, sentence}; }
    }
    if (auto const error = find_by_sentence(sentence)) { return {*error, sentence}; }
    return {errc::unexpected_reply, text};
}

std::optional<redirect> read_redirect(std::string_view text)
{
    auto const [number, address] = cut_word(text);
    auto const place = read_slot(parse_integer(number));
    auto node = endpoint::parse(address, 0);
    if (!place || !node) { return std::nullopt; }
    return redirect{*place, std::move(*node)};
}

// [value, "bytes" | "document", version, milliseconds to live or null], or null
result<found<bytes>> read_get(resp::value&& reply)
{
    if (reply.is_null()) { return found<bytes>{}; }
    auto* cells = reply.elements();
    if (cells == nullptr || cells->size() != 4 || (*cells)[0].text() == nullptr) { return unexpected(); }
    auto const format = text_of((*cells)[1]);
    auto const version = integer_of((*cells)[2]);
    if ((format != "bytes" && format != "document") || !version) { return unexpected(); }
    found<bytes> record{bytes{std::move(*(*cells)[0].text())}, static_cast<std::uint64_t>(*version), {},
                        format == "bytes" ? encoding::bytes : encoding::document};
    if (auto const left = integer_of((*cells)[3])) { record.expires_in = std::chrono::milliseconds{*left}; }
    return record;
}

result<std::uint64_t> read_set(resp::value const& reply)
{
    if (reply.is_null()) { return 0u; }
    auto const version = integer_of(reply);
    if (!version) { return unexpected(); }
    return static_cast<std::uint64_t>(*version);
}

result<bool> read_erase(resp::value const& reply)
{
    auto const erased = integer_of(reply);
    if (!erased) { return {boost::system::in_place_error, unexpected()}; }
    return *erased != 0;
}

result<scan_page> read_scan(resp::value&& reply)
{
    auto* cells = reply.elements();
    if (cells == nullptr || cells->size() != 2) { return unexpected(); }
    auto* const cursor = (*cells)[0].text();
    auto* const names = (*cells)[1].elements();
    if (cursor == nullptr || names == nullptr) { return unexpected(); }
    scan_page page{std::move(*cursor), {}};
    for (auto& name : *names) {
        if (name.text() == nullptr) { return unexpected(); }
        page.keys.push_back(std::move(*name.text()));
    }
    return page;
}

// [first slot, last slot, [host, port, id, ...], replicas...] per range
result<slot_map> read_slots(resp::value const& reply, endpoint const& asked)
{
    auto const* rows = reply.elements();
    if (rows == nullptr) { return unexpected(); }
    slot_map map;
    for (auto const& row : *rows) {
        if (!add_range(map, row, asked)) { return unexpected(); }
    }
    return map;
}

// [status, result as JSON or null; of an error its words; of "moved" perhaps "SLOT HOST:PORT"] per key
result<std::vector<update_part>> read_update(resp::value const& reply, std::size_t keys)
{
    auto const* rows = reply.elements();
    if (rows == nullptr || rows->size() != keys) { return unexpected(); }
    std::vector<update_part> parts;
    parts.reserve(keys);
    for (auto const& row : *rows) {
        auto part = read_update_part(row);
        if (!part) { return unexpected(); }
        parts.push_back(std::move(*part));
    }
    return parts;
}

}  // namespace mykeyv::detail
