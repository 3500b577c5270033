// SPDX-License-Identifier: Apache-2.0
// JSON.* at the root path, and KV.*.
#include "tests/unit/record/fixture.hpp"

namespace mykeyv {
namespace {

using namespace op;

TEST(json_set, stores_a_document) { EXPECT_EQ(run(json_set{"{}"}, absent), stored_document("{}").replies(ok)); }
TEST(json_set, replaces_a_document_and_keeps_its_expiry)
{
    EXPECT_EQ(run(json_set{"[1]"}, document("{}")), stored_document("[1]").replies(ok));
    EXPECT_EQ(run(json_set{"[1]"}, document("{}").expiring_at(now + 1)), stored_document("[1]").expiring_at(now + 1).replies(ok));
}
TEST(json_set, over_bytes_changes_nothing)
{
    EXPECT_EQ(run(json_set{"{}"}, bytes("v")), fails(errc::wrong_type));
    EXPECT_EQ(run(json_set{.document = "{}", .condition = if_absent{}}, bytes("v")), fails(errc::wrong_type));
}
TEST(json_set, with_nx_stores_only_where_nothing_is)
{
    EXPECT_EQ(run(json_set{.document = "1", .condition = if_absent{}}, absent), stored_document("1").replies(ok));
    EXPECT_EQ(run(json_set{.document = "1", .condition = if_absent{}}, document("{}")), kept().replies(nil));
}
TEST(json_set, with_xx_stores_only_over_a_document)
{
    EXPECT_EQ(run(json_set{.document = "1", .condition = if_present{}}, document("{}")), stored_document("1").replies(ok));
    EXPECT_EQ(run(json_set{.document = "1", .condition = if_present{}}, absent), kept().replies(nil));
}
TEST(json_set, with_another_version_fails)
{
    EXPECT_EQ(run(json_set{.document = "1", .condition = if_version{4}}, document("{}")), fails(errc::version_mismatch));
}
TEST(json_set, over_the_limit_changes_nothing)
{
    EXPECT_EQ(run(json_set{std::string(value_bytes_max + 1, '1')}, absent), fails(errc::value_too_long));
}
TEST(json_set, always_needs_the_record_before) { EXPECT_TRUE(needs_before(json_set{"{}"})); }

TEST(json_get, of_dot_is_the_document) { EXPECT_EQ(run(json_get{}, document("{}")), kept().replies(borrowed("{}"))); }
TEST(json_get, of_dollar_is_a_list_of_it) { EXPECT_EQ(run(json_get{root_path::dollar}, document("{}")), kept().replies(text("[{}]"))); }
TEST(json_get, of_an_absent_key_is_nil)
{
    EXPECT_EQ(run(json_get{}, absent), kept().replies(nil));
    EXPECT_EQ(run(json_get{root_path::dollar}, absent), kept().replies(nil));
}
TEST(json_get, of_bytes_is_the_wrong_type) { EXPECT_EQ(run(json_get{}, bytes("{}")), fails(errc::wrong_type)); }

TEST(json_del, erases_a_document) { EXPECT_EQ(run(json_del{}, document("{}")), erased().replies(1)); }
TEST(json_del, of_an_absent_key_counts_nothing) { EXPECT_EQ(run(json_del{}, absent), kept().replies(0)); }
TEST(json_del, of_bytes_changes_nothing) { EXPECT_EQ(run(json_del{}, bytes("{}")), fails(errc::wrong_type)); }

TEST(json_type, names_the_kind_of_the_root)
{
    EXPECT_EQ(run(json_type{}, document("{}")), kept().replies(word("object")));
    EXPECT_EQ(run(json_type{}, document("[]")), kept().replies(word("array")));
    EXPECT_EQ(run(json_type{}, document("\"1\"")), kept().replies(word("string")));
    EXPECT_EQ(run(json_type{}, document("-1")), kept().replies(word("integer")));
    EXPECT_EQ(run(json_type{}, document("1.0")), kept().replies(word("number")));
    EXPECT_EQ(run(json_type{}, document("1e2")), kept().replies(word("number")));
    EXPECT_EQ(run(json_type{}, document("true")), kept().replies(word("boolean")));
    EXPECT_EQ(run(json_type{}, document("false")), kept().replies(word("boolean")));
    EXPECT_EQ(run(json_type{}, document("null")), kept().replies(word("null")));
}
TEST(json_type, of_dollar_is_a_list_of_it)
{
    EXPECT_EQ(run(json_type{root_path::dollar}, document("{}")), kept().replies(list({word("object")})));
}
TEST(json_type, of_an_absent_key_is_nil) { EXPECT_EQ(run(json_type{root_path::dollar}, absent), kept().replies(nil)); }
TEST(json_type, of_bytes_is_the_wrong_type) { EXPECT_EQ(run(json_type{}, bytes("{}")), fails(errc::wrong_type)); }

TEST(kv_set, stores_either_format_and_replies_the_version)
{
    EXPECT_EQ(run(kv_set{"v"}, absent), stored("v").replies(ctx.version));
    EXPECT_EQ(run(kv_set{"{}", format::document}, absent), stored_document("{}").replies(ctx.version));
}
TEST(kv_set, replaces_a_record_of_the_other_format_and_drops_its_expiry)
{
    EXPECT_EQ(run(kv_set{"v"}, document("{}").expiring_at(now + 1)), stored("v").replies(ctx.version));
    EXPECT_EQ(run(kv_set{"{}", format::document}, bytes("v")), stored_document("{}").replies(ctx.version));
}
TEST(kv_set, with_the_right_version_stores)
{
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_version{5}}, document("{}")), stored("v").replies(ctx.version));
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_version{0}}, absent), stored("v").replies(ctx.version));
}
TEST(kv_set, with_another_version_changes_nothing)
{
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_version{4}}, bytes("old")), fails(errc::version_mismatch));
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_version{5}}, absent), fails(errc::version_mismatch));
}
TEST(kv_set, with_nx_or_xx_unmet_is_nil)
{
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_absent{}}, bytes("old")), kept().replies(nil));
    EXPECT_EQ(run(kv_set{.value = "v", .condition = if_present{}}, absent), kept().replies(nil));
}
TEST(kv_set, with_px_expires)
{
    EXPECT_EQ(run(kv_set{.value = "v", .expiry = in_ms(5)}, absent), stored("v").expiring_at(now + 5).replies(ctx.version));
    EXPECT_EQ(run(kv_set{.value = "v", .expiry = in_ms(last_ms)}, absent), fails(errc::invalid_expire));
    EXPECT_EQ(run(kv_set{.value = "v", .expiry = at_ms(1)}, bytes("old")), erased().replies(ctx.version));
}
TEST(kv_set, with_keep_expiry_keeps_it)
{
    EXPECT_EQ(run(kv_set{.value = "v", .expiry = keep_expiry{}}, bytes("old").expiring_at(now + 5)),
              stored("v").expiring_at(now + 5).replies(ctx.version));
}
TEST(kv_set, over_the_limit_changes_nothing)
{
    EXPECT_EQ(run(kv_set{std::string(value_bytes_max + 1, 'x')}, absent), fails(errc::value_too_long));
}
TEST(kv_set, needs_the_record_before_only_for_what_depends_on_it)
{
    EXPECT_FALSE(needs_before(kv_set{.value = "v", .expiry = in_ms(5)}));
    EXPECT_TRUE(needs_before(kv_set{.value = "v", .condition = if_version{0}}));
    EXPECT_TRUE(needs_before(kv_set{.value = "v", .expiry = keep_expiry{}}));
}

TEST(kv_get, tells_value_format_version_and_time_left)
{
    EXPECT_EQ(run(kv_get{}, bytes("v")), kept().replies(list({borrowed("v"), word("bytes"), number(5), nil})));
    EXPECT_EQ(run(kv_get{}, document("{}").expiring_at(now + 9)),
              kept().replies(list({borrowed("{}"), word("document"), number(5), number(9)})));
}
TEST(kv_get, of_an_absent_key_is_nil) { EXPECT_EQ(run(kv_get{}, absent), kept().replies(nil)); }

}  // namespace
}  // namespace mykeyv
