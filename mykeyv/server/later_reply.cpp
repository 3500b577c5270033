// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/later_reply.hpp"

#include "mykeyv/server/error_replies.hpp"
#include "mykeyv/server/worker.hpp"

#include <utility>

namespace mykeyv::server {

void later_reply::send(std::string encoded)
{
    auto& thread = asker_->home().thread;
    thread.post([asker = std::move(asker_), ticket = ticket_, of = scope_, encoded = std::move(encoded)]() mutable {
        if (of == scope::node) { asker->node_work_ended(); }
        asker->answer(ticket, std::move(encoded));
        asker->go_on();
    });
}

void later_reply::fail(errc why, std::string_view detail)
{
    std::string encoded;
    resp::writer{encoded, version_}.error(error_text(why, command_, detail));
    send(std::move(encoded));
}

}  // namespace mykeyv::server
