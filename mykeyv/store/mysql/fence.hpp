// SPDX-License-Identifier: Apache-2.0
// The fence: one daemon per database, and a daemon that was replaced never commits again.
//
//     free -> held at epoch e      take_over(): commit e, end every other session of ours, commit once more
//     held at e -> held at e + 1   take_over() by another daemon; the first one is fenced
//     held at e -> free            leave(): a clean stop; the epoch stays
//
// 1. Epochs only grow.
// 2. A session that verified epoch e before e + 1 was committed is among those that the take-over of e + 1 ends. One that
//    verifies later sees e + 1. So after a take-over no session of an older epoch can commit.
// 3. A version handed out under epoch e is below every version handed out under e + 1.
#pragma once

#include "mykeyv/store/mysql/connection.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace mykeyv::store {

/// What a take-over gives.
struct tenure {
    std::uint64_t epoch = 0;
    /// Versions are ours from floor + 1 to ceiling, both of which only grow; raise_ceiling() before going over it.
    std::uint64_t version_floor = 0;
    std::uint64_t version_ceiling = 0;
    /// The one before us did not stop cleanly: it may live and still answer reads from its cache, for as long as its
    /// lease says. Wait that long, from the return of take_over(), before serving.
    bool previous_unclean = false;
    std::chrono::milliseconds previous_lease{0};
};

/// Versions that a take-over sets aside at once.
inline constexpr std::uint64_t versions_per_tenure = std::uint64_t{1} << 32;

/// Takes the database over. `instance` names this daemon to people; `lease` is how long it answers reads from its cache
/// after it last saw the fence hold. Refused when another session does not end within `patience`; fenced when another
/// daemon takes over at the same moment: then that one has it.
failure take_over(server_settings const&, std::string_view instance, std::chrono::milliseconds lease,
                  std::chrono::milliseconds patience, tenure& out);

/// The first statement of every connection that reads or writes for `epoch`: fenced unless that is still the epoch. Ends its
/// own transaction. Repeating it on an open connection renews the lease, counted from before the call.
failure verify(connection&, std::uint64_t epoch);

/// Sets the ceiling to at least `at_least`, as part of the caller's transaction.
failure raise_ceiling(connection&, std::uint64_t epoch, std::uint64_t at_least);

/// A clean stop: nothing of ours serves any more. Commits.
failure leave(connection&, std::uint64_t epoch);

}  // namespace mykeyv::store
