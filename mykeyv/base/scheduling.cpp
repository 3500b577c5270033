// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/scheduling.hpp"

#include <sched.h>

namespace mykeyv {

void interrupt_nobody() noexcept
{
    if (::sched_getscheduler(0) != SCHED_OTHER) { return; }
    sched_param const unchanged{};
    ::sched_setscheduler(0, SCHED_BATCH, &unchanged);
}

}  // namespace mykeyv
