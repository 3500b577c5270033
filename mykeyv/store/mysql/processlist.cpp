// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/processlist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>

namespace mykeyv::store {
namespace {

using clock = std::chrono::steady_clock;

constexpr unsigned no_such_thread = 1094;  // it ended by itself
constexpr std::chrono::milliseconds pause_first{1};
constexpr std::chrono::milliseconds pause_longest{50};

failure kill(connection& via, std::string const& id)
{
    auto why = via.execute("KILL " + id);
    return why.code == no_such_thread ? failure{} : why;
}

/// Asks `list` again and again for the ids of sessions that must go, ends each once, until there are none.
template <class List>
failure end_all(connection& via, std::chrono::milliseconds patience, List const& list)
{
    auto const deadline = clock::now() + patience;
    std::set<std::string> killed;
    for (auto pause = pause_first;; pause = std::min(2 * pause, pause_longest)) {
        std::set<std::string> left;
        if (auto why = list(left)) { return why; }
        if (left.empty()) { return via.commit(); }
        if (clock::now() >= deadline) {
            return failure::because(fmt::format("sessions {} at {} do not end within {} ms; is a long transaction being rolled back there?",
                                                fmt::join(left, ", "), via.settings().where(), patience.count()));
        }
        for (auto const& id : left) {
            if (!killed.insert(id).second) { continue; }
            if (auto why = kill(via, id)) { return why; }
        }
        // MySQL tells nobody when a session ends, so the list is read again.
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

failure end_connection(connection& via, std::string_view tag, std::chrono::milliseconds patience)
{
    // The session holds a lock of that name. It lets go of it after its transaction has ended, and its number may belong
    // to somebody else after a restart of the server, which the name cannot.
    auto const who = fmt::format("SELECT IS_USED_LOCK({})", via.quoted(tag));
    return end_all(via, patience, [&](std::set<std::string>& left) {
        text_rows rows;
        auto why = via.query(who, rows);
        if (!rows.empty() && rows[0][0]) { left.insert(*rows[0][0]); }
        return why;
    });
}

failure end_other_connections(connection& via, std::chrono::milliseconds patience)
{
    auto const list = via.server().processlist();
    auto const others = fmt::format("SELECT ID FROM {0} WHERE ID<>CONNECTION_ID() AND CAST(DB AS BINARY)=CAST(DATABASE() AS BINARY) "
                                    "AND CAST(USER AS BINARY)=(SELECT CAST(USER AS BINARY) FROM {0} WHERE ID=CONNECTION_ID())",
                                    list);
    return end_all(via, patience, [&](std::set<std::string>& left) {
        text_rows rows;
        auto why = via.query(others, rows);
        for (auto const& row : rows) { left.insert(row[0].value_or("")); }
        return why;
    });
}

}  // namespace mykeyv::store
