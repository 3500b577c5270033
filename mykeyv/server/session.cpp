// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/session.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/resp/lookahead.hpp"
#include "mykeyv/script/engine.hpp"
#include "mykeyv/server/command_table.hpp"
#include "mykeyv/server/error_replies.hpp"
#include "mykeyv/server/node_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace mykeyv::server {
namespace {

resp::request_limits limits_for(settings const& chosen) noexcept
{
    resp::request_limits limits;
    limits.argument_bytes_max = chosen.store.value_bytes_max + limits::argument_bytes_slack;
    limits.command_bytes_max = std::max(limits.command_bytes_max, limits.argument_bytes_max);
    return limits;
}

}  // namespace

session::session(worker& home, std::shared_ptr<net::connection> connection)
    : home_{home}, connection_{std::move(connection)}, parser_{limits_for(home.node.chosen)}
{
    facts_.id = home_.node.next_session_id.fetch_add(1, std::memory_order_relaxed);
    home_.sessions.emplace(facts_.id, this);
    home_.node.open_sessions.fetch_add(1, std::memory_order_relaxed);
    home_.node.connections_received.fetch_add(1, std::memory_order_relaxed);
}

node_state& session::node() noexcept { return home_.node; }

// Bytes in

bool session::is_full() const noexcept
{
    return replies_.size() >= limits::unanswered_per_session_max ||
           payload_bytes_ + replies_.bytes() >= limits::unanswered_bytes_per_session_max;
}

session::taken session::received(std::string_view unread)
{
    taken so_far;
    moment_.reset();
    std::size_t fetched = 0;  // up to where commands have been looked at
    while (!closing_ && connection_ && connection_->output_bytes() <= limits::output_pause_bytes) {
        if (is_full()) {
            so_far.pause = paused_ = true;
            return so_far;
        }
        if (so_far.bytes == fetched) { fetched += prefetch(unread.substr(fetched)); }
        auto const parsed = parser_.parse(unread.substr(so_far.bytes));
        if (parsed.state == resp::progress::failed) {
            reply().error(fmt::format("ERR {}", parsed.error));
            if (written_) { replies_.written(*std::exchange(written_, {})); }
            closing_ = true;
            break;
        }
        if (parsed.state == resp::progress::complete && dispatch(parsed.arguments) == verdict::wait) {
            so_far.pause = paused_ = true;
            return so_far;
        }
        so_far.bytes += parsed.consumed;
        if (parsed.state == resp::progress::need_more) { break; }
    }
    if (closing_ || !connection_) {
        close_if_answered();
        return {unread.size(), true};
    }
    return so_far;
}

/// Fetches what the next commands will look for in the cache, if there are several; how many bytes they are. A pipeline waits for memory
/// once then, not once for each of its commands.
std::size_t session::prefetch(std::string_view unread) const noexcept
{
    constexpr std::size_t commands_at_once = 16;
    std::array<std::string_view, commands_at_once> keys;
    auto const found = resp::look_ahead(unread, keys);
    if (found.keys > 1) { home_.node.store->prefetch(std::span{keys}.first(found.keys)); }
    return found.bytes;
}

command const* session::find(arguments words)
{
    auto const* const row = find_command(words[0]);
    if (row == nullptr) {
        fail(unknown_command_text(words));
        return nullptr;
    }
    if (!row->has(flag_container) || words.size() == 1) { return row; }
    auto const* const second = find_command(words[0], words[1]);
    if (second == nullptr) { fail(unknown_subcommand_text(words)); }
    return second;
}

verdict session::dispatch(arguments words)
{
    auto result = verdict::done;
    if (auto const* const row = find(words)) {
        row_ = row;
        if (has_arity(*row, words.size())) {
            facts_.last_command = row->name;
            result = row->handler(*this, words);
        } else {
            fail(fmt::format("ERR wrong number of arguments for '{}' command", row->name));
        }
    }
    if (written_) { replies_.written(*std::exchange(written_, {})); }
    if (result == verdict::done) {
        home_.commands.store(home_.commands.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    return result;
}

void session::input_ended()
{
    closing_ = true;
    close_if_answered();
}

// Replies out

std::string& session::reply_text()
{
    if (replies_.empty()) { return connection_->output(); }
    if (!written_) { written_ = replies_.reserve(); }
    return replies_.text(*written_);
}

verdict session::fail(std::string_view text)
{
    reply().error(text);
    return verdict::done;
}

verdict session::fail(errc why, std::string_view detail) { return fail(error_text(why, command_name(), detail)); }

void session::answer(reply_queue::ticket ticket, std::string&& encoded)
{
    if (!connection_) { return; }
    replies_.fill(ticket, std::move(encoded));
    if (replies_.release(connection_->output())) { connection_->flush_soon(); }
}

void session::go_on()
{
    if (!connection_) { return; }
    if (closing_) { return close_if_answered(); }
    if (std::exchange(paused_, false)) { connection_->resume(); }
}

// Operations

bool session::serves(slot s) const { return home_.node.store->owns(s); }

std::string session::redirection(slot s) const
{
    auto const where = home_.node.owners->elsewhere(s);
    return where ? fmt::format("MOVED {} {}", s.number(), where->text()) : "CLUSTERDOWN Hash slot not served";
}

std::optional<slot> session::locate(std::span<std::string_view const> keys, std::size_t step)
{
    auto const where = slot_of(keys[0]);
    bool several_slots = false;
    for (std::size_t i = 0; i < keys.size(); i += step) {
        if (keys[i].size() > limits::key_bytes_max) { return fail(errc::key_too_long), std::nullopt; }
        several_slots = several_slots || (i > 0 && slot_of(keys[i]) != where);
    }
    if (keys.size() / step > limits::keys_per_command_max) { return fail(errc::too_many_keys), std::nullopt; }
    auto const is_ours = serves(where);
    if (!is_ours && (!several_slots || !home_.node.owners->elsewhere(where))) { return fail(redirection(where)), std::nullopt; }
    if (several_slots) { return fail(errc::cross_slot), std::nullopt; }
    return where;
}

verdict session::submit(std::unique_ptr<pending> op, session_order::way way)
{
    if (way == session_order::way::at_once && answer_from_cache(*op)) { return verdict::done; }
    return hand_over(std::move(op), way);
}

bool session::answer_from_cache(pending& read)
{
    read.answer_into(&reply_text());
    if (!moment_) { moment_ = home_.node.store->moment(); }
    return home_.node.store->try_cached(read, *moment_);
}

verdict session::hand_over(std::unique_ptr<pending> op, session_order::way way)
{
    auto const at_reader = way == session_order::way::at_once;
    at_reader ? order_.read_begins(op->slot()) : order_.lane_begins(op->slot());
    payload_bytes_ += op->payload_bytes();
    op->bind(shared_from_this(), written_ ? *std::exchange(written_, {}) : replies_.reserve(), at_reader);
    auto const in_order = !at_reader && op->access() == store::access::read;
    in_order ? home_.node.store->submit_in_order(std::move(op)) : home_.node.store->submit(std::move(op));
    return verdict::done;
}

void session::submit_write(std::unique_ptr<pending> op, reply_queue::ticket ticket)
{
    order_.lane_begins(op->slot());
    payload_bytes_ += op->payload_bytes();
    op->bind(shared_from_this(), ticket, false);
    home_.node.store->submit(std::move(op));
}

void session::operation_ended(slot s, bool at_reader, std::size_t payload_bytes) noexcept
{
    at_reader ? order_.read_ends(s) : order_.lane_ends(s);
    payload_bytes_ -= payload_bytes;
}

bool session::begin_node_work() noexcept
{
    if (!order_.node_may_begin()) { return false; }
    order_.node_begins();
    return true;
}

bool session::search_code(script_id id)
{
    if (searching_) { return true; }
    if (std::exchange(searched_, std::nullopt) == id) { return false; }
    searching_ = true;
    searched_ = id;
    home_.node.conductor->find_script(id, [self = shared_from_this()](std::shared_ptr<std::string const> code) {
        self->home_.thread.post([self, code] {
            if (code) {
                self->home_.node.scripts.add(*code);
                // The node that has it may leave. If it cannot be saved now, it is looked for again.
                self->home_.node.store->async_save_script(*code, [](errc, script_id) {});
            }
            self->searching_ = false;
            self->go_on();
        });
    });
    return true;
}

std::optional<compiled_code> session::compile(script_id id, std::string_view code)
{
    if (is_compiling()) { return std::nullopt; }
    if (compiled_ && compiled_->id == id) { return std::exchange(compiled_, std::nullopt); }
    compiling_ = std::make_shared<std::string const>(code);
    home_.node.compiler.post([asker = weak_from_this(), &home = home_, id, waiting = std::weak_ptr{compiling_}] {
        auto const text = waiting.lock();
        if (!text) { return; }  // the session has closed
        home.thread.post([asker, answer = compiled_code{id, script::compile_error(*text)}]() mutable {
            if (auto const self = asker.lock()) { self->compiled(std::move(answer)); }
        });
    });
    return std::nullopt;
}

void session::compiled(compiled_code answer)
{
    compiling_.reset();
    compiled_ = std::move(answer);
    go_on();
}

// The end

void session::close_if_answered()
{
    if (connection_ && closing_ && replies_.empty()) { connection_->close_after_flush(); }
}

void session::drain()
{
    closing_ = true;
    close_if_answered();
}

void session::cut()
{
    if (connection_) { connection_->close(); }
}

void session::closed()
{
    connection_ = nullptr;
    compiling_.reset();
    home_.sessions.erase(facts_.id);
    std::lock_guard const lock{home_.node.session_closed_mutex};
    home_.node.open_sessions.fetch_sub(1, std::memory_order_relaxed);
    home_.node.session_closed.notify_all();
}

void session::reset()
{
    version_ = resp::protocol::resp2;
    facts_.name.clear();
}

std::string session::description() const
{
    if (!connection_) { return {}; }
    auto const age = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - facts_.connected);
    return fmt::format("id={} addr={} laddr={} fd=-1 name={} age={} idle=0 flags=N db=0 sub=0 psub=0 multi=-1 qbuf=0 omem={} cmd={} "
                       "user=default lib-name={} lib-ver={} resp={}",
                       facts_.id, connection_->peer().text(), connection_->local().text(), facts_.name, age.count(),
                       connection_->output_bytes(), facts_.last_command.empty() ? "NULL" : facts_.last_command, facts_.library,
                       facts_.library_version, static_cast<int>(version_));
}

}  // namespace mykeyv::server
