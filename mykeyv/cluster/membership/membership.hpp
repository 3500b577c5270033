// SPDX-License-Identifier: Apache-2.0
// One node's part in what all nodes have to agree on: who is a member, and what is to be where. It hears and tells the topology and who
// owns what, makes new topologies for those who ask for a change, and says which of this node's slots are to go. No I/O, no threads.
//
//     a change --make--> saved here --gossip--> every other member has it, or a newer one
//     a node:  alone --INVITE or --join--> member --REMOVE--> leaving --(owns nothing)--> left
//
// Once a second each node asks each other one what it knows (gossip); of two topologies the newer one stays. A rehash is no process that
// could be interrupted: it is the difference between the topology and the owners, and every node works on its share of it for as long as
// there is one.
//
// Invariants
//   1 A node's topology is saved before it counts and before anybody hears of it, and a newer one is never replaced by an older one.
//   2 Two topologies of the same version and author are the same.
//   3 A node that has left owns nothing, and takes nothing.
#pragma once

#include "mykeyv/base/clock.hpp"
#include "mykeyv/base/log.hpp"
#include "mykeyv/cluster/membership/outside.hpp"
#include "mykeyv/cluster/ownership.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mykeyv::cluster {

/// How often, how soon, how long. Simulations take other ones.
struct membership_limits {
    std::chrono::milliseconds gossip_pause{1'000};
    std::chrono::milliseconds gossip_pause_with_news{100};
    /// What is wanted is compared with what is there so long after it changed; after a slot has left, which changes nothing that is wanted;
    /// where a lane did not take what it was told.
    std::chrono::milliseconds reconcile_pause{20};
    std::chrono::milliseconds reconcile_pause_after_departure{100};
    std::chrono::milliseconds reconcile_pause_after_refusal{500};
    /// A node that does not answer for so long, and does not ask either, is not waited for.
    std::chrono::milliseconds away_after{2'000};
    /// How long whoever asked for a change waits for all others to have it: a bit less than the pause between two rounds of gossip.
    std::chrono::milliseconds settling_patience{900};
    int join_attempts_max = 3;
    /// Of who is asked to make this node a member, and of a node that is invited: that one first forgets its own slots and asks to be taken
    /// in, which costs a transaction on each lane and more than one answer.
    std::chrono::milliseconds join_patience{5'000};
    std::chrono::milliseconds invitation_patience{20'000};
    /// Before what belongs to being made a member, and did not work, is tried again.
    std::chrono::milliseconds admission_pause{500};
    /// Before the topology that counts is saved again, after one that may have been saved or not.
    std::chrono::milliseconds restore_pause{500};
};

static_assert(membership_limits{}.settling_patience < membership_limits{}.gossip_pause);

/// How the wish of somebody who asked for a change ends: a text for the reply, or why not. Not checked<std::string>: its text would have to
/// be named as such everywhere, because a refusal can be made of a string, too, so boost::system::result converts none.
struct change_result {
    // Both are returned, and handed to callbacks, as they are, which is what checked<T> allows for every other T.
    change_result(std::string said) : text{std::move(said)} {}              // NOLINT(google-explicit-constructor): see above
    change_result(refusal refused) : why_not{std::move(refused.reason)} {}  // NOLINT(google-explicit-constructor): see above
    explicit operator bool() const noexcept { return !why_not; }

    std::string text;
    std::optional<std::string> why_not;
};

class membership {
public:
    using time = membership_outside::time;
    using done = unique_function<void(change_result)>;
    using change = std::function<checked<topology>(topology const&)>;

    struct peer {
        endpoint where;
        time heard{};
        std::string last_said;                         // its part of STATUS, as JSON
        std::pair<std::uint64_t, node_id> has{};       // version and author of the one it has
        std::uint64_t news_seen = 0;                   // of its slots
        std::uint64_t news_told = 0;                   // of ours, as far as it has answered
        bool asked = false;                            // and has not answered yet
        std::optional<std::string> complaint;          // why it did not answer when it was asked last

        bool was_heard() const noexcept { return heard != time{}; }
    };

    /// `life`: higher in each life of the daemon than in all before. What is handed in must outlive it.
    membership(node_id self, std::uint64_t life, ownership&, clock const&, log&, membership_outside&, membership_limits const& = {});

    // While the node starts, in this order

    /// Asks a member to make this node one: the topology with this node in it, or why not.
    void ask_to_join(endpoint const& member, node const& self, done);
    /// With the topology that `ownership` has; `announced` is what others are to be told of where this node listens.
    void start(endpoint announced);
    /// Those who wait for a change are told what is known of it. Nothing may be called any more.
    void stop();

    /// Does what is due.
    void wake();

    // From other nodes

    /// What another node knows; what this one knows.
    std::string gossip_came(std::string_view text);
    /// Another node's topology; kept if it is newer.
    void topology_came(std::string_view text, done);
    void join_asked(node, done);
    /// Whether that node, which knows this topology, may go: no slot of this one is on its way there. Why not, or an empty text.
    void leave_asked(node_id, std::uint64_t version, node_id author, done);
    /// Makes this node, which is alone and has no records, a member of another cluster.
    void invited(endpoint const& member, std::uint32_t weight, done);

    // From people

    /// The slots that rehash() would move, as JSON.
    change_result plan() const;
    void rehash(done);
    void add(endpoint const&, std::uint32_t weight, done);
    void remove(std::string const& id_or_endpoint, done);
    void set_moving(std::function<void(moving_rules&)> const&, done);
    /// The newest topology, changed like that and in force; `reply` makes the text for `done` of it.
    void make_change(change, std::function<std::string(topology const&)> reply, done);

    // From the lanes

    void slot_came() { reconcile_in(limits_.reconcile_pause); }
    void slot_left() { reconcile_in(limits_.reconcile_pause_after_departure); }
    void wishes_were_lost() { reconcile_in(limits_.reconcile_pause_after_refusal); }

    // What is known

    topology const& newest() const noexcept { return *newest_; }
    std::unordered_map<node_id, peer> const& peers() const noexcept { return peers_; }

private:
    /// One that is committed here, and that the others have not all been heard to have.
    struct unsettled_change {
        change what;
        std::string text;
        done then;
        time made;
    };

    static std::pair<std::uint64_t, node_id> number_of(topology const& t) noexcept { return {t.version(), t.author()}; }
    void be_admitted(endpoint const& member, std::uint32_t weight, done);
    void ask_membership(endpoint const& member, node const& self, int attempts_left, done);
    void give_own_slots_up(std::function<void(std::string const&)> then);
    void take_own_slots_back(std::function<void()> then);
    void enter(topology const& joined, std::function<void()> then);
    void go_on_with_admission(std::function<void()> what);

    void in_turn(unique_function<void()> attempt);
    void save(topology, std::function<void(errc)> then);
    void restore();
    void go_on_with_changes();
    bool is_in_force(change const&) const;
    bool all_have_ours() const;
    void find_lost_changes();
    void settle_changes();
    checked<std::vector<node_id>> planned(topology const&) const;
    std::string plan_text(std::uint64_t version, std::vector<node_id> const& desired) const;

    void adopt(std::shared_ptr<topology const>);
    void insist_on_own_address();
    void refresh_peers();
    void reconcile_in(std::chrono::milliseconds);
    std::vector<std::pair<slot, node_id>> wishes() const;
    void reconcile();
    bool is_to_retire() const;
    void retire_if_empty();
    void ask_all_to_leave(std::function<void(std::string const& why_not)> then);
    void retire();
    void retire_later(std::string const& why);
    std::optional<node_id> successor() const;

    void gossip();
    void gossip_soon();
    void gossip_with(node_id, peer&);
    void learn(nlohmann::json const& told, node_id from, peer&);
    void compare_topologies(node_id, peer&);
    std::uint64_t news_number() const { return (life_ << 32) + owners_.own_version(); }
    std::string own_news(std::uint64_t seen, bool with_slots) const;

    void due_at(time& what, time when);
    time next_due() const;

    node_id const self_;
    std::uint64_t const life_;
    ownership& owners_;
    clock const& time_;
    log& log_;
    membership_outside& outside_;
    membership_limits const limits_;

    endpoint announced_;
    std::shared_ptr<topology const> newest_;
    std::unordered_map<node_id, peer> peers_;
    std::deque<unique_function<void()>> changes_;  // that wait for one that is being saved
    std::vector<unsettled_change> unsettled_;
    std::uint64_t news_gossiped_ = 0;
    bool saving_ = false;
    bool stopped_ = false;
    bool is_retiring_ = false;
    bool is_being_admitted_ = false;  // from the moment its own slots are given up until it is a member or has them again
    time gossips_at_ = time::max(), reconciles_at_ = time::max(), restores_at_ = time::max(), admission_goes_on_at_ = time::max();
    std::function<void()> admission_goes_on_;  // one at a time: see is_being_admitted_
};

}  // namespace mykeyv::cluster
