// SPDX-License-Identifier: Apache-2.0
// Runs the requests of one client: asks each request's machine what to do, and does it with connections, timers and the map.
// Everything but `post` happens on one strand, so nothing here needs a lock.
#pragma once

#include "mykeyv/async/mailbox.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/client/impl/backoff.hpp"
#include "mykeyv/client/impl/connection.hpp"
#include "mykeyv/client/impl/request.hpp"
#include "mykeyv/client/impl/request_machine.hpp"
#include "mykeyv/client/impl/slot_map.hpp"
#include "mykeyv/client/impl/slot_order.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/intrusive/unordered_set.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace mykeyv::detail {

class engine final : public std::enable_shared_from_this<engine>, private connection_events {
public:
    using clock = std::chrono::steady_clock;
    using deadline = clock::time_point;
    /// The error and the node's reply; the reply also where the error came from it.
    using done = unique_function<void(error_code, resp::value)>;

    /// Throws std::invalid_argument for options out of range.
    engine(boost::asio::any_io_executor const&, client_options);
    ~engine();

    /// Any thread: runs `task` on the strand. What one thread posts stays in order.
    template <class Task>
    void post(Task task)
    {
        deliver_soon(std::make_unique<errand<Task>>(std::move(task)));
    }
    /// Any thread: performs the request on the strand, with a new deadline.
    void post(operation_id, request&&, done&&);

    operation_id new_operation() noexcept { return operation_id{++last_operation_}; }

    // On the strand

    /// When an operation that begins now has to be over.
    deadline new_deadline() const noexcept;

    /// Makes the request, as often and wherever it takes. `done` is called exactly once, perhaps within the call. An operation may
    /// consist of several requests. `delay`: pauses for the backoff after so many other pauses first; 0: does not.
    void perform(operation_id, request&&, deadline, done&&, int delay = 0);
    void cancel(operation_id, cancel_mode);
    void stop();

    /// The map as it is known; empty at first.
    slot_map const& map() const noexcept { return map_; }
    /// A node said so.
    void learn(redirect const&);
    /// A request for keys of this slot may travel with those of other slots: no order is to be kept with what is under way elsewhere.
    bool goes_straight(slot);

private:
    template <class Task>
    class errand final : public async::mail {
    public:
        explicit errand(Task task) : task_{std::move(task)} {}
        void delivered(std::unique_ptr<mail>) noexcept override { task_(); }

    private:
        Task task_;
    };

    struct operation;
    // Leaves its queue by itself when its operation is over.
    struct timer : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        explicit timer(operation& of) noexcept : whose{of} {}
        operation& whose;
        clock::time_point at{};
        friend bool operator<(timer const& one, timer const& other) noexcept { return one.at < other.at; }
    };
    using timers = boost::intrusive::multiset<timer, boost::intrusive::constant_time_size<false>>;
    enum class standing { fresh, out, held };  // as slot_order has it; requests without a slot stay fresh
    // Travels to the strand as it is, so that an operation is made once and stays where it is.
    struct operation final : async::mail, boost::intrusive::unordered_set_base_hook<> {
        operation(engine& by, operation_id named, request&& wanted, done&& after);
        void delivered(std::unique_ptr<mail> self) noexcept override;

        engine& runs_on;
        operation_id id;
        ticket who{};
        request what;
        request_machine machine;
        done then;
        standing stands = standing::fresh;
        action::prelude first = action::prelude::none;
        std::optional<endpoint> told = {};        // where a node sent it; nothing: the map knows
        unsigned attempts = 0;
        std::shared_ptr<connection> on = {};      // where it was last queued
        timer deadline{*this};
        timer pause{*this};
    };
    // By ticket, which is its own hash. Owns them. Finding one takes two looks at memory, and none is allocated for it.
    struct ticket_of {
        using type = ticket;
        ticket operator()(operation const& of) const noexcept { return of.who; }
    };
    struct ticket_itself {
        std::size_t operator()(ticket who) const noexcept { return static_cast<std::size_t>(who); }
    };
    using operations = boost::intrusive::unordered_set<operation, boost::intrusive::key_of_value<ticket_of>,
                                                       boost::intrusive::hash<ticket_itself>, boost::intrusive::power_2_buckets<true>>;
    using connections = std::vector<std::shared_ptr<connection>>;

    void deliver_soon(std::unique_ptr<async::mail>);
    void begin(std::unique_ptr<operation>, deadline, int delay);
    operation& add(std::unique_ptr<operation>);
    /// Null: it is over.
    operation* find(ticket);
    // After each of these the operation may be over, and gone.
    void act(operation&, action const&);
    void interrupt(operation&, unique_function<action(request_machine&)> event);
    void send(operation&);
    void send_to(operation&, endpoint const&);
    void complete(operation&, errc, resp::value&& reply, bool answered = false);
    std::shared_ptr<connection> const& connection_to(endpoint const&, destination const&);

    int write(ticket, std::string& out) override;
    bool on_reply(ticket, resp::value&&) override;
    void on_lost(ticket) override;
    void on_unreachable(ticket, errc refused) override;

    // engine_order.cpp
    bool may_go(operation&, connection const&);
    void step_back(operation&);
    void stand(operation&, standing);
    void note_hindrance(operation const&);
    void leave_order(operation const&, bool answered);
    void let_go(slot);
    void let_go(ticket);

    void set_timer(timer&, clock::time_point);
    void arm();
    void on_timer();

    void await_map(operation&);
    void refresh();
    void ask_next_candidate();
    void on_map(error_code, resp::value const&, endpoint const& asked);
    void resume(operation&);
    std::vector<ticket> take_waiters();
    std::vector<endpoint> map_candidates() const;

    client_options options_;
    boost::asio::any_io_executor strand_;
    async::mailbox inbox_;
    std::atomic<std::uint64_t> last_operation_{0};
    std::uint64_t last_ticket_ = 0;
    bool stopped_ = false;

    std::vector<endpoint> seeds_;
    slot_map map_;
    endpoint newest_owner_;  // the last that a redirect named; the first to be asked for the map
    std::vector<ticket> waiting_for_map_;
    std::vector<endpoint> candidates_;  // still to be asked for the map in this round, last first
    errc map_hindrance_ = errc::ok;     // why there was no map to be had in this round
    bool refreshing_ = false;

    slot_order order_;
    std::size_t held_bytes_ = 0;   // of requests that the order holds
    std::vector<slot> to_let_go_;  // where something changed; served by the outermost let_go

    backoff backoff_;
    std::vector<operations::bucket_type> buckets_{64};
    operations operations_{{buckets_.data(), buckets_.size()}};
    std::map<endpoint, connections> connections_;
    timers timers_;
    boost::asio::steady_timer timer_;
    std::optional<clock::time_point> armed_for_;
};

}  // namespace mykeyv::detail
