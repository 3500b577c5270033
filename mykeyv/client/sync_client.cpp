// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/sync_client.hpp"

#include <boost/asio/io_context.hpp>

namespace mykeyv {

struct sync_client::parts {
    explicit parts(client_options const& options) : asynchronous{context, options} {}
    boost::asio::io_context context{1};
    client asynchronous;
};

sync_client::sync_client(client_options const& options) : parts_{std::make_unique<parts>(options)} {}

sync_client::~sync_client() = default;

client& sync_client::async() noexcept { return parts_->asynchronous; }

// An idle client leaves its context nothing to do, so this returns when the operation is over.
void sync_client::run()
{
    parts_->context.restart();
    parts_->context.run();
}

result<std::uint64_t> sync_client::set(key name, encoded record, set_options const& options)
{
    return wait<std::uint64_t>([&](auto done) { async().async_set(std::move(name), std::move(record), options, std::move(done)); });
}

result<bool> sync_client::erase(key name)
{
    return wait<bool>([&](auto done) { async().async_erase(std::move(name), std::move(done)); });
}

std::vector<update_outcome> sync_client::update(key_list keys, std::string code, nlohmann::json args)
{
    return wait_for_all<update_outcome>(
        [&](auto done) { async().async_update(std::move(keys), std::move(code), std::move(args), std::move(done)); });
}

std::vector<set_outcome> sync_client::set_many(std::vector<std::pair<key, encoded>> records, set_options const& options)
{
    return wait_for_all<set_outcome>([&](auto done) { async().async_set_many(std::move(records), options, std::move(done)); });
}

error_code sync_client::ping()
{
    error_code outcome;
    async().async_ping([&](error_code ec) { outcome = ec; });
    run();
    return outcome;
}

template <class Start>
result<resp::value> sync_client::wait_for_answer(std::string* words, Start start)
{
    std::optional<result<resp::value>> outcome;
    start([&](error_code ec, resp::value answer) {
        if (words != nullptr && answer.is_error()) { *words = *answer.text(); }
        outcome = ec ? result<resp::value>{ec} : result<resp::value>{std::move(answer)};
    });
    run();
    return std::move(*outcome);
}

result<resp::value> sync_client::command(std::vector<std::string> arguments, std::string* words)
{
    return wait_for_answer(words, [&](auto done) { async().async_command(std::move(arguments), std::move(done)); });
}

result<resp::value> sync_client::command_by_key(key name, std::vector<std::string> arguments, std::string* words)
{
    return wait_for_answer(
        words, [&](auto done) { async().async_command_by_key(std::move(name), std::move(arguments), std::move(done)); });
}

result<resp::value> sync_client::command_at(endpoint node, std::vector<std::string> arguments, std::string* words)
{
    return wait_for_answer(words, [&](auto done) { async().async_command_at(std::move(node), std::move(arguments), std::move(done)); });
}

result<scan_page> sync_client::scan(endpoint node, std::string cursor, std::string pattern, std::size_t count)
{
    return wait<scan_page>(
        [&](auto done) { async().async_scan(std::move(node), std::move(cursor), std::move(pattern), count, std::move(done)); });
}

result<std::vector<node_info>> sync_client::nodes()
{
    return wait<std::vector<node_info>>([&](auto done) { async().async_nodes(std::move(done)); });
}

error_code sync_client::rehash(std::function<void(progress const&)> handler)
{
    error_code outcome;
    auto const report = [&](progress const& so_far) {
        if (handler) { handler(so_far); }
    };
    async().async_rehash(report, [&](error_code ec) { outcome = ec; });
    run();
    return outcome;
}

error_code sync_client::settled(std::function<void(progress const&)> handler)
{
    error_code outcome;
    auto const report = [&](progress const& so_far) {
        if (handler) { handler(so_far); }
    };
    async().async_settled(report, [&](error_code ec) { outcome = ec; });
    run();
    return outcome;
}

result<rehash_plan> sync_client::plan()
{
    return wait<rehash_plan>([&](auto done) { async().async_rehash_plan(std::move(done)); });
}

result<cluster_status> sync_client::status()
{
    return wait<cluster_status>([&](auto done) { async().async_cluster_status(std::move(done)); });
}

template <class Start>
error_code sync_client::wait_for_words(std::string* words, Start start)
{
    error_code outcome;
    start([&](error_code ec, std::string said) {
        outcome = ec;
        if (words != nullptr) { *words = std::move(said); }
    });
    run();
    return outcome;
}

error_code sync_client::add_node(std::string address, std::uint32_t weight, std::string* words)
{
    return wait_for_words(words, [&](auto done) { async().async_add_node(std::move(address), weight, std::move(done)); });
}

error_code sync_client::remove_node(std::string id_or_address, std::string* words)
{
    return wait_for_words(words, [&](auto done) { async().async_remove_node(std::move(id_or_address), std::move(done)); });
}

}  // namespace mykeyv
