// SPDX-License-Identifier: Apache-2.0
// What KV.CLUSTER answers, as structs. Anything that is missing or of another kind is errc::unexpected_reply.
#pragma once

#include "mykeyv/base/error.hpp"
#include "mykeyv/client/cluster_status.hpp"
#include "mykeyv/resp/value.hpp"

namespace mykeyv::detail {

result<cluster_status> read_status(resp::value const&);
result<rehash_plan> read_plan(resp::value const&);

}  // namespace mykeyv::detail
