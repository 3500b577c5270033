// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/client.hpp"

#include <boost/asio/io_context.hpp>

#include <iostream>

int main(int count, char** words)
{
    boost::asio::io_context ctx;
    mykeyv::client kv{ctx, {.seeds = {count > 1 ? words[1] : "127.0.0.1:6958"}}};
    kv.async_set("jerry", {{"first", "jerry"}, {"band", "grateful dead"}}, [&](mykeyv::error_code ec) {
        if (ec) { return void(std::cerr << ec.message() << '\n'); }  // committed, or this says why not
        kv.async_update("jerry", "local r = ...; r.plays = 'guitar'; return true", nullptr, [&](mykeyv::error_code, auto) {
            kv.async_get<nlohmann::json>("jerry", [](mykeyv::error_code, auto jerry) {
                if (jerry) { std::cout << *jerry << " version " << jerry.version << '\n'; }
            });
        });
    });
    ctx.run();
}
