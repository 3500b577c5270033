// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/thread_name.hpp"

#include <pthread.h>

namespace mykeyv {

void name_this_thread(char const* name) noexcept { pthread_setname_np(pthread_self(), name); }

}  // namespace mykeyv
