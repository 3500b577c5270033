// SPDX-License-Identifier: Apache-2.0
// Those who operate a simulated cluster: they have nodes join and leave, and slots be elsewhere, and ask whichever node for it.
#pragma once

#include "tests/simulation/node.hpp"

#include <optional>

namespace mykeyv::simulation {

class operators {
public:
    operators(world& in, cluster& of) noexcept : world_{in}, cluster_{of} {}

    /// Want something now, and something else a while later, until stop().
    void work();
    void stop() noexcept { are_working_ = false; }
    /// Whether all members know that they agree, and nobody is to leave. Has what is paused go on.
    bool are_done();
    /// By the newest topology that any node has.
    unsigned owner_of(slot) const;

private:
    member* somebody();
    void want_something(member& asked);
    void want_slots_elsewhere(member& asked);
    void invite_somebody(member& asked);
    void add_again(endpoint const&);
    mykeyv::cluster::topology const* newest() const;
    mykeyv::cluster::membership::done noted(char const* what);

    world& world_;
    cluster& cluster_;
    bool are_working_ = true;
};

}  // namespace mykeyv::simulation
