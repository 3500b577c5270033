// SPDX-License-Identifier: Apache-2.0
// Lesson 2: the same operations read from top to bottom in a coroutine. Errors are exceptions here, absence is not.
//
//     coroutines [HOST:PORT]
#include "mykeyv/client/client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>

using namespace std::chrono_literals;
using nlohmann::json;

// What is made with braces gets a name before co_await: GCC 12 destroys it twice otherwise.
boost::asio::awaitable<void> count_visits(mykeyv::client& kv)
{
    // Keys are any scalar: 1965 and "1965" are the same.
    json const year{{"year", 1965}, {"visits", 0}};
    co_await kv.async_set(1965, year);

    // Compare and set: begins anew when somebody else was quicker.
    for (std::uint64_t version = 0; version == 0;) {
        auto record = co_await kv.async_get<json>("1965");
        (*record)["visits"] = (*record)["visits"].get<int>() + 1;
        mykeyv::set_options const if_nobody_else_did{.if_version = record.version};
        version = co_await kv.async_set("1965", *record, if_nobody_else_did);
    }

    // The same where the record lives, in one step and without a race.
    auto const outcomes = co_await kv.async_update(1965, "local r = ...; r.visits = r.visits + 1; return true, r.visits");
    std::cout << "visits: " << outcomes.front().result << '\n';

    // Bytes are stored as they are, here for a minute.
    mykeyv::bytes const ticket{"row A, seat 1"};
    mykeyv::set_options const for_a_minute{.ttl = 1min};
    co_await kv.async_set("ticket", ticket, for_a_minute);
    auto const found = co_await kv.async_get<mykeyv::bytes>("ticket");
    std::cout << "ticket: " << found->data << (found.expires_in ? ", expires" : "") << '\n';

    bool const erased = co_await kv.async_erase("ticket");
    auto const gone = co_await kv.async_get<mykeyv::bytes>("ticket");
    std::cout << "erased: " << std::boolalpha << erased << ", there: " << static_cast<bool>(gone) << '\n';
}

int main(int count, char** words)
{
    boost::asio::io_context context;
    mykeyv::client kv{context, {.seeds = {count > 1 ? words[1] : "127.0.0.1:6958"}}};
    int exit_code = 0;
    boost::asio::co_spawn(context, count_visits(kv), [&](std::exception_ptr problem) {
        try {
            if (problem) { std::rethrow_exception(problem); }
        } catch (std::exception const& e) {
            std::cerr << "coroutines: " << e.what() << '\n';
            exit_code = 1;
        }
    });
    context.run();
    return exit_code;
}
