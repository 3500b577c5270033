// SPDX-License-Identifier: Apache-2.0
// One client's conversation: bytes in, commands, ordered replies out.
//
//     bytes -> request_parser -> command table -> handler -> reply()                   answered at once, or
//                                                         -> run() -> store            answered when that is done, or
//                                                         -> verdict::wait             not begun yet, shown again
//
// Everything in the buffer is taken before anything is sent. Replies wait for those before them in reply_queue; session_order
// says which way an operation may take. Runs on its worker's thread; operations under way keep the session alive.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/net/connection.hpp"
#include "mykeyv/resp/request_parser.hpp"
#include "mykeyv/resp/writer.hpp"
#include "mykeyv/server/command.hpp"
#include "mykeyv/server/pending.hpp"
#include "mykeyv/server/reply_queue.hpp"
#include "mykeyv/server/session_order.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mykeyv::server {

struct worker;
struct node_state;

/// What CLIENT LIST tells and CLIENT SETNAME, SETINFO and HELLO set.
struct client_facts {
    std::uint64_t id = 0;
    std::string name;
    std::string library;
    std::string library_version;
    std::chrono::steady_clock::time_point connected = std::chrono::steady_clock::now();
    std::string_view last_command;
};

/// What the compiler said of a piece of code.
struct compiled_code {
    script_id id;
    std::optional<std::string> complaint;  ///< nothing: it compiles
};

class session final : public net::connection_owner, public std::enable_shared_from_this<session> {
public:
    session(worker&, std::shared_ptr<net::connection>);

    // For the connection
    taken received(std::string_view unread) override;
    void input_ended() override;
    void closed() override;

    // For handlers: the command that is being handled

    worker& home() noexcept { return home_; }
    node_state& node() noexcept;
    client_facts& facts() noexcept { return facts_; }
    net::connection const& wire() const noexcept { return *connection_; }
    resp::protocol version() const noexcept { return version_; }
    /// Holds from the next reply on, and for this one.
    void set_version(resp::protocol version) noexcept { version_ = version; }
    /// Name, subcommand and all, in lower case: "cluster|slots".
    std::string_view command_name() const noexcept { return row_->name; }

    /// Where the reply of this command goes. To be called once by a handler that answers at once.
    resp::writer reply() { return resp::writer{reply_text(), version_}; }
    /// As reply(), for one that is encoded already: to be appended to.
    std::string& reply_text();
    verdict fail(std::string_view text);
    verdict fail(errc, std::string_view detail = {});
    verdict fail(reply::failure const& why) { return fail(why.error, why.detail); }

    /// The one slot of all these keys, if this node serves it; else the error is the reply.
    std::optional<slot> locate(std::span<std::string_view const> keys, std::size_t step = 1);
    /// "MOVED 3999 127.0.0.1:6958", or CLUSTERDOWN where nobody is known to serve it.
    std::string redirection(slot) const;
    /// Whether this node serves it.
    bool serves(slot) const;

    /// Runs a record function on one key; its reply is the reply.
    template <operation Op>
    verdict run(std::string_view key, Op op)
    {
        auto const where = locate({&key, 1});
        if (!where) { return verdict::done; }
        auto const way = way_of(*where, read_only<Op>);
        if (way == session_order::way::wait) { return verdict::wait; }
        return submit(std::make_unique<key_operation<Op>>(*where, key, std::move(op), command_name(), version_), way);
    }
    /// As run, for a hot read: from the cache without an allocation.
    template <operation Op>
    verdict run_hot(cache_probe<Op>& probe, std::string_view key)
    {
        auto const where = locate({&key, 1});
        if (!where) { return verdict::done; }
        auto const way = way_of(*where, true);
        if (way == session_order::way::wait) { return verdict::wait; }
        if (way == session_order::way::at_once) {
            probe.aim(*where, key, version_);
            if (answer_from_cache(probe)) { return verdict::done; }
        }
        return hand_over(std::make_unique<key_operation<Op>>(*where, key, Op{}, command_name(), version_), way);
    }
    using combine = combine_replies;
    /// Runs a record function on each of these keys of one slot, all in one step.
    template <operation Op>
    verdict run_on_all(std::span<std::string_view const> keys, Op op, combine how)
    {
        auto const where = locate(keys);
        if (!where) { return verdict::done; }
        auto const way = way_of(*where, read_only<Op>);
        if (way == session_order::way::wait) { return verdict::wait; }
        return submit(std::make_unique<keys_operation<Op>>(*where, std::vector<std::string>{keys.begin(), keys.end()}, std::move(op), how,
                                                           command_name(), version_),
                      way);
    }
    session_order::way way_of(slot s, bool is_read) const noexcept { return is_read ? order_.way_of_read(s) : order_.way_of_write(s); }
    verdict submit(std::unique_ptr<pending>, session_order::way);

    /// Takes a place for the reply of this command; answer() fills it.
    reply_queue::ticket reserve() { return replies_.reserve(); }
    /// Hands a write of this slot to the store that answers `ticket` together with others. Its way was not `wait`.
    void submit_write(std::unique_ptr<pending>, reply_queue::ticket);

    /// For work that concerns every key: false while anything of this session is unfinished (then answer with verdict::wait).
    bool begin_node_work() noexcept;

    /// The node at the other end, if it has shown the secret of the cluster.
    std::optional<node_id> const& peer() const noexcept { return peer_; }
    void greet_peer(node_id id) noexcept { peer_ = id; }
    /// Looks for code that this node does not know, at the others. True: the answer is awaited (verdict::wait). False: it has
    /// been looked for, and is not known.
    bool search_code(script_id);

    /// Compiles code of at most `script_code_bytes_max` on the node's compiler thread. Nothing: that is under way (verdict::wait).
    /// An answer is given once.
    std::optional<compiled_code> compile(script_id, std::string_view code);
    bool is_compiling() const noexcept { return compiling_ != nullptr; }

    void close_after_replies() noexcept { closing_ = true; }
    /// RESET: as it was when it was new, but for its id.
    void reset();

    // For work that ends later, on this thread
    void operation_ended(slot, bool at_reader, std::size_t payload_bytes) noexcept;
    void node_work_ended() noexcept { order_.node_ends(); }
    void answer(reply_queue::ticket, std::string&& encoded);
    /// After any of these: takes up what had to wait.
    void go_on();

    // For the node
    /// Takes no more commands, answers those that were taken, closes.
    void drain();
    /// Closes now.
    void cut();
    /// The line of CLIENT LIST and CLIENT INFO, without its end.
    std::string description() const;

private:
    bool is_full() const noexcept;
    bool answer_from_cache(pending&);
    verdict hand_over(std::unique_ptr<pending>, session_order::way);
    verdict dispatch(arguments);
    std::size_t prefetch(std::string_view unread) const noexcept;
    command const* find(arguments);
    void close_if_answered();
    void compiled(compiled_code);

    worker& home_;
    std::shared_ptr<net::connection> connection_;  // null once closed
    resp::request_parser parser_;
    session_order order_;
    reply_queue replies_;
    client_facts facts_;
    command const* row_ = nullptr;
    std::optional<reply_queue::ticket> written_;  // the place of the reply that the handler writes, if it is behind others
    std::optional<store::cache_moment> moment_;  // of all that is read in one call of received()
    std::size_t payload_bytes_ = 0;   // of operations under way
    resp::protocol version_ = resp::protocol::resp2;
    std::optional<node_id> peer_;
    std::optional<script_id> searched_;  // the code that was looked for last
    bool searching_ = false;
    std::shared_ptr<std::string const> compiling_;  // held by this session alone until its turn comes: letting go of it calls it off
    std::optional<compiled_code> compiled_;
    bool paused_ = false;
    bool closing_ = false;
};

}  // namespace mykeyv::server
