// SPDX-License-Identifier: Apache-2.0
// How the system shares the processors among threads.
#pragma once

namespace mykeyv {

/// The calling thread, and all threads and programs that it starts from now on, wait for their turn when something wakes them, instead of
/// interrupting who runs (SCHED_BATCH of Linux, decision 0014). Whoever was started with a policy of its own, by chrt for one, keeps it;
/// where the system does not let it be changed, nothing changes.
void interrupt_nobody() noexcept;

}  // namespace mykeyv
