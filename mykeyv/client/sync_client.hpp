// SPDX-License-Identifier: Apache-2.0
// The client for scripts and tests: each call waits for its result.
#pragma once

#include "mykeyv/client/client.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mykeyv {

/// Every function is the async_ one of `client` without its completion token, and blocks the calling thread until it is done, at most
/// `operation_timeout`. A result holds the value or the error_code; `.value()` throws the error as boost::system::system_error.
/// Where each key has an outcome of its own, look there for errors. One thread at a time.
class sync_client {
public:
    explicit sync_client(client_options const&);
    ~sync_client();
    sync_client(sync_client const&) = delete;
    sync_client& operator=(sync_client const&) = delete;

    template <class T>
    result<found<T>> get(key name)
    {
        return wait<found<T>>([&](auto done) { async().async_get<T>(std::move(name), std::move(done)); });
    }
    result<std::uint64_t> set(key name, encoded record, set_options const& options = {});
    result<bool> erase(key name);
    std::vector<update_outcome> update(key_list keys, std::string code, nlohmann::json args = nullptr);

    template <class T>
    std::vector<get_outcome<T>> get_many(key_list keys)
    {
        return wait_for_all<get_outcome<T>>([&](auto done) { async().async_get_many<T>(std::move(keys), std::move(done)); });
    }
    std::vector<set_outcome> set_many(std::vector<std::pair<key, encoded>> records, set_options const& options = {});

    error_code ping();
    /// The error, or the node's answer; after an error of the node its words are in `words`, if given.
    result<resp::value> command(std::vector<std::string> arguments, std::string* words = nullptr);
    result<resp::value> command_by_key(key name, std::vector<std::string> arguments, std::string* words = nullptr);
    result<resp::value> command_at(endpoint node, std::vector<std::string> arguments, std::string* words = nullptr);
    result<scan_page> scan(endpoint node, std::string cursor, std::string pattern, std::size_t count);
    result<std::vector<node_info>> nodes();

    /// Blocks until every slot is where it should be, however long that takes. `handler` is called within.
    error_code rehash(std::function<void(progress const&)> handler = {});
    /// As rehash, but begins nothing.
    error_code settled(std::function<void(progress const&)> handler = {});
    result<rehash_plan> plan();
    result<cluster_status> status();
    /// After errc::refused the node's words are in `words`, if given.
    error_code add_node(std::string address, std::uint32_t weight = 1, std::string* words = nullptr);
    error_code remove_node(std::string id_or_address, std::string* words = nullptr);

private:
    client& async() noexcept;
    void run();

    template <class T, class Start>
    result<T> wait(Start start)
    {
        std::optional<result<T>> outcome;
        start([&](error_code ec, T value) {
            if (ec) {
                outcome.emplace(boost::system::in_place_error, ec);
            } else {
                outcome.emplace(boost::system::in_place_value, std::move(value));
            }
        });
        run();
        return std::move(*outcome);
    }
    template <class T, class Start>
    std::vector<T> wait_for_all(Start start)
    {
        std::vector<T> all;
        start([&](error_code const&, std::vector<T> outcomes) { all = std::move(outcomes); });
        run();
        return all;
    }
    template <class Start>
    result<resp::value> wait_for_answer(std::string* words, Start start);
    template <class Start>
    error_code wait_for_words(std::string* words, Start start);

    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace mykeyv
