// SPDX-License-Identifier: Apache-2.0
// The topology as text: what comes back, and what a hostile or careless author is told.
#include "tests/unit/cluster/few_nodes.hpp"

#include "mykeyv/base/limits.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string const id1 = id(1).text();
std::string const id2 = id(2).text();

/// {"id": node's, "endpoint": node's, rest}
std::string member(unsigned number, std::string const& rest = "")
{
    auto const n = node_number(number);
    return R"({"id": ")" + n.id.text() + R"(", "endpoint": ")" + n.endpoint.text() + '"' + (rest.empty() ? "" : ", " + rest) + '}';
}

std::string document(std::string const& nodes, std::string const& rest = "")
{
    return R"({"nodes": [)" + nodes + ']' + (rest.empty() ? "" : ", " + rest) + '}';
}

std::string refused(std::string const& text) { return reason(topology::parse(text)); }

/// What two nodes with these slots are refused for.
std::string refused_slots(std::string const& first, std::string const& second)
{
    return refused(document(member(1, "\"slots\": " + first) + ',' + member(2, "\"slots\": " + second)));
}

TEST(topology_json, comes_back_as_it_was)
{
    auto const t = topology::fresh({node_number(1, 3), node_number(2, 0), {id(3), {"::1", 7000}, 0xffffffff}}).value();
    auto const changed = t.with_endpoint(id(1), {"a.example", 1}, id(3)).value();
    EXPECT_EQ(topology::parse(t.json()).value(), t);
    EXPECT_EQ(topology::parse(changed.json()).value(), changed);
    EXPECT_EQ(topology::parse(changed.json()).value().json(), changed.json());
}

TEST(topology_json, brings_who_leaves_and_how_slots_move)
{
    auto const t = topology::fresh(nodes_to(3)).value().with_leaving(id(2), id(1)).value().with_moving({true, 5000}, id(1)).value();
    EXPECT_THAT(t.json(), HasSubstr(R"("leaving":true)"));
    EXPECT_THAT(t.json(), HasSubstr(R"("paused":true)"));
    EXPECT_THAT(t.json(), HasSubstr(R"("bytes_per_second":5000)"));
    EXPECT_EQ(topology::parse(t.json()).value(), t);
}

TEST(topology_json, says_nothing_of_what_is_as_usual)
{
    auto const text = topology::fresh(nodes_to(2)).value().json();
    for (auto const* name : {"leaving", "paused", "bytes_per_second"}) { EXPECT_EQ(text.find(name), std::string::npos) << name; }
}

TEST(topology_json, with_rules_of_moving_that_are_none_is_refused)
{
    EXPECT_THAT(refused(document(member(1), R"("paused": 1)")), HasSubstr("paused must be true or false"));
    EXPECT_THAT(refused(document(member(1, R"("leaving": "yes")"))), HasSubstr("leaving must be true or false"));
    for (auto const* bad : {"-1", "1.5", "\"1\"", "9007199254740992"}) {
        auto const text = document(member(1), std::string{R"("bytes_per_second": )"} + bad);
        EXPECT_THAT(refused(text), HasSubstr("bytes_per_second must be")) << bad;
    }
}

TEST(topology_json, is_what_the_manual_shows)
{
    EXPECT_EQ(topology::single(node_number(1)).value().json(),
              R"({"author":")" + id1 + R"(","cluster":")" + cluster_id::of(std::array{id(1)}).text() +
                  R"(","nodes":[{"endpoint":"10.0.0.1:6958","id":")" + id1 + R"(","slots":[[0,16383]],"weight":1}],"version":1})");
}

TEST(topology_json, without_slots_is_planned)
{
    EXPECT_EQ(topology::parse(document(member(2) + ',' + member(3) + ',' + member(1))).value(), topology::fresh(nodes_to(3)).value());
}

TEST(topology_json, takes_weights_into_the_plan)
{
    auto const t = topology::parse(document(member(1, R"("weight": 3)") + ',' + member(2))).value();
    EXPECT_EQ(t.ranges_of(id(1)).at(0).last, slot{12287});
}

TEST(topology_json, keeps_slots_that_no_planner_would_choose)
{
    auto const nodes = member(1, R"("slots": [[0, 0], [2, 16383]])") + ',' + member(2, R"("slots": [[1, 1]])");
    auto const t = topology::parse(document(nodes)).value();
    EXPECT_EQ(t.owner_of(slot{1}), id(2));
    EXPECT_EQ(t.ranges_of(id(1)).size(), 2u);
    EXPECT_EQ(topology::parse(t.json()).value(), t);
}

TEST(topology_json, holds_the_largest_topology)
{
    std::vector<node> nodes;
    for (unsigned n = 0; n < limits::nodes_max; ++n) {
        nodes.push_back({id(n), {std::string(limits::host_characters_max, 'a'), static_cast<std::uint16_t>(n + 1)}});
    }
    auto const t = topology::fresh(nodes).value();
    EXPECT_EQ(topology::parse(t.json()).value(), t);
}

TEST(topology_json, that_is_no_json_is_refused_with_the_place)
{
    EXPECT_EQ(refused(R"({"nodes": [})"), "the text is not JSON: error at byte 12");
    EXPECT_THAT(refused(""), StartsWith("the text is not JSON"));
    EXPECT_THAT(refused("{\"nodes\": \"\xff\"}"), StartsWith("the text is not JSON"));
    EXPECT_THAT(refused(document(member(1)) + "x"), StartsWith("the text is not JSON"));
}

TEST(topology_json, that_is_no_object_is_refused)
{
    for (auto const* text : {"null", "[]", "1", "\"\""}) { EXPECT_EQ(refused(text), "the topology must be an object"); }
}

TEST(topology_json, without_nodes_is_refused)
{
    EXPECT_EQ(refused("{}"), "nodes must be an array of at most 1024");
    EXPECT_EQ(refused(R"({"nodes": {}})"), "nodes must be an array of at most 1024");
    EXPECT_EQ(refused(R"({"nodes": []})"), "there are no nodes to own the slots");
}

TEST(topology_json, with_too_many_nodes_is_refused)
{
    std::string nodes = "0";
    for (unsigned n = 0; n < limits::nodes_max; ++n) { nodes += ",0"; }
    EXPECT_EQ(refused(document(nodes)), "nodes must be an array of at most 1024");
}

TEST(topology_json, that_is_too_long_is_refused)
{
    EXPECT_EQ(refused(document(member(1)) + std::string(limits::topology_bytes_max, ' ')), "the text is too long for a topology");
}

TEST(topology_json, that_is_nested_too_deep_is_refused)
{
    EXPECT_EQ(refused(document(member(1, "\"slots\": [[[1]]]"))), "the document is nested too deep");
    std::string const deep(500'000, '[');
    EXPECT_THAT(refused(deep), StartsWith("the document is nested too deep"));
    std::string objects;
    for (int i = 0; i < 100'000; ++i) { objects += "{\"a\":"; }
    EXPECT_THAT(refused(objects), StartsWith("the document is nested too deep"));
}

TEST(topology_json, with_a_member_twice_is_refused)
{
    EXPECT_EQ(refused(document(member(1), R"("nodes": [])")), "the member 'nodes' stands twice in one object");
    EXPECT_EQ(refused(document(member(1, R"("weight": 1, "weight": 2)"))), "the member 'weight' stands twice in one object");
}

TEST(topology_json, with_an_unknown_member_is_refused)
{
    EXPECT_EQ(refused(document(member(1, R"("wieght": 1)"))), "nodes[0] has an unknown member 'wieght'");
    EXPECT_EQ(refused(document(member(1), R"("a\u0000b": 1)")), "the topology has an unknown member 'a?b'");
    EXPECT_THAT(refused(document(member(1), '"' + std::string(100, 'x') + R"(": 1)")), EndsWith("'" + std::string(40, 'x') + "...'"));
}

TEST(topology_json, with_an_id_that_is_none_is_refused)
{
    for (auto const* bad : {R"("id": "0")", R"("id": 7)", R"("id": "000000000000000000000000000000000000000g")", R"("weight": 1)"}) {
        EXPECT_EQ(refused(document(member(1) + R"(, {"endpoint": "a:1", )" + bad + "}")), "nodes[1].id must be 40 hex digits");
    }
    EXPECT_EQ(refused(document(member(1), R"("cluster": "x")")), "cluster must be 40 hex digits");
    EXPECT_EQ(refused(document(member(1), R"("author": null)")), "author must be 40 hex digits");
}

TEST(topology_json, with_an_endpoint_that_is_none_is_refused)
{
    for (auto const* bad : {R"("a")", R"("a:0")", R"("a:65536")", R"(":1")", "1"}) {
        EXPECT_EQ(refused(document(R"({"id": ")" + id1 + R"(", "endpoint": )" + bad + "}")), "nodes[0].endpoint must be \"host:port\"");
    }
    EXPECT_THAT(refused(document(R"({"id": ")" + id1 + R"(", "endpoint": "a b:1"})")), HasSubstr("no usable endpoint"));
}

TEST(topology_json, with_a_weight_that_is_none_is_refused)
{
    for (std::string const bad : {"-1", "1.0", "4294967296", "\"1\"", "null", "1e30"}) {
        EXPECT_EQ(refused(document(member(1, "\"weight\": " + bad))), "nodes[0].weight must be an integer from 0 to 4294967295");
    }
}

TEST(topology_json, with_a_version_that_cannot_be_counted_on_is_refused)
{
    for (std::string const bad : {"0", "-1", "9007199254740992", "18446744073709551616"}) {
        EXPECT_EQ(refused(document(member(1), "\"version\": " + bad)), "version must be an integer from 1 to 9007199254740991");
    }
}

TEST(topology_json, of_the_last_version_cannot_be_changed)
{
    auto const last = topology::parse(document(member(1), R"("version": 9007199254740991)")).value();
    EXPECT_EQ(reason(last.with_endpoint(id(1), {"a", 1}, id(1))), "the topology has the highest version there is");
}

TEST(topology_json, with_one_id_or_one_endpoint_twice_is_refused)
{
    EXPECT_EQ(refused(document(member(1) + ',' + member(1))), "two nodes have the id " + id1);
    EXPECT_EQ(refused(document(member(1) + R"(,{"id": ")" + id2 + R"(", "endpoint": "10.0.0.1:6958"})")),
              "two nodes have the endpoint 10.0.0.1:6958");
}

TEST(topology_json, with_slots_that_overlap_is_refused)
{
    EXPECT_EQ(refused_slots("[[0, 100]]", "[[100, 16383]]"), "nodes[1].slots: slot 100 is given twice");
    EXPECT_EQ(refused_slots("[[0, 100], [50, 60]]", "[]"), "nodes[0].slots: slot 50 is given twice");
}

TEST(topology_json, with_slots_that_leave_a_hole_is_refused)
{
    EXPECT_EQ(refused_slots("[[0, 99]]", "[[101, 16383]]"), "slot 100 is given to no node");
    EXPECT_EQ(refused_slots("[]", "[]"), "slot 0 is given to no node");
}

TEST(topology_json, with_slots_that_are_none_is_refused)
{
    EXPECT_EQ(refused_slots("[[0, 16384]]", "[]"), "nodes[0].slots last must be an integer from 0 to 16383");
    EXPECT_EQ(refused_slots("[[10, 9]]", "[]"), "nodes[0].slots last must be an integer from 10 to 16383");
    EXPECT_EQ(refused_slots("[[-1, 9]]", "[]"), "nodes[0].slots first must be an integer from 0 to 16383");
    for (auto const* bad : {"[[1]]", "[[1, 2, 3]]", "[1]", "\"0-5\"", "null"}) {
        EXPECT_EQ(refused_slots(bad, "[]"), "nodes[0].slots must be an array of [first, last]");
    }
}

TEST(topology_json, with_slots_for_some_nodes_only_is_refused)
{
    EXPECT_EQ(refused(document(member(1, R"("slots": [[0, 16383]])") + ',' + member(2))), "either every node has slots or none has");
}

TEST(topology_json, that_is_cut_anywhere_is_refused)
{
    auto const text = topology::fresh(nodes_to(3)).value().json();
    for (std::size_t size = 0; size < text.size(); ++size) { EXPECT_NE(refused(text.substr(0, size)), ""); }
}

}  // namespace
}  // namespace mykeyv::cluster
