// SPDX-License-Identifier: Apache-2.0
// Accepts connections and deals them out to the I/O threads.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/net/connection.hpp"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <vector>

namespace mykeyv::net {

/// Why an address cannot be listened on, in a sentence that names it.
class listen_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What accept() found wrong decides how soon it is called again: it never stops for good (CVE-2025-48367).
class listener {
public:
    /// Takes the address `at`, where connections are refused until start(); port 0 takes a free one. `host` is a name or an
    /// address; "" and "*" mean every address.
    /// `accepted` is called on threads[i], on several of them at once, with i and a connection that is not started. Accepting
    /// itself runs on threads[0].
    /// Threads and log must outlive the listener. Throws listen_error.
    listener(std::vector<async::io_thread*> threads, endpoint const& at, class log&,
             unique_function<void(std::size_t, std::shared_ptr<connection>)> accepted);
    ~listener();  ///< stop() must have been called, if start() was

    /// Where it listens, with the port that was found.
    endpoint const& local() const noexcept;

    /// Begins to accept. Throws listen_error.
    void start();
    /// Any thread but the listener's; once. Accepts nothing more; what was accepted already has been handed over when this returns.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::net
