// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/outcome.hpp"

namespace mykeyv {

std::string_view name_of(update_status status) noexcept
{
    switch (status) {
    case update_status::stored: return "stored";
    case update_status::unchanged: return "unchanged";
    case update_status::erased: return "erased";
    case update_status::error: break;
    }
    return "error";
}

}  // namespace mykeyv
