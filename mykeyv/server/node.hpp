// SPDX-License-Identifier: Apache-2.0
// One node: the store, the threads, the door. What main() makes, and what tests make.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/server/settings.hpp"

#include <memory>
#include <stdexcept>

namespace mykeyv::server {

/// Why a node cannot start, in a sentence for the operator that names the setting to mend.
class start_up_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class node {
public:
    /// Opens the store (which may take seconds), agrees with itself on the topology, claims its slots at the first start, and
    /// serves. Throws start_up_error, store::start_up_error or net::listen_error, each with one sentence.
    /// `log` and `time` must outlive the node. `on_fenced` is called once, on some thread, when another daemon has taken over
    /// this MySQL: nothing is committed from then on, and the process should end without waiting for anything.
    node(settings, class log& log, clock const& time, unique_function<void()> on_fenced);
    ~node();  ///< stops, if stop() was not called

    /// Where it listens.
    endpoint const& listening() const noexcept;
    /// Who it is.
    node_id id() const noexcept;

    /// Accepts nothing more, answers what is in flight, waits until clients have their replies (up to stop_patience), closes
    /// the store. Repeating it is harmless. Not from within `on_fenced`.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv::server
