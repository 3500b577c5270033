// SPDX-License-Identifier: Apache-2.0
// The client: asynchronous access to the records of a cluster, from callbacks, futures and coroutines alike.
//
//     mykeyv::client kv{ctx, {.seeds = {"127.0.0.1:6958"}}};
//     kv.async_set("jerry", {{"first", "jerry"}, {"band", "grateful dead"}}, [](mykeyv::error_code ec) { ... });
//     auto jerry = co_await kv.async_get<musician>("jerry");
//     if (jerry) { std::cout << jerry->band; }
//
// What holds for every operation, unless it says otherwise:
//
// Completion:   the last parameter is any Asio completion token; without one the operation is `deferred`, to be awaited.
// Errors:       errc::timed_out_unsent    the time ran out, nothing was executed; for lack of a node it is
//               errc::not_connected       no node could be reached, nothing was executed
//               errc::cluster_down        nobody serves the key now, nothing was executed
//               errc::too_many_redirects  the nodes disagree about who owns the key, nothing was executed
//               errc::overloaded          too many bytes wait for the node already, nothing was executed
//               errc::outcome_unknown     sent and never answered: it may or may not have been executed, or still be
//               errc::key_too_long        over limits::key_bytes_max; nothing was sent
//               errc::unauthorized, errc::unknown_command   the node refuses us, or is no node of Mykeyv
// Repetition:   a request is sent again only if it certainly was not executed, or only reads.
// Cancellation: total before the request is sent: errc::cancelled. After that a read is given up with the same error; a write
//               only by `terminal` or `partial` cancellation, with errc::outcome_unknown: it may still happen.
// Lifetime:     arguments are copied or encoded before the function returns. The client may be destroyed meanwhile: what is
//               under way ends with errc::stopping, or errc::outcome_unknown if it may have been executed.
// Threads:      safe from any thread. The handler runs on its associated executor, else the client's; never inside the call.
#pragma once

#include "mykeyv/client/cluster_operations.hpp"
#include "mykeyv/client/initiate.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace mykeyv {

namespace detail {

// True for a plain callback that takes nothing but the error.
template <class Token>
concept takes_error_only = requires(std::decay_t<Token>& handler, error_code ec) {
    { handler(ec) } -> std::same_as<void>;
} && !std::invocable<std::decay_t<Token>&, error_code, std::uint64_t>;

template <class Token>
struct set_signature {
    using type = void(error_code, std::uint64_t);
};
template <takes_error_only Token>
struct set_signature<Token> {
    using type = void(error_code);
};

}  // namespace detail

/// A connection to a cluster, to be made once and shared. It connects when the first operation needs it, holds one pipelined
/// connection per node, and finds the owner of each key itself. An idle client keeps no work on its context: `run()` returns.
/// What it can do with the cluster itself is in cluster_operations.hpp.
class client : public cluster_operations {
public:
    /// Does no I/O. The executor's context must run for anything to happen.
    /// Throws std::invalid_argument for options out of range, such as no seed or one that is not host:port.
    client(executor_type executor, client_options const& options) : cluster_operations{std::move(executor), options} {}
    template <std::derived_from<boost::asio::execution_context> Context>
    client(Context& context, client_options const& options) : client{executor_type{context.get_executor()}, options}
    {
    }
    ~client()
    {
        if (core_) { core_->stop(); }
    }
    client(client&&) noexcept = default;
    client& operator=(client&&) = delete;

    executor_type get_executor() const noexcept { return executor_; }

    /// Reads the record under `name` as a T: `bytes` (of a document: its text), nlohmann::json, or a type that it converts to.
    /// That there is none is no error: the found<T> is empty.
    ///
    /// Completion: `void(error_code, found<T>)`.
    /// Errors:     errc::wrong_type  the record is bytes and T is not, or the document does not convert to T
    /// Repetition: repeated after a lost connection.
    template <class T, boost::asio::completion_token_for<void(error_code, found<T>)> Token = boost::asio::deferred_t>
    auto async_get(key name, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, found<T>)>(
            token, core_, executor_, decode_one<T>{},
            [name = std::move(name)](auto& core, auto id, auto done) { core.get(id, name, std::move(done)); });
    }

    /// Stores `record` under `name` and completes once the owner's MySQL has committed it. Without a ttl in `options` the
    /// record stays, also if the one before had one.
    ///
    /// Completion: `void(error_code, std::uint64_t version)`; version 0: the condition in `options` was not met, and nothing
    ///             was changed. A plain callback may take the error alone.
    /// Errors:     errc::json_not_exact, json_not_utf8, json_too_deep   see `encoded`; nothing was sent
    ///             errc::value_too_long   over the node's `value-bytes-max`; nothing was changed
    ///             errc::syntax, errc::invalid_expire   the options are wrong; nothing was sent
    ///             errc::outcome_unknown  it may or may not be stored; setting the same value again is safe if nobody else
    ///                                    writes this key
    template <boost::asio::completion_token_for<void(error_code, std::uint64_t)> Token = boost::asio::deferred_t>
    auto async_set(key name, encoded record, set_options const& options, Token&& token = Token{})
    {
        return start_set<void(error_code, std::uint64_t)>(std::move(name), std::move(record), options, token);
    }
    template <class Token = boost::asio::deferred_t>
        requires(boost::asio::completion_token_for<Token, typename detail::set_signature<Token>::type>)
    auto async_set(key name, encoded record, Token&& token = Token{})
    {
        return start_set<typename detail::set_signature<Token>::type>(std::move(name), std::move(record), {}, token);
    }

    /// Removes the record under `name`.
    ///
    /// Completion: `void(error_code, bool)`; whether there was one.
    template <boost::asio::completion_token_for<void(error_code, bool)> Token = boost::asio::deferred_t>
    auto async_erase(key name, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, bool)>(
            token, core_, executor_, detail::finish_plainly{},
            [name = std::move(name)](auto& core, auto id, auto done) { core.erase(id, name, std::move(done)); });
    }

    /// Runs `code` (Lua) on the node of each key, beside the record: the record does not travel. The code gets the record, `args`
    /// and the key, and returns what is to become of the record, then a result; see docs/scripting.md. All or nothing per
    /// key, one key apart from the other.
    ///
    /// Completion: `void(error_code, std::vector<update_outcome>)`; one outcome per key, in the order of the keys. The
    ///             error is set only if every key failed, and is then the first one's.
    /// Errors:     per key: errc::script_compile, script_runtime, script_time... with the node's words in `detail`; the record
    ///             is as it was
    /// Repetition: never after it was sent, unless the node says that it did not execute it.
    template <boost::asio::completion_token_for<void(error_code, std::vector<update_outcome>)> Token = boost::asio::deferred_t>
    auto async_update(key_list keys, std::string code, nlohmann::json args = nullptr, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, std::vector<update_outcome>)>(
            token, core_, executor_, detail::finish_plainly{},
            [keys = std::move(keys), code = std::move(code), args = std::move(args)](auto& core, auto id, auto done) {
                core.update(id, keys, code, args, std::move(done));
            });
    }

    /// As async_get for many keys, all nodes at once.
    ///
    /// Completion: `void(error_code, std::vector<get_outcome<T>>)`; one per key, in the order of the keys. The error is set
    ///             only if every key failed, and is then the first one's.
    template <class T, boost::asio::completion_token_for<void(error_code, std::vector<get_outcome<T>>)> Token = boost::asio::deferred_t>
    auto async_get_many(key_list keys, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, std::vector<get_outcome<T>>)>(
            token, core_, executor_, decode_many<T>{},
            [keys = std::move(keys)](auto& core, auto id, auto done) { core.get_many(id, keys, std::move(done)); });
    }

    /// As async_set for many records, all nodes at once, each record apart from the other.
    ///
    /// Completion: `void(error_code, std::vector<set_outcome>)`; one per record, in their order. The error is set only if
    ///             every record failed, and is then the first one's.
    template <boost::asio::completion_token_for<void(error_code, std::vector<set_outcome>)> Token = boost::asio::deferred_t>
    auto async_set_many(std::vector<std::pair<key, encoded>> records, set_options const& options, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, std::vector<set_outcome>)>(
            token, core_, executor_, detail::finish_plainly{},
            [records = std::move(records), options](auto& core, auto id, auto done) {
                core.set_many(id, records, options, std::move(done));
            });
    }
    template <boost::asio::completion_token_for<void(error_code, std::vector<set_outcome>)> Token = boost::asio::deferred_t>
    auto async_set_many(std::vector<std::pair<key, encoded>> records, Token&& token = Token{})
    {
        return async_set_many(std::move(records), set_options{}, std::forward<Token>(token));
    }

    /// Asks any node whether it answers.
    ///
    /// Completion: `void(error_code)`.
    template <boost::asio::completion_token_for<void(error_code)> Token = boost::asio::deferred_t>
    auto async_ping(Token&& token = Token{})
    {
        return detail::initiate<void(error_code)>(token, core_, executor_, detail::finish_plainly{},
                                                  [](auto& core, auto id, auto done) { core.ping(id, std::move(done)); });
    }

    // For tools

    /// Sends a command as it stands to the owner of `name`, to `node`, or to any node.
    ///
    /// Completion: `void(error_code, resp::value)`; after an error of the node the value is that error, with its words.
    /// Errors:     errc::syntax  no arguments; nothing was sent
    template <boost::asio::completion_token_for<void(error_code, resp::value)> Token = boost::asio::deferred_t>
    auto async_command_by_key(key name, std::vector<std::string> arguments, Token&& token = Token{})
    {
        return start_command(std::move(arguments), {std::move(name), std::nullopt}, token);
    }
    template <boost::asio::completion_token_for<void(error_code, resp::value)> Token = boost::asio::deferred_t>
    auto async_command_at(endpoint node, std::vector<std::string> arguments, Token&& token = Token{})
    {
        return start_command(std::move(arguments), {std::nullopt, std::move(node)}, token);
    }
    template <boost::asio::completion_token_for<void(error_code, resp::value)> Token = boost::asio::deferred_t>
    auto async_command(std::vector<std::string> arguments, Token&& token = Token{})
    {
        return start_command(std::move(arguments), {}, token);
    }

    /// One page of the keys of `node` that fit the glob `pattern`; begin with cursor "0" and go on until it comes back. A key
    /// that stays all the while is seen at least once. `count` is a hint of how many keys to look at.
    ///
    /// Completion: `void(error_code, scan_page)`.
    template <boost::asio::completion_token_for<void(error_code, scan_page)> Token = boost::asio::deferred_t>
    auto async_scan(endpoint node, std::string cursor, std::string pattern, std::size_t count, Token&& token = Token{})
    {
        return detail::initiate<void(error_code, scan_page)>(
            token, core_, executor_, detail::finish_plainly{},
            [node = std::move(node), cursor = std::move(cursor), pattern = std::move(pattern), count](auto& core, auto id, auto done) {
                core.scan(id, node, cursor, pattern, count, std::move(done));
            });
    }

    /// The nodes that own slots, and which, asked afresh.
    ///
    /// Completion: `void(error_code, std::vector<node_info>)`.
    template <boost::asio::completion_token_for<void(error_code, std::vector<node_info>)> Token = boost::asio::deferred_t>
    auto async_nodes(Token&& token = Token{})
    {
        return detail::initiate<void(error_code, std::vector<node_info>)>(
            token, core_, executor_, detail::finish_plainly{}, [](auto& core, auto id, auto done) { core.nodes(id, std::move(done)); });
    }

private:
    // Decoding runs user code (from_json), so it waits until it is on the user's executor.
    template <class T>
    static found<T> decode(error_code& ec, found<bytes>&& raw)
    {
        found<T> record{{}, raw.version, raw.expires_in, raw.encoding};
        if (ec || !raw) { return record; }
        auto decoded = detail::decode<T>(std::move(raw->data), raw.encoding);
        if (decoded.has_error()) {
            ec = decoded.error();
        } else {
            record.value.emplace(std::move(decoded).value());
        }
        return record;
    }

    template <class T>
    struct decode_one {
        std::tuple<found<bytes>> read(error_code& ec, resp::value&& reply) const { return {detail::read_record(ec, std::move(reply))}; }

        template <class Handler>
        void operator()(Handler&& handler, error_code ec, found<bytes>&& raw) const
        {
            auto record = decode<T>(ec, std::move(raw));
            std::forward<Handler>(handler)(ec, std::move(record));
        }
    };

    template <class T>
    struct decode_many : detail::finish_plainly {
        template <class Handler>
        void operator()(Handler&& handler, error_code const& ec, std::vector<get_outcome<bytes>>&& raw) const
        {
            std::vector<get_outcome<T>> outcomes;
            outcomes.reserve(raw.size());
            for (auto& each : raw) {
                auto record = decode<T>(each.error, std::move(each.record));
                outcomes.push_back({std::move(each.key), each.error, std::move(record)});
            }
            std::forward<Handler>(handler)(ec, std::move(outcomes));
        }
    };

    // Hands on as many results as the handler's signature has.
    template <class Signature>
    struct finish_set {
        std::tuple<std::uint64_t> read(error_code& ec, resp::value&& reply) const { return {detail::read_version(ec, std::move(reply))}; }

        template <class Handler>
        void operator()(Handler&& handler, error_code ec, std::uint64_t version) const
        {
            if constexpr (std::same_as<Signature, void(error_code)>) {
                std::forward<Handler>(handler)(ec);
            } else {
                std::forward<Handler>(handler)(ec, version);
            }
        }
    };

    template <class Signature, class Token>
    auto start_set(key name, encoded record, set_options const& options, Token& token)
    {
        return detail::initiate<Signature>(token, core_, executor_, finish_set<Signature>{},
                                           [name = std::move(name), record = std::move(record), options](auto& core, auto id, auto done) {
                                               core.set(id, name, record, options, std::move(done));
                                           });
    }

    template <class Token>
    auto start_command(std::vector<std::string> arguments, detail::command_route route, Token& token)
    {
        return detail::initiate<void(error_code, resp::value)>(
            token, core_, executor_, detail::finish_plainly{},
            [arguments = std::move(arguments), route = std::move(route)](auto& core, auto id, auto done) {
                core.command(id, arguments, route, std::move(done));
            });
    }
};

}  // namespace mykeyv
