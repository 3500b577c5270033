// SPDX-License-Identifier: Apache-2.0
// The shortest program with the installed client library: it asks a cluster that is not there, and says what came of it.
#include <mykeyv/client/client.hpp>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

int main()
{
    boost::asio::io_context ctx;
    mykeyv::client kv{ctx, {.seeds = {"127.0.0.1:1"}, .operation_timeout = std::chrono::seconds{1}}};
    kv.async_get<nlohmann::json>("jerry", [](mykeyv::error_code ec, auto const&...) { std::cout << ec.message() << '\n'; });
    ctx.run();
}
