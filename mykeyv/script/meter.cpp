// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/meter.hpp"

#include "mykeyv/script/lua.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace mykeyv::script {
namespace {

constexpr int interval_max = 1000;                 // some microseconds of work
constexpr std::size_t bytes_per_look = 64u << 20;  // some ten milliseconds of work
constexpr std::size_t allocated_per_look = 1u << 20;
constexpr std::uint64_t units_per_look = 10'000;

}  // namespace

meter& meter::of(lua_State* state) noexcept
{
    meter* self = nullptr;
    std::memcpy(&self, lua_getextraspace(state), sizeof self);
    return *self;
}

void meter::attach(lua_State* state) noexcept
{
    state_ = state;
    auto* const self = this;
    std::memcpy(lua_getextraspace(state), &self, sizeof self);
}

void meter::begin(std::size_t largest_block) noexcept
{
    running_ = true;
    killed_by_ = errc::ok;
    left_ = allowed_.instructions;
    until_look_ = 0;
    bytes_limit_ = bytes_ + allowed_.memory_bytes;
    bytes_since_look_ = 0;
    largest_block_ = 0;
    refused_ = false;
    start_clock();
    set_interval(interval_max);
    watch(largest_block);
}

void meter::start_clock() noexcept { deadline_ = std::chrono::steady_clock::now() + allowed_.time; }

void meter::end() noexcept
{
    running_ = false;
    bytes_limit_ = SIZE_MAX;
    lua_sethook(state_, nullptr, 0, 0);
}

void meter::look(std::uint64_t units)
{
    if (killed_by_ != errc::ok) { throw killed{}; }
    left_ += until_look_;
    until_look_ = 0;
    if (units > left_) { kill(errc::script_instructions); }
    left_ -= units;
    if (late()) { kill(errc::script_time); }
    until_look_ = std::min(left_, units_per_look);
    left_ -= until_look_;
}

void meter::kill(errc why)
{
    if (killed_by_ == errc::ok) { killed_by_ = why; }
    throw killed{};
}

void meter::pass_on(lua_State* state, int status)
{
    if (killed_by_ != errc::ok) { throw killed{}; }
    if (ran_out_of_memory(state, status)) { kill(errc::script_memory); }
}

bool meter::ran_out_of_memory(lua_State* state, int status) const
{
    if (status == LUA_ERRMEM || status < 0) { return true; }  // below 0: a C++ exception that is not ours, so bad_alloc
    // Lua's string buffers report a refusal as an ordinary error of this text.
    return status == LUA_ERRRUN && refused_ && lua_type(state, -1) == LUA_TSTRING && string_at(state, -1) == "not enough memory";
}

void meter::hook(lua_State* state, lua_Debug*)
{
    auto& self = of(state);
    self.look(static_cast<std::uint64_t>(self.interval_));
}

void meter::set_interval(int instructions) noexcept
{
    interval_ = instructions;
    lua_sethook(state_, &hook, LUA_MASKCOUNT, instructions);
}

// From within the allocator nothing can be killed: the next instruction and the next charge are to look.
void meter::look_soon() noexcept
{
    set_interval(1);
    left_ += until_look_;
    until_look_ = 0;
}

void meter::watch(std::size_t block_bytes) noexcept
{
    if (block_bytes <= largest_block_) { return; }
    largest_block_ = block_bytes;
    auto const interval = static_cast<int>(std::clamp<std::size_t>(bytes_per_look / block_bytes, 1, interval_max));
    if (interval < interval_) { set_interval(interval); }
}

void* meter::allocate(void* self, void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept
{
    auto& m = *static_cast<meter*>(self);
    if (block == nullptr) { old_bytes = 0; }  // for a new block Lua passes its kind here
    if (new_bytes == 0) {
        std::free(block);
        m.bytes_ -= old_bytes;
        return nullptr;
    }
    if (new_bytes > old_bytes && (m.bytes_ >= m.bytes_limit_ || new_bytes - old_bytes > m.bytes_limit_ - m.bytes_)) {
        m.refused_ = true;
        // Lua now collects all garbage and asks once more; code that lives at its limit makes it do so at each allocation.
        if (m.running_) { m.look_soon(); }
        return nullptr;
    }
    auto* const moved = std::realloc(block, new_bytes);
    if (moved == nullptr) { return nullptr; }
    m.bytes_ += new_bytes - old_bytes;
    if (m.running_) {
        m.watch(new_bytes);
        m.bytes_since_look_ += new_bytes;
        if (m.bytes_since_look_ >= allocated_per_look) {
            m.bytes_since_look_ = 0;
            if (m.late()) { m.look_soon(); }
        }
    }
    return moved;
}

}  // namespace mykeyv::script
