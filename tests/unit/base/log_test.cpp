// SPDX-License-Identifier: Apache-2.0
// What reaches the operator.
#include "mykeyv/base/log.hpp"

#include <gtest/gtest.h>

namespace mykeyv {
namespace {

template <class Write>
std::string stderr_of(log_level lowest, Write write)
{
    testing::internal::CaptureStderr();
    log out{lowest};
    write(out);
    return testing::internal::GetCapturedStderr();
}

TEST(log, writes_a_line_with_its_level)
{
    auto const text = stderr_of(log_level::info, [](log& out) { out.warning("{} of {} lanes", 3, 4); });
    EXPECT_NE(text.find("warning 3 of 4 lanes\n"), text.npos) << text;
}

TEST(log, leaves_out_what_is_below_its_level)
{
    EXPECT_EQ(stderr_of(log_level::error, [](log& out) { out.warning("unseen"); }), "");
    EXPECT_EQ(stderr_of(log_level::off, [](log& out) { out.error("unseen"); }), "");
}

TEST(log_level, is_read_by_its_name)
{
    EXPECT_EQ(parse_log_level("debug"), log_level::debug);
    EXPECT_EQ(parse_log_level("off"), log_level::off);
    EXPECT_EQ(parse_log_level("Debug"), std::nullopt);
    EXPECT_EQ(parse_log_level(""), std::nullopt);
}

}  // namespace
}  // namespace mykeyv
