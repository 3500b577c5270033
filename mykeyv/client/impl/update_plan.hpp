// SPDX-License-Identifier: Apache-2.0
// An update() of many keys as requests: the keys of each node together, those that were not executed again by slot. No I/O.
#pragma once

#include "mykeyv/client/impl/answer.hpp"
#include "mykeyv/client/impl/request.hpp"
#include "mykeyv/client/impl/slot_map.hpp"

#include <functional>
#include <vector>

namespace mykeyv::detail {

class update_plan {
public:
    update_plan(key_list const& keys, update_call call, int rounds_max);

    struct group {
        std::vector<std::size_t> chosen;  ///< indexes of keys
        request what;
        bool of_one_slot = false;         ///< it follows redirects and is patient
        int round = 0;                    ///< how often its keys were asked for before
    };

    /// Whether the keys without an outcome are of one slot, so that no map is needed to know which go together.
    bool has_one_slot() const;

    /// Requests for every key that has no outcome yet, one per node. Keys whose slot is not `straight` (there is an order to be kept with
    /// what is under way elsewhere) go by slot, as do those of unknown owners.
    std::vector<group> first_round(slot_map const&, std::function<bool(slot)> const& straight);

    /// What has to be asked again, by slot, so that redirects are followed and kept in order like any request's: at once, before
    /// newer requests for these slots go on. What the node said about owners on the way is added to `learned`.
    std::vector<group> on_answer(group const&, error_code, resp::value const&, std::vector<redirect>& learned);

    /// Every key that has no outcome yet ends with this.
    void fail_rest(error_code);

    /// In the order of the keys; leaves none.
    std::vector<update_outcome> take_outcomes();

private:
    std::vector<group> again(group const&, std::vector<std::size_t> keys);
    group group_of(std::vector<std::size_t> chosen, destination const&, int round) const;
    slot place_of(std::size_t index) const { return slot_of(keys_[index].text()); }
    void fail(std::size_t index, error_code, std::string_view detail);

    std::vector<key> keys_;
    update_call call_;
    int rounds_max_;
    std::vector<std::size_t> pending_;  // not asked for yet
    std::vector<update_outcome> outcomes_;
};

}  // namespace mykeyv::detail
