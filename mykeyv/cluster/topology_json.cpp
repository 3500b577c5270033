// SPDX-License-Identifier: Apache-2.0
// The topology as JSON text. It comes from operators and from other nodes, so nothing in it is believed before it is looked at.
#include "mykeyv/base/limits.hpp"
#include "mykeyv/cluster/topology.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace mykeyv::cluster {
namespace {

using nlohmann::json;

constexpr int depth_max = 5;  // the ends of a range; the document itself is at 0

/// Text from outside, made fit for a message.
std::string printable(std::string_view text)
{
    std::string out{"'"};
    for (char const c : text.substr(0, 40)) { out += c >= ' ' && c <= '~' ? c : '?'; }
    return out + (text.size() > 40 ? "...'" : "'");
}

/// Takes the values that a document has to have. The first thing that is wrong is remembered, later ones are not; a value that
/// is missing or wrong reads as an empty one, so a caller looks at problem() once, at the end.
class reader {
public:
    std::string const& problem() const noexcept { return problem_; }

    bool expect(bool holds, std::string const& otherwise)
    {
        if (!holds && problem_.empty()) { problem_ = otherwise; }
        return holds;
    }

    /// The text as JSON in which no object has a member twice and nothing lies deeper than `depth_max`.
    json document(std::string_view text)
    {
        std::vector<std::set<std::string>> seen;
        auto const look = [&](int depth, json::parse_event_t event, json& parsed) {
            using enum json::parse_event_t;
            if (!problem_.empty()) { return false; }  // nothing more is kept
            if (event == object_start) { seen.emplace_back(); }
            if (event == object_end) { seen.pop_back(); }
            if (event == key) {
                auto const name = parsed.get<std::string>();
                expect(seen.back().insert(name).second, "the member " + printable(name) + " stands twice in one object");
            }
            return expect(depth <= depth_max, "the document is nested too deep");
        };
        try {
            return json::parse(text, look);
        } catch (json::parse_error const& e) {
            expect(false, "the text is not JSON: error at byte " + std::to_string(e.byte));
            return {};
        }
    }

    /// Only these members, none else.
    void members(json const& object, std::string const& where, std::initializer_list<std::string_view> names)
    {
        if (!expect(object.is_object(), where + " must be an object")) { return; }
        for (auto const& item : object.items()) {
            expect(std::ranges::find(names, item.key()) != names.end(), where + " has an unknown member " + printable(item.key()));
        }
    }

    std::uint64_t number(json const& value, std::string const& what, std::uint64_t from, std::uint64_t to)
    {
        auto const range = what + " must be an integer from " + std::to_string(from) + " to " + std::to_string(to);
        if (!expect(value.is_number_unsigned(), range)) { return from; }
        auto const n = value.get<std::uint64_t>();
        return expect(from <= n && n <= to, range) ? n : from;
    }

    /// False where there is nothing.
    bool truth(json const& value, std::string const& what)
    {
        expect(value.is_null() || value.is_boolean(), what + " must be true or false");
        return value.is_boolean() && value.get<bool>();
    }

    template <class Id>
    Id id(json const& value, std::string const& what)
    {
        auto const parsed = value.is_string() ? Id::parse(value.get_ref<std::string const&>()) : std::nullopt;
        expect(parsed.has_value(), what + " must be 40 hex digits");
        return parsed.value_or(Id{});
    }

    endpoint address(json const& value, std::string const& what)
    {
        // No default port: a document that travels between nodes must not depend on the reader's.
        auto const parsed = value.is_string() ? endpoint::parse(value.get_ref<std::string const&>(), 0) : std::nullopt;
        expect(parsed.has_value(), what + " must be \"host:port\"");
        return parsed.value_or(endpoint{});
    }

private:
    std::string problem_;
};

/// The member's value; null where there is none.
json const& member(json const& object, char const* name)
{
    static json const none;
    if (!object.is_object()) { return none; }
    auto const found = object.find(name);
    return found == object.end() ? none : *found;
}

node read_node(reader& in, json const& from, std::string const& where)
{
    in.members(from, where, {"id", "endpoint", "weight", "leaving", "slots"});
    node n;
    n.id = in.id<node_id>(member(from, "id"), where + ".id");
    n.endpoint = in.address(member(from, "endpoint"), where + ".endpoint");
    if (from.contains("weight")) {
        auto const weight = in.number(from["weight"], where + ".weight", 0, std::numeric_limits<std::uint32_t>::max());
        n.weight = static_cast<std::uint32_t>(weight);
    }
    n.leaving = in.truth(member(from, "leaving"), where + ".leaving");
    return n;
}

/// Enters the ranges of one node into `owners`. Each range takes at least one slot that was free, so hostile ranges cannot
/// cost more than the table has slots.
void read_slots(reader& in, json const& ranges, std::string const& where, node_id const& id, std::vector<std::optional<node_id>>& owners)
{
    if (!in.expect(ranges.is_array(), where + " must be an array of [first, last]")) { return; }
    for (auto const& range : ranges) {
        if (!in.expect(range.is_array() && range.size() == 2, where + " must be an array of [first, last]")) { return; }
        auto const first = in.number(range[0], where + " first", 0, slot::count - 1);
        auto const last = in.number(range[1], where + " last", first, slot::count - 1);
        for (auto s = first; s <= last; ++s) {
            if (owners[s]) { return void(in.expect(false, where + ": slot " + std::to_string(s) + " is given twice")); }
            owners[s] = id;
        }
    }
}

/// The owner of each slot, or none if no node of the document says anything about slots.
std::vector<node_id> read_owners(reader& in, json const& from, std::vector<node> const& nodes)
{
    auto const has_slots = [](json const& n) { return n.contains("slots"); };
    if (std::ranges::none_of(from, has_slots)) { return {}; }
    in.expect(std::ranges::all_of(from, has_slots), "either every node has slots or none has");
    std::vector<std::optional<node_id>> owners(slot::count);
    for (std::size_t i = 0; i < nodes.size() && in.problem().empty(); ++i) {
        read_slots(in, from[i]["slots"], "nodes[" + std::to_string(i) + "].slots", nodes[i].id, owners);
    }
    std::vector<node_id> all;
    all.reserve(owners.size());
    for (std::size_t s = 0; s < owners.size(); ++s) {
        if (!owners[s]) { in.expect(false, "slot " + std::to_string(s) + " is given to no node"); }
        all.push_back(owners[s].value_or(node_id{}));
    }
    return all;
}

}  // namespace

checked<topology> topology::parse(std::string_view text)
{
    reader in;
    if (text.size() > limits::topology_bytes_max) { return refusal{"the text is too long for a topology"}; }
    auto const from = in.document(text);
    in.members(from, "the topology", {"cluster", "version", "author", "paused", "bytes_per_second", "nodes"});
    auto const& list = member(from, "nodes");
    auto const nodes_max = std::to_string(limits::nodes_max);
    in.expect(list.is_array() && list.size() <= limits::nodes_max, "nodes must be an array of at most " + nodes_max);
    if (!in.problem().empty()) { return refusal{in.problem()}; }

    std::vector<node> nodes;
    for (auto const& n : list) { nodes.push_back(read_node(in, n, "nodes[" + std::to_string(nodes.size()) + "]")); }
    if (!in.problem().empty()) { return refusal{in.problem()}; }
    auto owners = read_owners(in, list, nodes);
    if (!in.problem().empty()) { return refusal{in.problem()}; }

    auto made = owners.empty() ? fresh(std::move(nodes)) : verified(topology{std::move(nodes), std::move(owners)});
    if (!made) { return made; }
    if (from.contains("cluster")) { made->cluster_ = in.id<cluster_id>(from["cluster"], "cluster"); }
    if (from.contains("version")) { made->version_ = in.number(from["version"], "version", 1, version_max); }
    made->moving_.paused = in.truth(member(from, "paused"), "paused");
    if (from.contains("bytes_per_second")) {
        made->moving_.bytes_per_second = in.number(from["bytes_per_second"], "bytes_per_second", 0, version_max);
    }
    if (from.contains("author")) { made->author_ = in.id<node_id>(from["author"], "author"); }
    if (!in.problem().empty()) { return refusal{in.problem()}; }
    return made;
}

std::string topology::json() const
{
    std::map<node_id, nlohmann::json> slots;
    for (auto const& n : nodes_) { slots.emplace(n.id, nlohmann::json::array()); }
    for_each_range(owners_, [&](slot_range range, node_id const& owner) {
        slots.at(owner).push_back({range.first.number(), range.last.number()});
    });
    auto nodes = nlohmann::json::array();
    for (auto const& n : nodes_) {
        nodes.push_back({{"id", n.id.text()}, {"endpoint", n.endpoint.text()}, {"weight", n.weight}, {"slots", slots.at(n.id)}});
        if (n.leaving) { nodes.back()["leaving"] = true; }
    }
    nlohmann::json all{{"cluster", cluster_.text()}, {"version", version_}, {"author", author_.text()}, {"nodes", std::move(nodes)}};
    if (moving_.paused) { all["paused"] = true; }
    if (moving_.bytes_per_second != 0) { all["bytes_per_second"] = moving_.bytes_per_second; }
    return all.dump();
}

}  // namespace mykeyv::cluster
