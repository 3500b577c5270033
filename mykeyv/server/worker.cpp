// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/worker.hpp"

#include "mykeyv/server/node_state.hpp"

namespace mykeyv::server {

cluster_view const& worker::view()
{
    last_view = node.views->newest(std::move(last_view));
    return *last_view;
}

}  // namespace mykeyv::server
