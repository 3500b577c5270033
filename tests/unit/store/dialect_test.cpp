// SPDX-License-Identifier: Apache-2.0
// What a version text tells.
#include "mykeyv/store/mysql/dialect.hpp"

#include <gtest/gtest.h>

namespace mykeyv::store {
namespace {

std::string read(std::string_view version)
{
    auto const found = dialect::parse(version);
    return found ? found->text() : "nothing";
}

TEST(dialect, is_read_from_the_version_text)
{
    EXPECT_EQ(read("10.11.6-MariaDB-0+deb12u1-log"), "MariaDB 10.11.6");
    EXPECT_EQ(read("5.5.5-10.5.23-MariaDB"), "MariaDB 10.5.23");
    EXPECT_EQ(read("5.6.24"), "MySQL 5.6.24");
    EXPECT_EQ(read("8.0.36-0ubuntu0.22.04.1"), "MySQL 8.0.36");
}

TEST(dialect, of_other_text_is_nothing)
{
    EXPECT_EQ(read(""), "nothing");
    EXPECT_EQ(read("8"), "nothing");
    EXPECT_EQ(read("8.0"), "nothing");
    EXPECT_EQ(read("PostgreSQL 15.4"), "nothing");
}

TEST(dialect, begins_with_mariadb_10_5_and_mysql_5_6)
{
    EXPECT_TRUE(dialect::parse("10.5.0-MariaDB")->supported());
    EXPECT_FALSE(dialect::parse("10.4.33-MariaDB")->supported());
    EXPECT_TRUE(dialect::parse("5.6.0")->supported());
    EXPECT_FALSE(dialect::parse("5.5.62")->supported());
}

}  // namespace
}  // namespace mykeyv::store
