// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/options.hpp"

#include "mykeyv/server/settings.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mykeyv::server {
namespace {

using words = std::vector<std::string_view>;

template <class T>
errc error_of(parsed<T> const& p)
{
    return p ? errc::ok : p.error().error;
}

moment when_of(expiry const& e) { return std::get<moment>(e); }

TEST(set_options, none_set_unconditionally_and_for_ever)
{
    auto const set = parse_set(words{});
    ASSERT_TRUE(set);
    EXPECT_FALSE(is_conditional(set->condition));
    EXPECT_TRUE(std::holds_alternative<no_expiry>(set->expiry));
    EXPECT_FALSE(set->return_old);
}

TEST(set_options, stand_in_any_order_and_case)
{
    auto const set = parse_set(words{"get", "px", "1500", "Xx"});
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->return_old);
    EXPECT_TRUE(std::holds_alternative<if_present>(set->condition));
    EXPECT_EQ(when_of(set->expiry).ms, 1500);
}

TEST(set_options, name_times_in_four_ways)
{
    EXPECT_EQ(when_of(parse_set(words{"EX", "2"})->expiry).ms, 2000);
    EXPECT_EQ(when_of(parse_set(words{"EXAT", "2"})->expiry).ms, 2000);
    EXPECT_EQ(when_of(parse_set(words{"EXAT", "2"})->expiry).from, moment::origin::epoch);
    EXPECT_EQ(when_of(parse_set(words{"PXAT", "2"})->expiry).ms, 2);
    EXPECT_TRUE(std::holds_alternative<keep_expiry>(parse_set(words{"KEEPTTL"})->expiry));
}

TEST(set_options, that_exclude_each_other_are_refused)
{
    for (auto const& bad : {words{"NX", "XX"}, words{"NX", "NX"}, words{"EX", "1", "PX", "1"}, words{"EX", "1", "KEEPTTL"},
                            words{"NX", "IFEQ", "x"}, words{"IFVERSION", "1", "XX"}}) {
        EXPECT_EQ(error_of(parse_set(bad)), errc::syntax);
    }
}

TEST(set_options, without_their_value_or_unknown_are_refused)
{
    for (auto const& bad : {words{"EX"}, words{"IFEQ"}, words{"IFVERSION"}, words{"LATER"}, words{""}}) {
        EXPECT_EQ(error_of(parse_set(bad)), errc::syntax);
    }
}

TEST(set_options, take_strict_and_positive_times)
{
    EXPECT_EQ(error_of(parse_set(words{"EX", "1.5"})), errc::not_an_integer);
    EXPECT_EQ(error_of(parse_set(words{"EX", "0"})), errc::invalid_expire);
    EXPECT_EQ(error_of(parse_set(words{"PX", "-1"})), errc::invalid_expire);
    EXPECT_EQ(error_of(parse_set(words{"EX", "9223372036854775807"})), errc::invalid_expire);
}

TEST(getex_options, keep_change_or_drop_the_expiry)
{
    EXPECT_TRUE(std::holds_alternative<keep_expiry>(parse_getex(words{})->expiry));
    EXPECT_TRUE(std::holds_alternative<no_expiry>(parse_getex(words{"PERSIST"})->expiry));
    EXPECT_EQ(when_of(parse_getex(words{"EX", "3"})->expiry).ms, 3000);
    EXPECT_EQ(error_of(parse_getex(words{"EX", "3", "PERSIST"})), errc::syntax);
}

TEST(expire_options, that_exclude_each_other_are_refused_in_the_words_of_redis)
{
    auto const with_nx = parse_expire(in_ms(1), words{"NX", "GT"});
    ASSERT_FALSE(with_nx);
    EXPECT_EQ(with_nx.error().detail, "NX and XX, GT or LT options at the same time are not compatible");
    auto const both = parse_expire(in_ms(1), words{"GT", "LT"});
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().detail, "GT and LT options at the same time are not compatible");
    auto const unknown = parse_expire(in_ms(1), words{"AB"});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().detail, "Unsupported option AB");
}

TEST(expire_options, that_go_together_are_taken)
{
    auto const both = parse_expire(in_ms(1), words{"xx", "lt"});
    ASSERT_TRUE(both);
    EXPECT_TRUE(both->xx && both->lt && !both->nx && !both->gt);
}

TEST(kv_set_options, name_the_format)
{
    EXPECT_EQ(parse_kv_set(words{})->format, format::bytes);
    EXPECT_EQ(parse_kv_set(words{"FORMAT", "document", "NX"})->format, format::document);
    EXPECT_EQ(error_of(parse_kv_set(words{"FORMAT", "xml"})), errc::syntax);
    EXPECT_EQ(error_of(parse_kv_set(words{"FORMAT"})), errc::syntax);
}

TEST(kv_set_options, name_a_version)
{
    auto const set = parse_kv_set(words{"IFVERSION", "18446744073709551615"});
    ASSERT_TRUE(set);
    EXPECT_EQ(std::get<if_version>(set->condition).version, 18446744073709551615u);
    EXPECT_EQ(error_of(parse_kv_set(words{"IFVERSION", "-1"})), errc::not_an_integer);
}

TEST(root_path, is_a_dot_a_dollar_or_nothing)
{
    EXPECT_EQ(*parse_root_path(words{}), op::root_path::dot);
    EXPECT_EQ(*parse_root_path(words{"."}), op::root_path::dot);
    EXPECT_EQ(*parse_root_path(words{"$"}), op::root_path::dollar);
    EXPECT_EQ(error_of(parse_root_path(words{"$.a"})), errc::path_not_supported);
    EXPECT_EQ(error_of(parse_root_path(words{"$", "$"})), errc::path_not_supported);
}

TEST(scan_options, are_a_pattern_and_a_bounded_count)
{
    auto const scan = parse_scan(words{"COUNT", "99999999", "MATCH", "a*"});
    ASSERT_TRUE(scan);
    EXPECT_EQ(scan->pattern, "a*");
    EXPECT_EQ(scan->count, static_cast<std::size_t>(limits::scan_count_max));
    EXPECT_EQ(error_of(parse_scan(words{"COUNT", "0"})), errc::syntax);
    EXPECT_EQ(error_of(parse_scan(words{"COUNT", "x"})), errc::not_an_integer);
    EXPECT_EQ(error_of(parse_scan(words{"MATCH"})), errc::syntax);
}

TEST(threads, are_counted_by_the_cores)
{
    auto const counts = [](unsigned cores) {
        auto const threads = threads_for(cores);
        return std::tuple{threads.io, threads.lanes, threads.readers};
    };
    EXPECT_EQ(counts(0), std::tuple(1u, 1u, 1u));
    EXPECT_EQ(counts(1), std::tuple(1u, 1u, 1u));
    EXPECT_EQ(counts(2), std::tuple(1u, 1u, 2u));
    EXPECT_EQ(counts(8), std::tuple(4u, 4u, 8u));
    EXPECT_EQ(counts(256), std::tuple(16u, 8u, 8u));
}

TEST(buffer_pool, is_an_eighth_of_the_memory_within_bounds)
{
    auto const mib = [](std::uint64_t machine_mib) { return buffer_pool_bytes_for(machine_mib << 20) >> 20; };
    EXPECT_EQ(mib(0), 128u);
    EXPECT_EQ(mib(1024), 128u);
    EXPECT_EQ(mib(4096), 512u);
    EXPECT_EQ(mib(65536), 1024u);
}

TEST(byte_size, has_binary_units_in_the_ways_people_write_them)
{
    EXPECT_EQ(parse_byte_size("0"), 0u);
    EXPECT_EQ(parse_byte_size("65536"), 65536u);
    for (auto const* text : {"256MiB", "256MB", "256M", "256m", "256mib"}) { EXPECT_EQ(parse_byte_size(text), 256u << 20) << text; }
    EXPECT_EQ(parse_byte_size("2GiB"), std::uint64_t{2} << 30);
}

TEST(byte_size, of_other_text_is_none)
{
    for (auto const* text : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1XB", "1MiBs", "9223372036854775808", "99999999TiB"}) {
        EXPECT_EQ(parse_byte_size(text), std::nullopt) << text;
    }
}

TEST(byte_size, is_written_in_the_largest_whole_unit)
{
    EXPECT_EQ(byte_size_text(256u << 20), "256MiB");
    EXPECT_EQ(byte_size_text(1000), "1000");
    EXPECT_EQ(byte_size_text(0), "0");
}

}  // namespace
}  // namespace mykeyv::server
