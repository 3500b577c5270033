// SPDX-License-Identifier: Apache-2.0
// A client and a fake node in one thread, and the verbs that tests of the client use.
#pragma once

#include "mykeyv/client/client.hpp"
#include "tests/unit/client/fake_node.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <tuple>

namespace mykeyv::test {

using namespace std::chrono_literals;
using nlohmann::json;

inline std::string bulk(std::string_view text) { return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n"; }

/// The reply to KV.GET.
inline std::string record(std::string_view value, std::string_view format = "document", int version = 1)
{
    return "*4\r\n" + bulk(value) + bulk(format) + ":" + std::to_string(version) + "\r\n_\r\n";
}

inline std::string const absent = "_\r\n";
inline std::string const hang_up = fake_node::hang_up;

class client_test : public testing::Test {
protected:
    boost::asio::io_context context{1};
    fake_node node{context};
    client_options options = quick_options();
    std::optional<client> made;

    client_options quick_options() const
    {
        client_options quick;
        quick.seeds = {node.address().text()};
        quick.operation_timeout = 5s;
        quick.backoff_min = 1ms;
        quick.backoff_max = 20ms;
        return quick;
    }

    client& kv()
    {
        if (!made) { made.emplace(context, options); }
        return *made;
    }

    /// Runs until `done`; false: that took too long.
    template <class Done>
    bool run_until(Done done)
    {
        auto const deadline = std::chrono::steady_clock::now() + 10s;
        while (!done() && std::chrono::steady_clock::now() < deadline) { context.run_one_for(100ms); }
        return done();
    }

    /// The results of a deferred operation.
    template <class Operation>
    auto results_of(Operation operation)
    {
        return results_of_signature(std::move(operation), static_cast<typename signature_of<Operation>::type*>(nullptr));
    }

    template <class Operation>
    error_code error_of(Operation operation) { return std::get<0>(results_of(std::move(operation))); }

private:
    template <class Operation>
    struct signature_of {
        using type = typename boost::asio::completion_signature_of<Operation>::type;
    };

    template <class Operation, class... Results>
    std::tuple<error_code, Results...> results_of_signature(Operation operation, void (*)(error_code, Results...))
    {
        auto const outcome = std::make_shared<std::optional<std::tuple<error_code, Results...>>>();
        std::move(operation)([outcome](error_code ec, Results... results) { outcome->emplace(ec, std::move(results)...); });
        if (!run_until([&] { return outcome->has_value(); })) {
            ADD_FAILURE() << "the operation did not complete";
            return {};
        }
        return std::move(**outcome);
    }
};

}  // namespace mykeyv::test
