// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/resp/lookahead.hpp"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

namespace mykeyv::resp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class look_ahead_at : public testing::Test {
protected:
    std::vector<std::string_view> keys(std::string_view input)
    {
        auto const found = look_ahead(input, room_);
        bytes_ = found.bytes;
        return {room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(found.keys)};
    }

    std::array<std::string_view, 3> room_;
    std::size_t bytes_ = 0;
    std::string const get_a_ = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
    std::string const set_bc_ = "*3\r\n$3\r\nSET\r\n$2\r\nbc\r\n$4\r\n\r\n*2\r\n";
    std::string const ping_ = "*1\r\n$4\r\nPING\r\n";
};

TEST_F(look_ahead_at, commands_finds_the_first_argument_of_each)
{
    EXPECT_THAT(keys(get_a_ + set_bc_), ElementsAre("a", "bc"));
    EXPECT_EQ(bytes_, get_a_.size() + set_bc_.size());
}

TEST_F(look_ahead_at, commands_without_arguments_goes_on_behind_them)
{
    EXPECT_THAT(keys(ping_ + get_a_), ElementsAre("a"));
    EXPECT_THAT(keys(ping_), IsEmpty());
    EXPECT_EQ(bytes_, ping_.size());
}

TEST_F(look_ahead_at, more_commands_than_it_has_room_for_ends_behind_the_last_that_fits)
{
    EXPECT_THAT(keys(get_a_ + get_a_ + set_bc_ + get_a_), ElementsAre("a", "a", "bc"));
    EXPECT_EQ(bytes_, 2 * get_a_.size() + set_bc_.size());
}

TEST_F(look_ahead_at, a_command_that_is_not_whole_ends_before_it_wherever_it_is_cut)
{
    for (std::size_t cut = 0; cut < set_bc_.size(); ++cut) {
        EXPECT_THAT(keys(get_a_ + set_bc_.substr(0, cut)), ElementsAre("a")) << cut;
        EXPECT_EQ(bytes_, get_a_.size()) << cut;
    }
}

TEST_F(look_ahead_at, anything_else_ends_before_it)
{
    for (std::string const other : {"GET k\r\n", "\r\n", "*-1\r\n", "*2\r\n$-1\r\n$1\r\nk\r\n", "*2\r\n:1\r\n", "*2x\r\n", "*99999999\r\n",
                                    "*2\r\n$99999999999999999999\r\n", "*9\r\n$4\r\nMGET\r\n", "*", "$1\r\nk\r\n"}) {
        EXPECT_THAT(keys(get_a_ + other + get_a_), ElementsAre("a")) << other;
        EXPECT_EQ(bytes_, get_a_.size()) << other;
    }
}

TEST_F(look_ahead_at, nothing_finds_nothing)
{
    EXPECT_THAT(keys(""), IsEmpty());
    EXPECT_EQ(bytes_, 0u);
}

}  // namespace
}  // namespace mykeyv::resp
