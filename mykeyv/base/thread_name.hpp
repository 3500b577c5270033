// SPDX-License-Identifier: Apache-2.0
// What a thread is called where the system lists threads: `top -H`, `perf`, `gdb`.
#pragma once

namespace mykeyv {

/// Of the calling thread. Longer than 15 bytes: the thread keeps the name it has.
void name_this_thread(char const* name) noexcept;

}  // namespace mykeyv
