// SPDX-License-Identifier: Apache-2.0
// What a playground keeps between two runs.
#include "apps/mykeyv/exit_code.hpp"
#include "apps/mykeyv/playground/daemon.hpp"
#include "apps/mykeyv/playground/playground_directory.hpp"
#include "apps/mykeyv/playground/ports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace mykeyv::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class a_playground_directory : public testing::Test {
protected:
    ~a_playground_directory() override { fs::remove_all(parent_); }

    fs::path path() const { return parent_ / "play"; }

    static std::string text_of(fs::path const& file)
    {
        std::ifstream in{file};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    static nlohmann::json topology_of(playground_directory const& directory)
    {
        return nlohmann::json::parse(text_of(directory.topology_path()));
    }
    std::string refusal_at(fs::path const& where) const
    {
        try {
            playground_directory const directory{where};
        } catch (refusal const& why) {
            return why.what();
        }
        return "accepted";
    }

private:
    fs::path parent_ = [] {
        auto name = (fs::temp_directory_path() / "mykeyv-test-XXXXXX").string();
        return fs::path{::mkdtemp(name.data())};
    }();
};

TEST_F(a_playground_directory, has_no_nodes_at_first)
{
    playground_directory const directory{path()};
    EXPECT_EQ(directory.nodes_before(), 0u);
    EXPECT_FALSE(directory.is_temporary());
}

TEST_F(a_playground_directory, gives_each_node_an_id_and_the_next_port)
{
    playground_directory directory{path()};
    directory.assign(3, 7000);
    ASSERT_EQ(directory.nodes().size(), 3u);
    EXPECT_NE(directory.nodes()[0].id, directory.nodes()[1].id);
    EXPECT_EQ(directory.nodes()[2].address.text(), "127.0.0.1:7002");
    EXPECT_TRUE(fs::is_directory(directory.node_path(2)));
    EXPECT_EQ(topology_of(directory)["version"], 1);
    EXPECT_EQ(topology_of(directory)["nodes"][2]["endpoint"], "127.0.0.1:7002");
}

TEST_F(a_playground_directory, keeps_ids_and_version_when_the_ports_are_the_same)
{
    auto const first_id = [&] {
        playground_directory directory{path()};
        directory.assign(2, 7000);
        return directory.nodes()[0].id;
    }();
    playground_directory directory{path()};
    EXPECT_EQ(directory.nodes_before(), 2u);
    directory.assign(2, 7000);
    EXPECT_EQ(directory.nodes()[0].id, first_id);
    EXPECT_EQ(topology_of(directory)["version"], 1);
}

TEST_F(a_playground_directory, makes_the_next_version_for_other_ports)
{
    { playground_directory{path()}.assign(2, 7000); }
    playground_directory directory{path()};
    directory.assign(2, 8000);
    EXPECT_EQ(topology_of(directory)["version"], 2);
    EXPECT_EQ(topology_of(directory)["nodes"][1]["endpoint"], "127.0.0.1:8001");
}

TEST_F(a_playground_directory, belongs_to_one_at_a_time)
{
    playground_directory const directory{path()};
    EXPECT_THAT(refusal_at(path()), HasSubstr("is in use"));
}

TEST_F(a_playground_directory, is_not_made_among_other_files)
{
    fs::create_directories(path());
    std::ofstream{path() / "letter.txt"} << "dear";
    EXPECT_THAT(refusal_at(path()), HasSubstr("neither empty nor a playground's"));
}

TEST_F(a_playground_directory, refuses_a_topology_that_it_does_not_understand)
{
    { playground_directory{path()}.assign(1, 7000); }
    std::ofstream{path() / "topology.json"} << R"({"version":1,"nodes":[{"id":"short","endpoint":"127.0.0.1:1"}]})";
    EXPECT_THAT(refusal_at(path()), HasSubstr("topology.json is not what a playground writes"));
}

TEST_F(a_playground_directory, is_removed_at_the_end_if_it_is_temporary)
{
    fs::path where;
    {
        playground_directory directory{std::nullopt};
        directory.assign(1, 7000);
        where = directory.root();
        EXPECT_TRUE(fs::exists(where));
    }
    EXPECT_FALSE(fs::exists(where));
}

TEST_F(a_playground_directory, stays_at_the_end_if_it_was_named)
{
    { playground_directory const directory{path()}; }
    EXPECT_TRUE(fs::exists(path()));
}

TEST_F(a_playground_directory, shows_the_last_lines_of_a_log)
{
    fs::create_directories(path());
    std::ofstream{path() / "log"} << "one\ntwo\nthree\n";
    EXPECT_EQ(tail_of(path() / "log", 2), "  two\n  three");
    EXPECT_EQ(tail_of(path() / "none", 2), "  (nothing)");
}

TEST(choose_ports, refuses_more_than_there_are) { EXPECT_THROW(choose_ports(65535, 2), refusal); }

TEST(choose_ports, finds_free_ones_for_zero) { EXPECT_GE(choose_ports(0, 3), 1024); }

TEST(says_ready, only_of_the_line_that_daemons_print)
{
    EXPECT_TRUE(says_ready("ready on 127.0.0.1:6958"));
    EXPECT_FALSE(says_ready("not ready on 127.0.0.1:6958"));
    EXPECT_FALSE(says_ready("ready"));
}

}  // namespace
}  // namespace mykeyv::cli
