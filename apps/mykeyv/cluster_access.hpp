// SPDX-License-Identifier: Apache-2.0
// The cluster as the commands see it: the client, and what to say when something fails.
#pragma once

#include "apps/mykeyv/command.hpp"
#include "mykeyv/client/sync_client.hpp"

#include <string>
#include <string_view>

namespace mykeyv::cli {

class cluster_access {
public:
    /// Throws `refusal` (cluster_error) with what was tried if none of the servers accepts a connection: at once, where the
    /// client would go on trying until the timeout.
    explicit cluster_access(global_options const&);

    sync_client& client() noexcept { return client_; }

    /// Says on stderr that `what` failed, why, and, where the cluster could not be reached, what was tried. Gives the exit code.
    /// `detail`: the node's own words, if there are any.
    exit_code report(std::string_view what, error_code const&, std::string_view detail = {});

    /// The nodes that own slots, by address. Throws `refusal` if there is no map to be had.
    std::vector<node_info> nodes();

    /// The members and what moves. Throws `refusal` if no node says it.
    cluster_status status();

    /// Sends a command to this node. errc::not_connected at once if it accepts no connection.
    result<resp::value> ask(endpoint const& node, std::vector<std::string> words);

private:
    std::string tried();

    global_options const& globals_;
    sync_client client_;
    bool explained_ = false;
};

/// What the client is made with.
client_options options_of(global_options const&);

/// The error's sentence, with the node's own words behind it if there are any.
std::string sentence_of(error_code const&, std::string_view detail);

}  // namespace mykeyv::cli
