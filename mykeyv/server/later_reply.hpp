// SPDX-License-Identifier: Apache-2.0
// The reply of a command whose work ends on another thread.
#pragma once

#include "mykeyv/base/error.hpp"
#include "mykeyv/resp/writer.hpp"
#include "mykeyv/server/reply_queue.hpp"
#include "mykeyv/server/session.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mykeyv::server {

/// Takes the next place among the replies when made, on the session's thread; may be passed on to any other. send() or fail()
/// must be called, once, or the connection waits for ever.
class later_reply {
public:
    /// The work concerns every key if session::begin_node_work() was called for it.
    enum class scope { some_keys, node };

    later_reply(session& asker, scope of) : asker_{asker.shared_from_this()}, ticket_{asker.reserve()}, version_{asker.version()},
                                            command_{asker.command_name()}, scope_{of} {}

    resp::protocol version() const noexcept { return version_; }
    void send(std::string encoded);
    void fail(errc, std::string_view detail = {});

private:
    std::shared_ptr<session> asker_;
    reply_queue::ticket ticket_;
    resp::protocol version_;
    std::string_view command_;
    scope scope_;
};

}  // namespace mykeyv::server
