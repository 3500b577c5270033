// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/cluster_view.hpp"

#include "mykeyv/resp/writer.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace mykeyv::server {
namespace {

using cluster::node;
using cluster::slot_map;

std::string encode_slots(slot_map const& map, resp::protocol version)
{
    std::string out;
    resp::writer to{out, version};
    to.array(map.ranges().size());
    for (auto const& range : map.ranges()) {
        to.array(3);
        to.integer(range.slots.first.number());
        to.integer(range.slots.last.number());
        to.array(4);
        to.bulk(range.owner->endpoint.host);
        to.integer(range.owner->endpoint.port);
        to.bulk(range.owner->id.text());
        to.map(0);
    }
    return out;
}

/// The order of the fields is Redis's: redis-py reads them by position.
void encode_shard(slot_map const& map, node const& n, resp::writer to)
{
    to.map(2);
    to.bulk("slots");
    auto const& ranges = map.ranges_of(n);
    to.array(2 * ranges.size());
    for (auto const& range : ranges) {
        to.integer(range.first.number());
        to.integer(range.last.number());
    }
    to.bulk("nodes");
    to.array(1);
    to.map(7);
    to.bulk("id");
    to.bulk(n.id.text());
    to.bulk("port");
    to.integer(n.endpoint.port);
    to.bulk("ip");
    to.bulk(n.endpoint.host);
    to.bulk("endpoint");
    to.bulk(n.endpoint.host);
    to.bulk("role");
    to.bulk("master");
    to.bulk("replication-offset");
    to.integer(0);
    to.bulk("health");
    to.bulk("online");
}

std::string encode_shards(slot_map const& map, resp::protocol version)
{
    std::string out;
    resp::writer to{out, version};
    to.array(map.nodes().size());
    for (auto const& n : map.nodes()) { encode_shard(map, n, to); }
    return out;
}

/// Where the cluster bus of a Redis node would be; clients read the number and use it for nothing.
unsigned bus_port(endpoint const& of) noexcept
{
    constexpr unsigned distance = 10000;
    return of.port + distance <= 65535 ? of.port + distance : of.port;
}

std::string nodes_text(slot_map const& map)
{
    std::string text;
    auto to = std::back_inserter(text);
    for (auto const& n : map.nodes()) {
        fmt::format_to(to, "{} {}@{} {}master - 0 0 {} connected", n.id.text(), n.endpoint.text(), bus_port(n.endpoint),
                       n.id == map.self() ? "myself," : "", map.version());
        for (auto const& range : map.ranges_of(n)) {
            auto const first = range.first.number();
            range.first == range.last ? fmt::format_to(to, " {}", first) : fmt::format_to(to, " {}-{}", first, range.last.number());
        }
        text += '\n';
    }
    return text;
}

std::string info_text(slot_map const& map)
{
    auto const served = map.slots_served();
    return fmt::format(
        "cluster_enabled:1\r\ncluster_state:{}\r\ncluster_slots_assigned:{}\r\ncluster_slots_ok:{}\r\ncluster_slots_pfail:0\r\n"
        "cluster_slots_fail:0\r\ncluster_known_nodes:{}\r\ncluster_size:{}\r\ncluster_current_epoch:{}\r\ncluster_my_epoch:{}\r\n"
        "cluster_stats_messages_sent:0\r\ncluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n",
        served == slot::count ? "ok" : "fail", served, served, map.nodes().size(), map.nodes_serving(), map.version(), map.version());
}

}  // namespace

cluster_view::cluster_view(std::shared_ptr<slot_map const> map, std::uint64_t number)
    : map_{std::move(map)},
      number_{number},
      slots2_{encode_slots(*map_, resp::protocol::resp2)},
      slots3_{encode_slots(*map_, resp::protocol::resp3)},
      shards2_{encode_shards(*map_, resp::protocol::resp2)},
      shards3_{encode_shards(*map_, resp::protocol::resp3)},
      nodes_{nodes_text(*map_)},
      info_{info_text(*map_)}
{
}

std::shared_ptr<cluster_view const> cluster_views::newest(std::shared_ptr<cluster_view const> held)
{
    if (held && held->number() == of_.version()) { return held; }
    std::lock_guard const lock{mutex_};
    if (!made_ || made_->number() != of_.version()) {
        auto [map, version] = of_.map();
        made_ = std::make_shared<cluster_view const>(std::move(map), version);
    }
    return made_;
}

}  // namespace mykeyv::server
