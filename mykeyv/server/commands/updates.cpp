// SPDX-License-Identifier: Apache-2.0
// update(): KV.LOAD, KV.UPDATE, KV.EVAL. Code runs in the lane of each key; the answers come together in the order of the keys.
#include "mykeyv/base/number.hpp"
#include "mykeyv/record/json.hpp"
#include "mykeyv/script/engine.hpp"
#include "mykeyv/server/error_replies.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/later_reply.hpp"
#include "mykeyv/server/node_state.hpp"

#include <utility>
#include <vector>

namespace mykeyv::server::handlers {
namespace {

/// [status, result]: what one key's call came to.
std::string encode_part(std::string_view status, std::optional<std::string_view> result, resp::protocol version)
{
    std::string encoded;
    resp::writer to{encoded, version};
    to.array(2);
    to.bulk(status);
    result ? to.bulk(*result) : to.null();
    return encoded;
}

std::string encode_error(std::string_view text, resp::protocol version)
{
    std::string encoded;
    resp::writer{encoded, version}.error(text);
    return encoded;
}

std::string_view name_of(script::status s) noexcept
{
    switch (s) {
    case script::status::stored: return "stored";
    case script::status::unchanged: return "unchanged";
    case script::status::erased: return "erased";
    case script::status::error: break;
    }
    return "error";
}

/// A key of another node: that node's address, for the client to go there.
std::string elsewhere(session& s, slot where)
{
    constexpr std::string_view moved = "MOVED ";
    auto const text = s.redirection(where);
    if (!text.starts_with(moved)) { return encode_part("error", text, s.version()); }
    return encode_part("moved", std::string_view{text}.substr(moved.size()), s.version());
}

/// One command: what its keys have in common, and their answers so far. The answers are touched on the session's thread only.
struct update_call {
    script_id id;
    std::shared_ptr<std::string const> code;
    std::string args;
    node_state& node;
    std::string_view command;
    resp::protocol version;
    reply_queue::ticket ticket = 0;
    std::vector<std::string> parts;
    std::size_t missing = 0;
    bool is_one_error = false;  // one key, which has moved: a command that any cluster client can follow to its node

    std::string encoded() const
    {
        if (is_one_error) { return parts[0]; }
        std::string all;
        resp::writer{all, version}.array(parts.size());
        for (auto const& part : parts) { all += part; }
        return all;
    }
};

class update_operation final : public pending {
public:
    update_operation(mykeyv::slot where, std::string_view key, std::shared_ptr<update_call> call, std::size_t position)
        : pending{where, only_key(key), store::access::write, call->command, call->version, call->args.size() + key.size()},
          call_{std::move(call)},
          position_{position}
    {
    }

    void decide(std::span<record_view const* const> before, context const& ctx, std::span<change> after) override
    {
        auto& engine = *call_->node.engines[call_->node.store->lane_of(slot())];
        auto outcome = engine.run(call_->id, *call_->code, before[0], keys()[0], call_->args, ctx);
        auto to = begin_reply();
        to.array(2);
        to.bulk(name_of(outcome.status));
        if (outcome.status == script::status::error) {
            to.bulk(error_text(outcome.error, command(), outcome.detail));
        } else {
            outcome.result_json.empty() ? to.null() : to.bulk(outcome.result_json);
        }
        after[0] = std::move(outcome.change);
    }

protected:
    void answer(session& asker, reply_queue::ticket, errc outcome, std::string&& encoded) override
    {
        if (outcome == errc::moved) {
            encoded = call_->parts.size() == 1 ? encode_error(asker.redirection(slot()), version()) : elsewhere(asker, slot());
            call_->is_one_error = call_->parts.size() == 1;
        } else if (outcome != errc::ok) {
            encoded = encode_part("error", error_text(outcome, command()), version());
        }
        call_->parts[position_] = std::move(encoded);
        if (--call_->missing == 0) { asker.answer(call_->ticket, call_->encoded()); }
    }

private:
    std::shared_ptr<update_call> call_;
    std::size_t position_;
};

verdict update(session& s, script_id const& id, std::shared_ptr<std::string const> code, std::string_view args,
               std::span<std::string_view const> keys)
{
    for (auto const& key : keys) {
        if (key.size() > limits::key_bytes_max) { return s.fail(errc::key_too_long); }
        if (s.way_of(slot_of(key), false) == session_order::way::wait) { return verdict::wait; }
    }
    if (!args.empty()) {
        auto const document = s.home().documents.check(args);
        if (!document) { return s.fail(static_cast<errc>(document.error().value())); }
    }
    // One key is a command that any cluster client can follow to its node.
    if (keys.size() == 1 && !s.serves(slot_of(keys[0]))) { return s.fail(s.redirection(slot_of(keys[0]))); }
    auto const call = std::make_shared<update_call>(
        update_call{id, std::move(code), std::string{args}, s.node(), s.command_name(), s.version(), s.reserve(), {}, 1, false});
    call->parts.resize(keys.size());  // `missing` begins with 1 for this function, so that no answer is complete before all are asked
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto const where = slot_of(keys[i]);
        if (!s.serves(where)) {
            call->parts[i] = elsewhere(s, where);
            continue;
        }
        ++call->missing;
        s.submit_write(std::make_unique<update_operation>(where, keys[i], call, i), call->ticket);
    }
    if (--call->missing == 0) { s.answer(call->ticket, call->encoded()); }
    return verdict::done;
}

/// Code that compiles, or the verdict of the command that brought it.
struct brought_code {
    script_id id;
    std::shared_ptr<std::string const> code;
    verdict otherwise = verdict::done;
};

brought_code take_code(session& s, std::string_view text)
{
    if (s.is_compiling()) { return {{}, nullptr, verdict::wait}; }
    if (text.size() > limits::script_code_bytes_max) { return {{}, nullptr, s.fail(errc::script_compile, "the code is too long")}; }
    auto const id = script_id::of(text);
    auto& scripts = s.node().scripts;
    if (auto known = scripts.find(id)) { return {id, std::move(known), {}}; }
    auto const compiled = s.compile(id, text);
    if (!compiled) { return {id, nullptr, verdict::wait}; }
    if (compiled->complaint) { return {id, nullptr, s.fail(errc::script_compile, *compiled->complaint)}; }
    scripts.add(text);  // commands behind this one may use it at once
    auto kept = scripts.find(id);
    return {id, kept ? std::move(kept) : std::make_shared<std::string const>(text), {}};  // crowded out already
}

}  // namespace

std::optional<std::size_t> parse_key_count(std::string_view word, std::size_t words_left) noexcept
{
    auto const count = parse_unsigned(word);
    return count && *count > 0 && *count == words_left ? std::optional{words_left} : std::nullopt;
}

verdict kv_load(session& s, arguments a)
{
    auto const taken = take_code(s, a[1]);
    if (!taken.code) { return taken.otherwise; }
    later_reply reply{s, later_reply::scope::some_keys};
    s.node().store->async_save_script(std::string{a[1]}, [reply](errc outcome, script_id id) mutable {
        if (outcome != errc::ok) { return reply.fail(outcome); }
        std::string encoded;
        resp::writer{encoded, reply.version()}.bulk(id.text());
        reply.send(std::move(encoded));
    });
    return verdict::done;
}

verdict kv_update(session& s, arguments a)
{
    if (!parse_key_count(a[3], a.size() - 4)) { return s.fail("ERR numkeys is not the number of keys behind it"); }
    auto const id = script_id::parse(a[1]);
    if (!id) { return s.fail(errc::no_such_script); }
    auto& node = s.node();
    auto code = node.scripts.find(*id);
    if (!code) {
        code = node.store->find_script(*id);
        if (!code) { return s.search_code(*id) ? verdict::wait : s.fail(errc::no_such_script); }
        node.scripts.add(*code);
    }
    return update(s, *id, std::move(code), a[2], a.subspan(4));
}

verdict kv_eval(session& s, arguments a)
{
    if (!parse_key_count(a[3], a.size() - 4)) { return s.fail("ERR numkeys is not the number of keys behind it"); }
    auto taken = take_code(s, a[1]);
    if (!taken.code) { return taken.otherwise; }
    return update(s, taken.id, std::move(taken.code), a[2], a.subspan(4));
}

}  // namespace mykeyv::server::handlers
