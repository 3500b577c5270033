// SPDX-License-Identifier: Apache-2.0
// One generator of load for every server that bench/run measures. Prints one line of JSON.
#include "direct.hpp"
#include "libraries.hpp"
#include "protocol.hpp"
#include "sockets.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>

namespace {

using namespace mykeyv::bench;

figures run(work& w)
{
    if (w.protocol == "mysql") { return run_directly(w); }
    if (w.protocol == "client") { return run_client(w); }
    if (w.protocol == "hiredis") { return run_hiredis(w); }
    if (w.operation == "mget") { w.keys /= mget_keys; }  // groups of them
    return run_on_sockets(w, *make_protocol(w));
}

}  // namespace

int main(int count, char** words)
{
    CLI::App app{"Generates load; see bench/run"};
    work w;
    app.add_option("protocol", w.protocol, "resp, memcached, handlersocket, mysql, client or hiredis")->required();
    app.add_option("operation", w.operation, "get, set, incr, mget, mget_single, update, update_many, scan, fill, fill_groups, fill_docs")
        ->required();
    app.add_option("--port", w.port, "of the server on the loopback");
    app.add_option("--socket", w.socket, "of MariaDB");
    app.add_option("--connections", w.connections, "at once; with mysql each has a thread")->capture_default_str();
    app.add_option("--pipeline", w.pipeline, "commands sent at once")->capture_default_str();
    app.add_option("--seconds", w.seconds, "that it goes on")->capture_default_str();
    app.add_option("--rate", w.rate, "operations per second, begun at their time; 0: as fast as replies come");
    app.add_option("--prefix", w.prefix, "of the keys")->capture_default_str();
    app.add_option("--keys", w.keys, "that are used")->capture_default_str();
    app.add_option("--value-bytes", w.value_bytes, "of each value or document")->capture_default_str();
    app.add_option("--zipf", w.zipf, "how unevenly keys are chosen; 0: all alike")->check(CLI::Range(0.0, 0.999));
    app.add_option("--sha1", w.sha1, "of the code for update");
    app.add_option("--seed", w.seed, "of the choice of keys, and of what is stored")->capture_default_str();
    CLI11_PARSE(app, count, words);
    try {
        fmt::print("{}\n", run(w).text());
        return 0;
    } catch (std::exception const& failed) {
        fmt::print(stderr, "bench_load: {}\n", failed.what());
        return 1;
    }
}
