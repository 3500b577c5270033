// SPDX-License-Identifier: Apache-2.0
// SET with all its options, and what is built of it.
#include "tests/unit/record/fixture.hpp"

namespace mykeyv {
namespace {

using namespace op;

TEST(set, stores_bytes) { EXPECT_EQ(run(set{"v"}, absent), stored("v").replies(ok)); }
TEST(set, stores_an_empty_value) { EXPECT_EQ(run(set{""}, absent), stored("").replies(ok)); }
TEST(set, replaces_the_value_and_drops_the_expiry)
{
    EXPECT_EQ(run(set{"v"}, bytes("old").expiring_at(now + 1)), stored("v").replies(ok));
}
TEST(set, replaces_a_document_by_bytes) { EXPECT_EQ(run(set{"v"}, document("{}")), stored("v").replies(ok)); }

TEST(set, takes_a_value_as_long_as_the_limit)
{
    std::string const longest(value_bytes_max, 'x');
    EXPECT_EQ(run(set{longest}, absent), stored(longest).replies(ok));
}
TEST(set, refuses_a_value_one_byte_longer)
{
    EXPECT_EQ(run(set{std::string(value_bytes_max + 1, 'x')}, bytes("old")), fails(errc::value_too_long));
}

TEST(set, with_nx_on_an_absent_key_stores)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_absent{}}, absent), stored("v").replies(ok));
}
TEST(set, with_nx_on_a_present_key_changes_nothing)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_absent{}}, bytes("old")), kept().replies(nil));
    EXPECT_EQ(run(set{.value = "v", .condition = if_absent{}}, document("{}")), kept().replies(nil));
}
TEST(set, with_xx_on_a_present_key_stores)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_present{}}, bytes("old")), stored("v").replies(ok));
    EXPECT_EQ(run(set{.value = "v", .condition = if_present{}}, document("{}")), stored("v").replies(ok));
}
TEST(set, with_xx_on_an_absent_key_changes_nothing)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_present{}}, absent), kept().replies(nil));
}

TEST(set, with_ifeq_stores_over_the_same_value)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_equals{"old"}}, bytes("old")), stored("v").replies(ok));
}
TEST(set, with_ifeq_keeps_another_value_or_an_absence)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_equals{"old"}}, bytes("Old")), kept().replies(nil));
    EXPECT_EQ(run(set{.value = "v", .condition = if_equals{"old"}}, absent), kept().replies(nil));
    EXPECT_EQ(run(set{.value = "v", .condition = if_equals{""}}, absent), kept().replies(nil));
}
TEST(set, with_ifeq_does_not_compare_with_a_document)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_equals{"{}"}}, document("{}")), fails(errc::wrong_type));
}

TEST(set, with_the_right_version_stores)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_version{5}}, bytes("old")), stored("v").replies(ok));
}
TEST(set, with_another_version_fails)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_version{4}}, bytes("old")), fails(errc::version_mismatch));
    EXPECT_EQ(run(set{.value = "v", .condition = if_version{5}}, absent), fails(errc::version_mismatch));
}
TEST(set, with_version_zero_means_absent)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_version{0}}, absent), stored("v").replies(ok));
    EXPECT_EQ(run(set{.value = "v", .condition = if_version{0}}, bytes("old")), fails(errc::version_mismatch));
}

TEST(set, with_get_returns_the_old_value)
{
    EXPECT_EQ(run(set{.value = "v", .return_old = true}, bytes("old")), stored("v").replies(borrowed("old")));
}
TEST(set, with_get_of_an_absent_key_returns_nil)
{
    EXPECT_EQ(run(set{.value = "v", .return_old = true}, absent), stored("v").replies(nil));
}
TEST(set, with_get_of_a_document_changes_nothing)
{
    EXPECT_EQ(run(set{.value = "v", .return_old = true}, document("{}")), fails(errc::wrong_type));
}
TEST(set, with_get_drops_the_expiry)
{
    EXPECT_EQ(run(set{.value = "v", .return_old = true}, bytes("old").expiring_at(now + 1)), stored("v").replies(borrowed("old")));
}
TEST(set, with_nx_and_get_returns_the_old_value_and_keeps_it)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_absent{}, .return_old = true}, bytes("old")), kept().replies(borrowed("old")));
    EXPECT_EQ(run(set{.value = "v", .condition = if_absent{}, .return_old = true}, absent), stored("v").replies(nil));
}
TEST(set, with_xx_and_get_of_an_absent_key_changes_nothing)
{
    EXPECT_EQ(run(set{.value = "v", .condition = if_present{}, .return_old = true}, absent), kept().replies(nil));
}

TEST(set, with_px_counts_from_the_time_of_the_batch)
{
    EXPECT_EQ(run(set{.value = "v", .expiry = in_ms(50)}, absent), stored("v").expiring_at(now + 50).replies(ok));
}
TEST(set, with_pxat_expires_then)
{
    EXPECT_EQ(run(set{.value = "v", .expiry = at_ms(now + 1)}, absent), stored("v").expiring_at(now + 1).replies(ok));
}
TEST(set, with_pxat_in_the_past_erases)
{
    EXPECT_EQ(run(set{.value = "v", .expiry = at_ms(now)}, bytes("old")), erased().replies(ok));
    EXPECT_EQ(run(set{.value = "v", .expiry = at_ms(1), .return_old = true}, bytes("old")), erased().replies(borrowed("old")));
}
TEST(set, with_px_past_64_bits_changes_nothing)
{
    EXPECT_EQ(run(set{.value = "v", .expiry = in_ms(last_ms)}, bytes("old")), fails(errc::invalid_expire));
}
TEST(set, with_keepttl_keeps_the_expiry)
{
    EXPECT_EQ(run(set{.value = "v", .expiry = keep_expiry{}}, bytes("old").expiring_at(now + 9)),
              stored("v").expiring_at(now + 9).replies(ok));
    EXPECT_EQ(run(set{.value = "v", .expiry = keep_expiry{}}, bytes("old")), stored("v").replies(ok));
    EXPECT_EQ(run(set{.value = "v", .expiry = keep_expiry{}}, absent), stored("v").replies(ok));
}

TEST(set, needs_the_record_before_only_for_what_depends_on_it)
{
    EXPECT_FALSE(needs_before(set{"v"}));
    EXPECT_FALSE(needs_before(set{.value = "v", .expiry = in_ms(50)}));
    EXPECT_TRUE(needs_before(set{.value = "v", .condition = if_absent{}}));
    EXPECT_TRUE(needs_before(set{.value = "v", .condition = if_version{0}}));
    EXPECT_TRUE(needs_before(set{.value = "v", .expiry = keep_expiry{}}));
    EXPECT_TRUE(needs_before(set{.value = "v", .return_old = true}));
}

TEST(setnx, stores_where_nothing_is) { EXPECT_EQ(run(setnx{"v"}, absent), stored("v").replies(1)); }
TEST(setnx, leaves_what_is_there)
{
    EXPECT_EQ(run(setnx{"v"}, bytes("old")), kept().replies(0));
    EXPECT_EQ(run(setnx{"v"}, document("{}")), kept().replies(0));
}
TEST(setnx, refuses_a_value_over_the_limit)
{
    EXPECT_EQ(run(setnx{std::string(value_bytes_max + 1, 'x')}, absent), fails(errc::value_too_long));
}

}  // namespace
}  // namespace mykeyv
