// SPDX-License-Identifier: Apache-2.0
// What a store is made of. Private to store.cpp and store_start.cpp.
#pragma once

#include "mykeyv/store/clerk.hpp"
#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/lane.hpp"
#include "mykeyv/store/mysql/directory_lock.hpp"
#include "mykeyv/store/mysql/embedded.hpp"
#include "mykeyv/store/node_state.hpp"
#include "mykeyv/store/reader.hpp"
#include "mykeyv/store/store.hpp"
#include "mykeyv/store/watch.hpp"

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// Throws start_up_error, with what was being done.
void must(failure const&, std::string_view doing);

struct store::parts {
    parts(settings wanted, log& to_log, clock const& time, unique_function<void()> on_fenced);

    void connect_and_check(connection& link);
    tenure take_over_and_wait();
    void open_threads();

    settings const wanted;
    log& to_log;
    clock const& time;
    unique_function<void()> on_fenced;
    directory_lock lock;              // where MySQL is somebody else's; a private MariaDB has its own
    embedded_server private_mariadb;
    server_settings server;
    node_id id;
    std::string server_version;

    std::optional<connector> mysql;
    cache known;
    std::optional<environment> env;
    std::vector<std::unique_ptr<slot_agent>> agents;  // before the lanes, which use them to their end
    std::vector<std::unique_ptr<lane>> lanes;
    std::vector<std::unique_ptr<reader>> readers;
    std::unique_ptr<clerk> office;
    std::unique_ptr<watch> guard;

    std::vector<std::pair<slot, slot_row>> slots;
    bool ever_owned = false;
    mutable std::shared_mutex scripts_lock;
    script_map scripts;
    bool stopped = false;

    lane& lane_of(slot s) { return *lanes[s.number() % lanes.size()]; }
    reader& reader_of(slot s) { return *readers[s.number() % readers.size()]; }
};

}  // namespace mykeyv::store
