// SPDX-License-Identifier: Apache-2.0
// What stands behind the templates of client.hpp: the same operations with their completions made uniform, compiled once.
// Not for direct use.
#pragma once

#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/client/cluster_status.hpp"
#include "mykeyv/client/key.hpp"
#include "mykeyv/client/options.hpp"
#include "mykeyv/client/outcome.hpp"
#include "mykeyv/resp/value.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mykeyv::detail {

class engine;

/// Names an operation for cancelling it; never used twice by one core.
enum class operation_id : std::uint64_t {};

/// What a caller lets happen to an operation that it cancels.
enum class cancel_mode {
    if_unsent,  ///< only if it then has no effect at all
    abandon,    ///< also if its effect is not known then
};

/// Where a raw command goes.
struct command_route {
    std::optional<key> owner_of;
    std::optional<endpoint> node;  ///< neither: any node
};

/// Every function is safe from any thread and returns at once. `done` is called exactly once, on a thread of the executor or
/// within the call, unless the executor's context is destroyed before; it must hand its work to the user's own executor.
class core {
public:
    template <class... Results>
    using done = unique_function<void(error_code, Results...)>;

    /// Throws std::invalid_argument for options out of range.
    core(boost::asio::any_io_executor const&, client_options const&);
    ~core();  ///< as stop()
    core(core const&) = delete;
    core& operator=(core const&) = delete;

    /// Ends every operation: errc::stopping if certainly not executed, else errc::outcome_unknown. Later ones end so too.
    void stop();

    operation_id new_operation() noexcept;
    void cancel(operation_id, cancel_mode);

    // Of get and set the node's reply as it came, for read_record and read_version: one allocation less than with their results.
    void get(operation_id, key const&, done<resp::value>);
    void get_many(operation_id, key_list const&, done<std::vector<get_outcome<bytes>>>);
    void set(operation_id, key const&, encoded const&, set_options const&, done<resp::value>);
    void set_many(operation_id, std::vector<std::pair<key, encoded>> const&, set_options const&, done<std::vector<set_outcome>>);
    void erase(operation_id, key const&, done<bool>);
    void update(operation_id, key_list const&, std::string code, nlohmann::json const& args, done<std::vector<update_outcome>>);
    void command(operation_id, std::vector<std::string> const& arguments, command_route const&, done<resp::value>);
    void scan(operation_id, endpoint const& node, std::string const& cursor, std::string const& pattern, std::size_t count,
              done<scan_page>);
    void nodes(operation_id, done<std::vector<node_info>>);
    void ping(operation_id, done<>);

    // core_cluster.cpp
    void status(operation_id, done<cluster_status>);
    void plan(operation_id, done<rehash_plan>);
    /// A subcommand of KV.CLUSTER that is not to be repeated. With the node's words if it refuses.
    void change_cluster(operation_id, std::vector<std::string> const& words, done<std::string>);
    /// Until every slot is where it should be; `begins`: asks for a rehash first. `report` is called like `then`.
    void watch(operation_id, bool begins, unique_function<void(progress const&)> report, done<> then);

private:
    std::shared_ptr<engine> engine_;
};

/// The record in the reply to core::get(), or the version in that to core::set(). With an error before, nothing, and `ec` stays; with a
/// reply that is none, errc::unexpected_reply.
found<bytes> read_record(error_code& ec, resp::value&& reply);
std::uint64_t read_version(error_code& ec, resp::value&& reply);

}  // namespace mykeyv::detail
