// SPDX-License-Identifier: Apache-2.0
// What one call has used of its budget: instructions, wall time and memory; and how it is killed when it has used too much.
//
// Three places look at the budget:
//   - the count hook, every `interval` VM instructions
//   - charge(), in library functions that loop in C, where no hook fires
//   - the allocator, which refuses memory over the budget, and every MiB looks at the clock
//
// One VM instruction can touch as many bytes as the largest block has (a comparison of strings, a rehash of a table), so the
// interval shrinks as blocks grow: between two looks at the clock no more than `bytes_per_look` are touched.
//
// A kill is a C++ exception of our own, not a Lua error: a Lua error raised in a hook would run an xpcall handler with hooks off.
#pragma once

#include "mykeyv/script/engine.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

struct lua_State;
struct lua_Debug;

namespace mykeyv::script {

/// Thrown to end a call; meter::killed_by says why. Lua's own protected calls swallow it: whoever makes one calls pass_on after it.
struct killed {};

class meter {
public:
    explicit meter(budget const& allowed) noexcept : allowed_{allowed} {}
    meter(meter const&) = delete;
    meter& operator=(meter const&) = delete;

    /// The meter of a state made with `allocate`; attach() must have been called.
    static meter& of(lua_State*) noexcept;
    /// A lua_Alloc whose first argument is the meter.
    static void* allocate(void* self, void* block, std::size_t old_bytes, std::size_t new_bytes) noexcept;

    void attach(lua_State*) noexcept;
    /// Starts a call with a full budget. `largest_block`: bytes of the largest thing that lives on from before.
    void begin(std::size_t largest_block) noexcept;
    /// Starts the clock anew, when the inputs are there and the code proper begins.
    void start_clock() noexcept;
    /// Between calls nothing is refused and nothing is killed.
    void end() noexcept;

    /// Counts `units` as that many instructions. Throws killed.
    void charge(std::uint64_t units)
    {
        if (units < until_look_) { until_look_ -= units; } else { look(units); }
    }
    /// As charge, and looks at the clock in any case.
    void look(std::uint64_t units);
    /// Ends the call: sets killed_by and throws killed.
    [[noreturn]] void kill(errc);
    /// After a protected call that answered `status`: throws killed again if the call is being killed or ran out of memory.
    void pass_on(lua_State*, int status);
    /// True when a protected call that answered `status`, with its error on top of the stack, failed for want of memory.
    bool ran_out_of_memory(lua_State*, int status) const;

    /// errc::ok while the call lives.
    errc killed_by() const noexcept { return killed_by_; }
    /// Bytes that the state holds now.
    std::size_t memory_bytes() const noexcept { return bytes_; }

private:
    static void hook(lua_State*, lua_Debug*);
    bool late() const noexcept { return std::chrono::steady_clock::now() > deadline_; }
    void watch(std::size_t block_bytes) noexcept;
    void set_interval(int instructions) noexcept;
    void look_soon() noexcept;

    budget allowed_;
    lua_State* state_ = nullptr;
    bool running_ = false;
    errc killed_by_ = errc::ok;

    std::uint64_t until_look_ = 0;  // instructions until charge() looks again
    std::uint64_t left_ = 0;        // instructions beyond those
    std::chrono::steady_clock::time_point deadline_;
    int interval_ = 0;

    std::size_t bytes_ = 0;
    std::size_t bytes_limit_ = SIZE_MAX;
    std::size_t bytes_since_look_ = 0;
    std::size_t largest_block_ = 0;
    bool refused_ = false;
};

}  // namespace mykeyv::script
