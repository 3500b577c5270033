// SPDX-License-Identifier: Apache-2.0
// What a lane tells whoever moves its slots, always on the lane's own thread.
#pragma once

#include "mykeyv/store/batch.hpp"

#include <chrono>
#include <span>

namespace mykeyv::store {

class slot_agent {
public:
    virtual ~slot_agent() = default;

    /// These rows are about to be committed; whether they are is not known yet, and may never be.
    virtual void writing(batch_writes const&) = 0;
    /// Every record of these slots is about to be erased, in several commits.
    virtual void erasing(std::span<slot const>) = 0;
    /// Something else is about to be done in the lane's session: a transaction that was left open there is to be committed.
    virtual void end_transaction() = 0;
    /// The lane ends: this is the last that it tells.
    virtual void stopping() = 0;
    /// Called between batches, and again no later than at the time it gives back.
    virtual std::chrono::steady_clock::time_point wake() = 0;
};

}  // namespace mykeyv::store
