// SPDX-License-Identifier: Apache-2.0
// An update() of many keys as rounds of requests: the keys of each node together, those that have moved once more. No I/O.
#pragma once

#include "mykeyv/client/impl/answer.hpp"
#include "mykeyv/client/impl/request.hpp"
#include "mykeyv/client/impl/slot_map.hpp"

#include <vector>

namespace mykeyv::detail {

class update_plan {
public:
    update_plan(key_list const& keys, update_call call, int rounds_max);

    /// Requests for every key that has no outcome yet, one per node; from the second round on one per slot, so that a redirect
    /// of the whole request is clear. To be called again once all of them are answered. Empty: finished.
    struct group {
        std::vector<std::size_t> chosen;  ///< indexes of keys
        request what;
    };
    std::vector<group> next_round(slot_map const&);

    /// Every key has its outcome.
    bool finished() const noexcept { return pending_.empty(); }

    /// How often next_round gave requests.
    int rounds() const noexcept { return rounds_; }

    /// What the nodes said about owners on the way is added to `learned`.
    void on_answer(group const&, error_code, resp::value const&, std::vector<redirect>& learned);
    /// Every key that has no outcome yet ends with this, or with what kept its node from executing it.
    void fail_rest(error_code);

    /// In the order of the keys; leaves none.
    std::vector<update_outcome> take_outcomes();

private:
    void fail(std::size_t index, error_code, std::string_view detail);

    std::vector<key> keys_;
    update_call call_;
    int rounds_max_;
    int rounds_ = 0;
    std::vector<std::size_t> pending_;
    std::vector<update_outcome> outcomes_;
};

}  // namespace mykeyv::detail
