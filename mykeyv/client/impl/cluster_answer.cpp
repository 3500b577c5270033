// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/cluster_answer.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <stdexcept>
#include <string>

namespace mykeyv::detail {
namespace {

using json = nlohmann::json;

// Within read_by(): what is not as it should be is thrown.

template <class Number>
Number number_in(json const& value)
{
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) { throw std::domain_error{""}; }
    return value.get<Number>();
}

template <class Number>
Number number_at(json const& object, char const* name)
{
    return number_in<Number>(object.at(name));
}

endpoint endpoint_at(json const& object, char const* name)
{
    auto parsed = endpoint::parse(object.at(name).get_ref<std::string const&>(), 0);
    if (!parsed) { throw std::domain_error{name}; }
    return std::move(*parsed);
}

slot slot_in(json const& value)
{
    auto const number = number_in<std::uint16_t>(value);
    if (number >= slot::count) { throw std::domain_error{""}; }
    return slot{number};
}

member member_of(json const& object)
{
    member made{.id = object.at("id"), .address = endpoint_at(object, "endpoint")};
    made.weight = number_at<std::uint32_t>(object, "weight");
    made.leaving = object.at("leaving").get<bool>();
    if (!object.at("heard_ms_ago").is_null()) {
        made.heard_ago = std::chrono::milliseconds{number_at<std::uint32_t>(object, "heard_ms_ago")};
    }
    auto const problem = object.find("problem");  // older nodes do not say it
    if (problem != object.end() && !problem->is_null()) { made.problem = problem->get_ref<std::string const&>(); }
    if (!object.at("version").is_null()) { made.version = number_at<std::uint64_t>(object, "version"); }
    made.slots = number_at<std::uint32_t>(object, "slots");
    made.desired = number_at<std::uint32_t>(object, "desired");
    made.to_leave = number_at<std::uint32_t>(object, "to_leave");
    auto const& departed = object.at("departed");
    made.departed = {number_at<std::uint64_t>(departed, "slots"), number_at<std::uint64_t>(departed, "records"),
                     number_at<std::uint64_t>(departed, "bytes")};
    made.parked_max = std::chrono::microseconds{number_at<std::uint32_t>(object, "parked_us_max")};
    return made;
}

cluster_status status_in(json const& object)
{
    cluster_status made{.id = object.at("cluster"), .version = number_at<std::uint64_t>(object, "version"), .author = object.at("author")};
    made.paused = object.at("paused").get<bool>();
    made.bytes_per_second = number_at<std::uint64_t>(object, "bytes_per_second");
    made.slots_to_move = number_at<std::uint32_t>(object, "slots_to_move");
    for (auto const& each : object.at("nodes")) { made.nodes.push_back(member_of(each)); }
    return made;
}

rehash_plan plan_in(json const& object)
{
    rehash_plan made{number_at<std::uint64_t>(object, "version"), number_at<std::uint32_t>(object, "moves"), {}};
    for (auto const& each : object.at("pairs")) {
        rehash_plan::pair pair{each.at("source"), each.at("target"), number_at<std::uint32_t>(each, "count"), {}};
        for (auto const& range : each.at("slots")) { pair.slots.push_back({slot_in(range.at(0)), slot_in(range.at(1))}); }
        made.pairs.push_back(std::move(pair));
    }
    return made;
}

template <class Read>
auto read_by(resp::value const& reply, Read read) -> result<decltype(read(json{}))>
{
    if (reply.text() == nullptr) { return make_error_code(errc::unexpected_reply); }
    try {
        return read(json::parse(*reply.text()));
    } catch (json::exception const&) {
        return make_error_code(errc::unexpected_reply);
    } catch (std::domain_error const&) {
        return make_error_code(errc::unexpected_reply);
    }
}

}  // namespace

result<cluster_status> read_status(resp::value const& reply) { return read_by(reply, status_in); }

result<rehash_plan> read_plan(resp::value const& reply) { return read_by(reply, plan_in); }

}  // namespace mykeyv::detail
