// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/clock.hpp"

#include <chrono>

namespace mykeyv {

unix_ms system_clock::now() const noexcept
{
    using namespace std::chrono;
    return {duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

}  // namespace mykeyv
