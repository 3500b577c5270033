// SPDX-License-Identifier: Apache-2.0
// node, rehash and status, from words to exit code, against a node that only pretends.
#include "apps/mykeyv/command_line.hpp"
#include "tests/unit/client/client_fixture.hpp"
#include "tests/unit/client/fake_cluster.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <map>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace mykeyv::cli {
namespace {

using test::bulk;
using test::fake_cluster;
using test::fake_node;
using test::words;

class cluster_commands : public testing::Test {
protected:
    boost::asio::io_context context{1};
    std::optional<fake_node> node{context};
    std::string const address = node->address().text();
    fake_cluster cluster{.version = 2, .endpoints = {node->address().text(), "127.0.0.1:1"}};
    std::map<std::string, std::string> answers;  // by the words behind KV.CLUSTER
    std::vector<words> asked;
    std::function<void()> on_status = [] {};
    std::thread thread;
    std::string out, err;

    cluster_commands()
    {
        answers["PLAN"] = answers["REHASH"] = plan(0);
        node->answer = [this](words const& command) -> std::string {
            if (command[0] == "DBSIZE") { return ":5\r\n"; }
            if (command[0] != "KV.CLUSTER") { return "-ERR unknown command\r\n"; }
            if (command[1] != "STATUS") {
                asked.push_back(command);
                auto const known = answers.find(command[1]);
                return known == answers.end() ? "+OK\r\n" : known->second;
            }
            on_status();
            auto reply = bulk(cluster.status());
            cluster.slots_to_move[0] /= 2;
            return reply;
        };
        thread = std::thread{[this] { context.run(); }};
    }
    ~cluster_commands() override
    {
        boost::asio::post(context, [this] { node.reset(); });
        thread.join();
    }

    static std::string plan(unsigned moves)
    {
        auto pairs = nlohmann::json::array();
        if (moves > 0) {
            auto const slots = nlohmann::json::array({nlohmann::json::array({0, moves - 1})});
            pairs.push_back({{"source", std::string(40, 'a')}, {"target", std::string(40, 'b')}, {"count", moves}, {"slots", slots}});
        }
        return bulk(nlohmann::json{{"version", 2}, {"moves", moves}, {"pairs", pairs}}.dump());
    }
    exit_code runs(std::vector<std::string> line)
    {
        line.insert(line.begin(), {"-s", address});
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        auto const code = run(std::move(line));
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return code;
    }
    bool says(std::string const& sentence) const { return out.find(sentence) != out.npos; }
};

TEST_F(cluster_commands, node_list_shows_every_member)
{
    cluster.slots_to_move = {8, 0};
    cluster.last_is_heard = false;
    EXPECT_EQ(runs({"node", "list"}), exit_code::done);
    EXPECT_TRUE(says("NODE")) << out;
    EXPECT_TRUE(says(address + "  " + std::string(40, 'a') + "  1       8192   8192     8         ok\n")) << out;
    EXPECT_TRUE(says("ok, not heard yet\n")) << out;
    EXPECT_EQ(runs({"node", "list", "--output", "json"}), exit_code::done);
    EXPECT_EQ(nlohmann::json::parse(out.substr(0, out.find('\n'))).at("to_leave"), 4);
}

TEST_F(cluster_commands, node_list_says_why_a_member_is_silent)
{
    cluster.last_is_heard = false;
    cluster.last_problem = "it refuses this node: \x1b[2J";
    EXPECT_EQ(runs({"node", "list"}), exit_code::done);
    EXPECT_TRUE(says("ok, not heard yet: it refuses this node: \\x1b[2J\n")) << out;
    EXPECT_EQ(runs({"node", "list", "--output", "json"}), exit_code::done);
    auto const second = out.substr(out.find('\n') + 1);
    EXPECT_EQ(nlohmann::json::parse(second).at("problem"), cluster.last_problem);

    cluster.last_is_heard = true;  // it asks, and does not answer
    EXPECT_EQ(runs({"node", "list"}), exit_code::done);
    EXPECT_TRUE(says("ok, does not answer: it refuses this node")) << out;
}

TEST_F(cluster_commands, node_add_says_what_to_do_next)
{
    EXPECT_EQ(runs({"node", "add", "db4", "--weight", "2"}), exit_code::done);
    EXPECT_EQ(asked.at(0), (words{"KV.CLUSTER", "ADD", "db4:6958", "WEIGHT", "2"}));
    EXPECT_TRUE(says("db4:6958 is a member now, and owns nothing yet\n`mykeyv rehash` moves")) << out;
}

TEST_F(cluster_commands, a_node_that_cannot_be_added_comes_with_the_reason)
{
    answers["ADD"] = "-ERR that node has records\r\n";
    EXPECT_EQ(runs({"node", "add", "db4:6958"}), exit_code::cluster_error);
    EXPECT_EQ(err, "mykeyv: add db4:6958: the cluster refuses this change: that node has records\n");
    EXPECT_EQ(runs({"node", "add", "db4:port"}), exit_code::usage);
    EXPECT_EQ(runs({"node"}), exit_code::usage);
}

TEST_F(cluster_commands, node_remove_takes_an_address_or_an_id_and_says_what_happens)
{
    answers["REMOVE"] = plan(8192);
    for (auto const& name : {address, std::string(40, 'a')}) {
        asked.clear();
        EXPECT_EQ(runs({"node", "remove", name}), exit_code::done);
        EXPECT_EQ(asked.at(0), (words{"KV.CLUSTER", "REMOVE", std::string(40, 'a')}));
        EXPECT_TRUE(says("8192 slots of " + address + " begin to go to the other nodes")) << out;
        EXPECT_TRUE(says("it must run until then")) << out;
    }
}

TEST_F(cluster_commands, a_node_that_is_not_there_is_not_removed)
{
    EXPECT_EQ(runs({"node", "remove", "db9:6958"}), exit_code::cluster_error);
    EXPECT_NE(err.find("there is no such node; `mykeyv node list` shows them"), err.npos);
    EXPECT_TRUE(asked.empty());
}

TEST_F(cluster_commands, a_dry_run_weighs_what_would_move_and_changes_nothing)
{
    answers["PLAN"] = plan(4096);
    answers["WEIGH"] = "*2\r\n:300\r\n:12345678\r\n";
    EXPECT_EQ(runs({"rehash", "--dry-run"}), exit_code::done);
    EXPECT_EQ(asked, (std::vector<words>{{"KV.CLUSTER", "PLAN"}, {"KV.CLUSTER", "WEIGH", "0", "4095"}}));
    EXPECT_TRUE(says("4096 of 16384 slots would move, with 300 records, 12.3 MB; nothing was changed")) << out;
    EXPECT_EQ(runs({"rehash", "--dry-run", "--output", "json"}), exit_code::done);
    auto const pair = nlohmann::json::parse(out);
    EXPECT_EQ(pair.at("source"), address);
    EXPECT_EQ(pair.at("bytes"), 12345678);
}

TEST_F(cluster_commands, a_dry_run_whose_source_is_silent_shows_the_rest)
{
    answers["PLAN"] = plan(4096);
    answers["WEIGH"] = "-CLUSTERDOWN no MySQL\r\n";
    EXPECT_EQ(runs({"rehash", "--dry-run", "--timeout", "100ms"}), exit_code::cluster_error);
    EXPECT_TRUE(says(address + "  127.0.0.1:1  4096   -        -")) << out;
}

TEST_F(cluster_commands, a_dry_run_of_nothing_says_so)
{
    EXPECT_EQ(runs({"rehash", "--dry-run"}), exit_code::done);
    EXPECT_EQ(out, "nothing to move: every node owns what it should\n");
}

TEST_F(cluster_commands, a_rehash_is_watched_to_its_end)
{
    answers["REHASH"] = plan(4);
    cluster.slots_to_move = {4, 0};
    EXPECT_EQ(runs({"rehash"}), exit_code::done);
    EXPECT_TRUE(out.starts_with("0.0%  0 of 4 slots")) << out;
    EXPECT_TRUE(says("done: 4 slots moved, with 0 records, 0 B, in ")) << out;
    EXPECT_EQ(runs({"rehash"}), exit_code::done);
    EXPECT_TRUE(says("done: 4 slots moved")) << out;
}

TEST_F(cluster_commands, a_rehash_with_nothing_to_do_says_so)
{
    EXPECT_EQ(runs({"rehash"}), exit_code::done);
    EXPECT_EQ(out, "nothing to move: every slot is where it should be\n");
}

TEST_F(cluster_commands, a_rehash_for_programs_is_lines_of_json)
{
    answers["REHASH"] = plan(4);
    cluster.slots_to_move = {4, 0};
    EXPECT_EQ(runs({"--output", "json", "rehash"}), exit_code::done);
    std::vector<nlohmann::json> lines;
    for (std::istringstream text{out}; std::getline(text, err);) { lines.push_back(nlohmann::json::parse(err)); }
    EXPECT_EQ(lines.front().at("slots_total"), 4);
    EXPECT_EQ(lines.front().at("done"), false);
    EXPECT_EQ(lines.back().at("done"), true);
}

TEST_F(cluster_commands, ctrl_c_leaves_the_rehash_alone_and_says_how_to_pause_it)
{
    answers["REHASH"] = plan(8);
    cluster.slots_to_move = {0, 8};
    on_status = [] { ::kill(::getpid(), SIGINT); };
    EXPECT_EQ(runs({"rehash"}), exit_code::cluster_error);
    EXPECT_TRUE(says("the rehash goes on")) << out;
    EXPECT_TRUE(says("`mykeyv rehash --pause` pauses it")) << out;
    EXPECT_EQ(asked, (std::vector<words>{{"KV.CLUSTER", "REHASH"}}));
}

TEST_F(cluster_commands, a_rehash_is_paused_resumed_and_slowed)
{
    EXPECT_EQ(runs({"rehash", "--pause"}), exit_code::done);
    EXPECT_TRUE(says("`mykeyv rehash --resume`")) << out;
    EXPECT_EQ(runs({"rehash", "--resume"}), exit_code::done);
    EXPECT_EQ(runs({"rehash", "--rate", "0.5"}), exit_code::done);
    EXPECT_EQ(out, "each node sends at most 500.0 kB/s\n");
    EXPECT_EQ(asked, (std::vector<words>{{"KV.CLUSTER", "PAUSE"}, {"KV.CLUSTER", "RESUME"}, {"KV.CLUSTER", "RATE", "500000"}}));
    EXPECT_EQ(runs({"rehash", "--rate", "fast"}), exit_code::usage);
    EXPECT_EQ(runs({"rehash", "--pause", "--resume"}), exit_code::usage);
}

TEST_F(cluster_commands, the_state_of_a_rehash_is_shown_without_touching_it)
{
    cluster.slots_to_move = {8, 0};
    cluster.records = {20, 0};
    cluster.paused = true;
    EXPECT_EQ(runs({"rehash", "--status"}), exit_code::done);
    EXPECT_EQ(out, "8 slots have still to move\nmoved since the nodes started: 2 slots, with 20 records, 200 B\nspeed: no limit\n"
                   "paused: no further slot begins to move; `mykeyv rehash --resume` lets them\n");
    EXPECT_TRUE(asked.empty());
}

TEST_F(cluster_commands, status_tells_what_has_still_to_move)
{
    cluster.slots_to_move = {8, 0};
    EXPECT_EQ(runs({"status"}), exit_code::done) << err;
    EXPECT_TRUE(says("topology version 2; 8 slots have still to move\n16384 of 16384 slots served\n")) << out;
    EXPECT_EQ(runs({"status", "--output", "json"}), exit_code::done);
    EXPECT_EQ(nlohmann::json::parse(out).at("slots_to_move"), 4);
}

TEST_F(cluster_commands, an_older_node_is_told_as_such)
{
    boost::asio::post(context, [this] { node->answer = [](words const&) { return "-ERR unknown command 'KV.CLUSTER'\r\n"; }; });
    EXPECT_EQ(runs({"node", "list"}), exit_code::cluster_error);
    EXPECT_NE(err.find("or an older one"), err.npos) << err;
    EXPECT_EQ(runs({"rehash"}), exit_code::cluster_error);
    EXPECT_EQ(out, "");
    EXPECT_EQ(runs({"rehash", "--dry-run"}), exit_code::cluster_error);
}

}  // namespace
}  // namespace mykeyv::cli
