// SPDX-License-Identifier: Apache-2.0
// What a client can do with the cluster itself; `client` has these functions as its own.
//
//     co_await kv.async_add_node("db4:6958", 1);
//     co_await kv.async_rehash([](mykeyv::progress const& p) { show(p.slots_left, p.slots_total); });
//
// What client.hpp says of every operation holds for these too. Any node answers; one that cannot be reached is passed over.
#pragma once

#include "mykeyv/client/cluster_status.hpp"
#include "mykeyv/client/initiate.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <utility>

namespace mykeyv {

/// A function that takes a progress and gives nothing back. No completion token is one.
template <class T>
concept progress_handler = requires(std::decay_t<T>& handler, progress const& so_far) {
    { handler(so_far) } -> std::same_as<void>;
};

namespace detail {

// Calls a user's progress handler on his executor.
template <class Executor, class Handler>
auto reporting(Executor where, std::shared_ptr<Handler> handler)
{
    return [where = std::move(where), handler = std::move(handler)](progress const& so_far) {
        boost::asio::post(where, [handler, so_far] { (*handler)(so_far); });
    };
}

struct report_to_nobody {
    void operator()(progress const&) const noexcept {}
};

}  // namespace detail

class cluster_operations {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Moves as few slots as it takes until each node has its share by weight, and completes when every slot is where it should be and
    /// every member knows that. The nodes do the work; this watches it, about four times a second. If a rehash is under way
    /// already, it is joined. `handler` takes a progress; it runs where the completion handler does, and never after it.
    ///
    /// Completion:   `void(error_code)`.
    /// Errors:       as of every operation, where no node can be reached for `operation_timeout`; the whole may take as long as it
    ///               takes. The rehash itself goes on.
    /// Repetition:   asking for a rehash again does no harm, so it is repeated after a lost connection.
    /// Cancellation: stops the watching, with errc::cancelled; not the rehash, if that has begun.
    template <progress_handler Progress, boost::asio::completion_token_for<void(error_code)> Token = boost::asio::deferred_t>
    auto async_rehash(Progress&& handler, Token&& token = Token{})
    {
        return start_watch(true, std::make_shared<std::decay_t<Progress>>(std::forward<Progress>(handler)), token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token = boost::asio::deferred_t>
        requires(!progress_handler<Token>)
    auto async_rehash(Token&& token = Token{})
    {
        return start_watch(true, std::make_shared<detail::report_to_nobody>(), token);
    }

    /// Completes, like async_rehash, when every slot is where it should be, but begins nothing: for what another one began, or the
    /// removal of a node.
    template <progress_handler Progress, boost::asio::completion_token_for<void(error_code)> Token = boost::asio::deferred_t>
    auto async_settled(Progress&& handler, Token&& token = Token{})
    {
        return start_watch(false, std::make_shared<std::decay_t<Progress>>(std::forward<Progress>(handler)), token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token = boost::asio::deferred_t>
        requires(!progress_handler<Token>)
    auto async_settled(Token&& token = Token{})
    {
        return start_watch(false, std::make_shared<detail::report_to_nobody>(), token);
    }

    /// What a rehash would do now; changes nothing.
    ///
    /// Completion: `void(error_code, rehash_plan)`.
    template <boost::asio::completion_token_for<void(error_code, rehash_plan)> Token = boost::asio::deferred_t>
    auto async_rehash_plan(Token&& token = Token{})
    {
        return detail::initiate<void(error_code, rehash_plan)>(token, core_, executor_, detail::finish_plainly{},
                                                               [](auto& core, auto id, auto done) { core.plan(id, std::move(done)); });
    }

    /// Makes the node at `address` ("host:port"), which must be empty and alone, a member. It owns nothing before a rehash, and then a
    /// share in proportion to `weight`; 0: nothing.
    ///
    /// Completion: `void(error_code, std::string)`; after errc::refused the node's words, which say why; else nothing.
    /// Errors:     errc::refused          the node is a member already, has records, cannot be reached by the others...
    ///             errc::outcome_unknown  look at async_cluster_status
    template <boost::asio::completion_token_for<void(error_code, std::string)> Token = boost::asio::deferred_t>
    auto async_add_node(std::string address, std::uint32_t weight, Token&& token = Token{})
    {
        return start_change({"ADD", std::move(address), "WEIGHT", std::to_string(weight)}, token);
    }

    /// Takes the node with this id or address out of the cluster. Completes when that is accepted: from then on its slots go to the
    /// others, which async_settled awaits; with the last one it is no member any more. It must run until then.
    ///
    /// Completion: `void(error_code, std::string)`; after errc::refused the node's words, which say why; else nothing.
    /// Errors:     errc::refused          there is no such member, or it is the last one
    ///             errc::outcome_unknown  look at async_cluster_status
    template <boost::asio::completion_token_for<void(error_code, std::string)> Token = boost::asio::deferred_t>
    auto async_remove_node(std::string id_or_address, Token&& token = Token{})
    {
        return start_change({"REMOVE", std::move(id_or_address)}, token);
    }

    /// The members and what moves, as one node knows it.
    ///
    /// Completion: `void(error_code, cluster_status)`.
    template <boost::asio::completion_token_for<void(error_code, cluster_status)> Token = boost::asio::deferred_t>
    auto async_cluster_status(Token&& token = Token{})
    {
        return detail::initiate<void(error_code, cluster_status)>(token, core_, executor_, detail::finish_plainly{},
                                                                  [](auto& core, auto id, auto done) { core.status(id, std::move(done)); });
    }

protected:
    cluster_operations(executor_type executor, client_options const& options)
        : executor_{std::move(executor)}, core_{std::make_shared<detail::core>(executor_, options)}
    {
    }
    ~cluster_operations() = default;
    cluster_operations(cluster_operations&&) noexcept = default;
    cluster_operations& operator=(cluster_operations&&) = delete;

    executor_type executor_;
    std::shared_ptr<detail::core> core_;

private:
    template <class Handler, class Token>
    auto start_watch(bool begins, std::shared_ptr<Handler> handler, Token& token)
    {
        return detail::initiate<void(error_code)>(token, core_, executor_, detail::finish_plainly{},
                                                  [begins, handler = std::move(handler)](auto& core, auto id, auto done) {
                                                      auto report = detail::reporting(done.get_executor(), handler);
                                                      core.watch(id, begins, std::move(report), std::move(done));
                                                  });
    }

    template <class Token>
    auto start_change(std::vector<std::string> words, Token& token)
    {
        return detail::initiate<void(error_code, std::string)>(
            token, core_, executor_, detail::finish_plainly{},
            [words = std::move(words)](auto& core, auto id, auto done) { core.change_cluster(id, words, std::move(done)); });
    }
};

}  // namespace mykeyv
