// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/compiler.hpp"

#include "mykeyv/script/engine.hpp"
#include "mykeyv/script/lua.hpp"
#include "mykeyv/script/meter.hpp"

#include <algorithm>
#include <new>

namespace mykeyv::script {
namespace {

constexpr std::size_t piece_bytes_max = 512;

struct source {
    std::string_view left;
};

char const* next_piece(lua_State* state, void* data, std::size_t* size)
{
    auto& left = static_cast<source*>(data)->left;
    auto const piece = left.substr(0, piece_bytes_max);
    left.remove_prefix(piece.size());
    meter::of(state).look(1);
    *size = piece.size();
    return piece.data();
}

struct compile_job {
    std::string_view code;
    std::optional<std::string> problem;
};

int run_compile_job(lua_State* state)
{
    auto& job = *static_cast<compile_job*>(lua_touserdata(state, 1));
    if (!compile(state, job.code)) { job.problem = string_at(state, -1); }
    return 0;
}

}  // namespace

bool compile(lua_State* state, std::string_view code)
{
    if (code.size() > limits::script_code_bytes_max) {
        lua_pushliteral(state, "the code is too long");
        return false;
    }
    source text{code};
    auto const status = lua_load(state, &next_piece, &text, "=update", "t");
    meter::of(state).pass_on(state, status);
    return status == LUA_OK;
}

std::optional<std::string> compile_error(std::string_view code)
{
    meter used{budget{}};
    lua_handle const state{lua_newstate(&meter::allocate, &used)};
    if (state == nullptr) { throw std::bad_alloc{}; }
    used.attach(state.get());
    used.begin(code.size());
    compile_job job{code, {}};
    lua_pushcfunction(state.get(), &run_compile_job);
    lua_pushlightuserdata(state.get(), &job);
    auto const status = lua_pcall(state.get(), 1, 0, 0);
    used.end();
    if (used.killed_by() != errc::ok) { return std::string{message(used.killed_by())}; }
    if (status != LUA_OK) { return std::string{message(errc::script_memory)}; }
    return std::move(job.problem);
}

}  // namespace mykeyv::script
