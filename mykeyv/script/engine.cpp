// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/engine.hpp"

#include "mykeyv/script/compiler.hpp"
#include "mykeyv/script/json_reader.hpp"
#include "mykeyv/script/json_writer.hpp"
#include "mykeyv/script/kv_functions.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/lru.hpp"
#include "mykeyv/script/meter.hpp"
#include "mykeyv/script/refusal.hpp"
#include "mykeyv/script/sandbox.hpp"
#include "mykeyv/script/view.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <new>
#include <utility>

namespace mykeyv::script {
namespace {

constexpr std::size_t compiled_code_bytes_max = 4u << 20;  // of source; compiled it takes about ten times as much
constexpr std::size_t compiled_overhead_bytes = 1u << 10;  // of source that even the smallest code counts as
constexpr std::size_t garbage_bytes_max = 1u << 20;        // left behind by calls before all of it is collected
constexpr std::size_t shared_arguments_bytes_min = 256;    // below it, to build them is cheaper than to look through a view
constexpr std::size_t detail_bytes_max = 1u << 10;

// Stack indexes of the protected function that is one call.
constexpr int record_index = 2;
constexpr int verdict_index = 3;
constexpr int result_index = 4;
constexpr int globals_upvalue = 1;  // _ENV, the only upvalue of a chunk

struct call {
    script_id const& id;
    std::string_view code;
    record_view const* before;
    std::string_view key;
    std::string_view args_json;
    mykeyv::context const& context;
    outcome answer;
};

outcome failed(errc error, std::string detail)
{
    if (detail.size() > detail_bytes_max) { detail.resize(detail_bytes_max); }
    outcome answer;
    answer.status = status::error;
    answer.error = error;
    answer.detail = std::move(detail);
    return answer;
}

std::string error_text(lua_State* state)
{
    if (lua_type(state, -1) == LUA_TSTRING || lua_type(state, -1) == LUA_TNUMBER) { return std::string{string_at(state, -1)}; }
    return fmt::format("an error that is a {} value", luaL_typename(state, -1));
}

/// The text that the value on top of the stack is stored as, and its format.
put stored_value(lua_State* state, call const& c, std::optional<format> asked)
{
    auto const expires_at = c.before != nullptr ? c.before->expires_at : std::nullopt;
    auto const kind = c.before != nullptr ? c.before->format : format::bytes;
    if (lua_type(state, -1) == LUA_TSTRING && asked.value_or(kind) == format::bytes) {
        auto const bytes = string_at(state, -1);
        if (bytes.size() > c.context.value_bytes_max) {
            throw refusal{errc::value_too_long, fmt::format("record: longer than {} bytes", c.context.value_bytes_max)};
        }
        return {std::string{bytes}, format::bytes, expires_at};
    }
    return {json_writer{state, c.context.value_bytes_max, "record"}.write(), format::document, expires_at};
}

void store_mutated(lua_State* state, call& c)
{
    if (c.before == nullptr) { throw refusal{errc::script_result, "true: there is no record to store; kv.put(x) creates one"}; }
    if (!lua_istable(state, record_index)) {
        throw refusal{errc::script_result, "true: only a table can be changed in place; kv.put(x) stores another value"};
    }
    lua_pushvalue(state, record_index);
    c.answer.change = stored_value(state, c, format::document);
    c.answer.status = status::stored;
}

void apply_verdict(lua_State* state, call& c)
{
    auto const kind = lua_type(state, verdict_index);
    if (kind == LUA_TNIL || (kind == LUA_TBOOLEAN && lua_toboolean(state, verdict_index) == 0)) { return; }
    if (kind == LUA_TBOOLEAN) { return store_mutated(state, c); }
    if (is_erase(state, verdict_index)) {
        if (c.before == nullptr) { return; }
        c.answer.change = erase{};
        c.answer.status = status::erased;
        return;
    }
    auto const* const request = put_request_at(state, verdict_index);
    if (request == nullptr) {
        throw refusal{errc::script_result, fmt::format("the verdict must be true, false, nil, kv.put(x) or kv.erase, not a {}",
                                                       is_null(state, verdict_index) ? "kv.null" : luaL_typename(state, verdict_index))};
    }
    push_put_value(state, verdict_index);
    c.answer.change = stored_value(state, c, request->format);
    c.answer.status = status::stored;
}

void apply_result(lua_State* state, call& c)
{
    if (lua_isnil(state, result_index)) { return; }
    lua_pushvalue(state, result_index);
    c.answer.result_json = json_writer{state, c.context.value_bytes_max, "result"}.write();
}

}  // namespace

/// One Lua state and what goes with it. Replaced after a kill: nothing is left to hope for in what was interrupted.
class engine::state {
public:
    explicit state(budget const& allowed) : meter_{allowed}, lua_{lua_newstate(&meter::allocate, &meter_)}
    {
        if (lua_ == nullptr) { throw std::bad_alloc{}; }
        meter_.attach(lua_.get());
        lua_pushcfunction(lua_.get(), [](lua_State* lua) {
            build_sandbox(lua, static_cast<unix_ms const*>(lua_touserdata(lua, 1)));
            return 0;
        });
        lua_pushlightuserdata(lua_.get(), &now_);
        if (lua_pcall(lua_.get(), 1, 0, 0) != LUA_OK) { throw std::bad_alloc{}; }
        collect();
    }

    void run(call& c)
    {
        auto* const lua = lua_.get();
        now_ = c.context.now;
        current_ = &c;
        meter_.begin(std::max(largest_code_, arguments_json_.size()));
        lua_pushcfunction(lua, &perform);
        lua_pushlightuserdata(lua, this);
        auto const status = lua_pcall(lua, 1, 0, 0);
        if (killed()) {
            c.answer = failed(meter_.killed_by(), {});
        } else if (meter_.ran_out_of_memory(lua, status)) {
            c.answer = failed(errc::script_memory, {});
            broken_ = true;
        } else if (status != LUA_OK) {
            c.answer = failed(errc::script_runtime, error_text(lua));
        }
        meter_.end();
        lua_settop(lua, 0);
        forget_globals(lua);
        if (meter_.memory_bytes() > collected_bytes_ + garbage_bytes_max) { collect(); }
    }

    bool usable() const { return !broken_ && !killed(); }

private:
    static int perform(lua_State* lua)
    {
        auto& self = *static_cast<state*>(lua_touserdata(lua, 1));
        try {
            self.execute(lua, *self.current_);
        } catch (refusal const& refused) {
            self.current_->answer = failed(refused.error, refused.detail);
        }
        return 0;
    }

    void execute(lua_State* lua, call& c)
    {
        push_record(lua, c);  // kept here too, for the verdict `true`
        push_function(lua, c);
        lua_pushvalue(lua, record_index);
        push_arguments(lua, c.args_json);
        push_string(lua, c.key);
        meter_.start_clock();
        lua_call(lua, 3, 2);
        apply_verdict(lua, c);
        apply_result(lua, c);
    }

    void push_record(lua_State* lua, call const& c)
    {
        if (c.before == nullptr) {
            lua_pushnil(lua);
        } else if (c.before->format == format::bytes) {
            push_string(lua, c.before->value);
        } else {
            reader_.push(lua, c.before->value, "record");
        }
    }

    void push_arguments(lua_State* lua, std::string_view json)
    {
        if (json.empty()) { return lua_pushnil(lua); }
        if (json.size() < shared_arguments_bytes_min) { return reader_.push(lua, json, "args"); }
        if (json != arguments_json_) {
            arguments_json_.clear();
            luaL_unref(lua, LUA_REGISTRYINDEX, std::exchange(arguments_, LUA_NOREF));
            reader_.push(lua, json, "args");
            arguments_ = luaL_ref(lua, LUA_REGISTRYINDEX);
            arguments_json_ = json;
        }
        lua_rawgeti(lua, LUA_REGISTRYINDEX, arguments_);
        push_view(lua, -1);
        lua_remove(lua, -2);
    }

    void push_function(lua_State* lua, call const& c)
    {
        if (auto const* const reference = compiled_.find(c.id)) {
            lua_rawgeti(lua, LUA_REGISTRYINDEX, function_ = *reference);
        } else {
            if (!compile(lua, c.code)) { throw refusal{errc::script_compile, error_text(lua)}; }
            lua_pushvalue(lua, -1);
            function_ = luaL_ref(lua, LUA_REGISTRYINDEX);
            compiled_.insert(c.id, function_, c.code.size() + compiled_overhead_bytes,
                             [&](int dropped) { luaL_unref(lua, LUA_REGISTRYINDEX, dropped); });
            largest_code_ = std::max(largest_code_, c.code.size());
        }
        push_globals(lua);
        lua_setupvalue(lua, -2, globals_upvalue);
    }

    // The compiled function lives on, and what the call left in its globals must not.
    void forget_globals(lua_State* lua)
    {
        if (function_ == LUA_NOREF) { return; }
        lua_rawgeti(lua, LUA_REGISTRYINDEX, function_);
        lua_pushnil(lua);
        lua_setupvalue(lua, -2, globals_upvalue);
        lua_settop(lua, 0);
        function_ = LUA_NOREF;
    }

    bool killed() const { return meter_.killed_by() != errc::ok; }

    void collect()
    {
        lua_gc(lua_.get(), LUA_GCCOLLECT);
        collected_bytes_ = meter_.memory_bytes();
    }

    meter meter_;
    lua_handle lua_;
    json_reader reader_;
    lru<script_id, int> compiled_{compiled_code_bytes_max};
    unix_ms now_;
    call* current_ = nullptr;
    int function_ = LUA_NOREF;         // what the current call runs
    std::string arguments_json_;       // of the last call with long arguments; the next one mostly has the same
    int arguments_ = LUA_NOREF;        // what arguments_json_ was read to
    std::size_t largest_code_ = 0;     // its constants live on between calls
    std::size_t collected_bytes_ = 0;  // held after the last full collection
    bool broken_ = false;
};

engine::engine(budget allowed) : budget_{allowed}, state_{std::make_unique<state>(allowed)} {}

engine::~engine() = default;

outcome engine::run(script_id const& id, std::string_view code, record_view const* before, std::string_view key,
                    std::string_view args_json, mykeyv::context const& context)
{
    if (state_ == nullptr) { state_ = std::make_unique<state>(budget_); }
    call c{id, code, before, key, args_json, context, {}};
    state_->run(c);
    if (!state_->usable()) { state_.reset(); }
    return std::move(c.answer);
}

}  // namespace mykeyv::script
