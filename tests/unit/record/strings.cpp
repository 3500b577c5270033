// SPDX-License-Identifier: Apache-2.0
// The operations that read and edit bytes.
#include "tests/unit/record/fixture.hpp"

namespace mykeyv {
namespace {

using namespace op;

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

TEST(get, returns_the_value) { EXPECT_EQ(run(get{}, bytes("v")), kept().replies(borrowed("v"))); }
TEST(get, of_an_absent_key_is_nil) { EXPECT_EQ(run(get{}, absent), kept().replies(nil)); }
TEST(get, of_a_document_is_the_wrong_type) { EXPECT_EQ(run(get{}, document("{}")), fails(errc::wrong_type)); }
TEST(get, among_many_takes_a_document_for_nil)
{
    EXPECT_EQ(run(get{.nil_for_documents = true}, document("{}")), kept().replies(nil));
    EXPECT_EQ(run(get{.nil_for_documents = true}, bytes("v")), kept().replies(borrowed("v")));
}
TEST(get, copies_nothing)
{
    auto const record = bytes("v");
    auto const decided = run(get{}, record);
    EXPECT_EQ(std::get<reply::borrowed>(decided.reply.value).bytes.data(), record.value.data());
}

TEST(getdel, returns_the_value_and_erases) { EXPECT_EQ(run(getdel{}, bytes("v")), erased().replies(borrowed("v"))); }
TEST(getdel, of_an_absent_key_is_nil) { EXPECT_EQ(run(getdel{}, absent), kept().replies(nil)); }
TEST(getdel, of_a_document_changes_nothing) { EXPECT_EQ(run(getdel{}, document("{}")), fails(errc::wrong_type)); }

TEST(getex, without_options_only_reads)
{
    EXPECT_EQ(run(getex{}, bytes("v")), kept().replies(borrowed("v")));
    EXPECT_EQ(run(getex{}, bytes("v").expiring_at(now + 1)), kept().replies(borrowed("v")));
}
TEST(getex, of_an_absent_key_is_nil)
{
    EXPECT_EQ(run(getex{}, absent), kept().replies(nil));
    EXPECT_EQ(run(getex{in_ms(5)}, absent), kept().replies(nil));
    EXPECT_EQ(run(getex{at_ms(1)}, absent), kept().replies(nil));
}
TEST(getex, of_a_document_changes_nothing) { EXPECT_EQ(run(getex{in_ms(5)}, document("{}")), fails(errc::wrong_type)); }
TEST(getex, with_px_counts_from_the_time_of_the_batch)
{
    EXPECT_EQ(run(getex{in_ms(5)}, bytes("v")), stored("v").expiring_at(now + 5).replies(borrowed("v")));
}
TEST(getex, with_pxat_expires_then)
{
    EXPECT_EQ(run(getex{at_ms(now + 5)}, bytes("v").expiring_at(now + 1)), stored("v").expiring_at(now + 5).replies(borrowed("v")));
}
TEST(getex, with_pxat_in_the_past_erases) { EXPECT_EQ(run(getex{at_ms(now)}, bytes("v")), erased().replies(borrowed("v"))); }
TEST(getex, with_persist_drops_the_expiry)
{
    EXPECT_EQ(run(getex{no_expiry{}}, bytes("v").expiring_at(now + 1)), stored("v").replies(borrowed("v")));
}
TEST(getex, with_persist_of_a_lasting_record_only_reads)
{
    EXPECT_EQ(run(getex{no_expiry{}}, bytes("v")), kept().replies(borrowed("v")));
}
TEST(getex, with_px_past_64_bits_changes_nothing) { EXPECT_EQ(run(getex{in_ms(last_ms)}, bytes("v")), fails(errc::invalid_expire)); }

TEST(append, adds_at_the_end) { EXPECT_EQ(run(append{"cd"}, bytes("ab")), stored("abcd").replies(4)); }
TEST(append, to_an_absent_key_creates_it)
{
    EXPECT_EQ(run(append{"cd"}, absent), stored("cd").replies(2));
    EXPECT_EQ(run(append{""}, absent), stored("").replies(0));
}
TEST(append, keeps_the_expiry)
{
    EXPECT_EQ(run(append{"b"}, bytes("a").expiring_at(now + 1)), stored("ab").expiring_at(now + 1).replies(2));
}
TEST(append, up_to_the_limit_and_not_beyond)
{
    std::string const longest(value_bytes_max, 'x');
    EXPECT_EQ(run(append{"x"}, bytes(longest.substr(1))), stored(longest).replies(value_bytes_max));
    EXPECT_EQ(run(append{"x"}, bytes(longest)), fails(errc::value_too_long));
}
TEST(append, to_a_document_changes_nothing) { EXPECT_EQ(run(append{"x"}, document("{}")), fails(errc::wrong_type)); }

TEST(strlen, counts_bytes) { EXPECT_EQ(run(op::strlen{}, bytes(std::string("a\0\xc3\xa4", 4))), kept().replies(4)); }
TEST(strlen, of_an_absent_key_is_zero) { EXPECT_EQ(run(op::strlen{}, absent), kept().replies(0)); }
TEST(strlen, of_a_document_is_the_wrong_type) { EXPECT_EQ(run(op::strlen{}, document("{}")), fails(errc::wrong_type)); }

std::string range(std::int64_t start, std::int64_t end, std::string value = "hello")
{
    auto const record = bytes(std::move(value));
    return std::string{std::get<reply::borrowed>(run(getrange{start, end}, record).reply.value).bytes};
}

TEST(getrange, includes_both_ends) { EXPECT_EQ(range(1, 3), "ell"); }
TEST(getrange, counts_from_the_end_below_zero)
{
    EXPECT_EQ(range(-3, -1), "llo");
    EXPECT_EQ(range(0, -1), "hello");
    EXPECT_EQ(range(-3, 3), "ll");
}
TEST(getrange, leaves_out_what_lies_outside)
{
    EXPECT_EQ(range(3, 100), "lo");
    EXPECT_EQ(range(-100, 1), "he");
    EXPECT_EQ(range(5, 9), "");
    EXPECT_EQ(range(smallest, largest), "hello");
}
TEST(getrange, the_wrong_way_round_is_empty)
{
    EXPECT_EQ(range(3, 1), "");
    EXPECT_EQ(range(-1, -3), "");
    EXPECT_EQ(range(-100, -101), "");
}
TEST(getrange, ending_before_the_start_gives_the_first_byte) { EXPECT_EQ(range(0, -100), "h"); }
TEST(getrange, of_nothing_is_empty)
{
    EXPECT_EQ(range(0, -1, ""), "");
    EXPECT_EQ(run(getrange{}, absent), kept().replies(borrowed("")));
}
TEST(getrange, of_a_document_is_the_wrong_type) { EXPECT_EQ(run(getrange{}, document("{}")), fails(errc::wrong_type)); }

TEST(setrange, overwrites_in_the_middle) { EXPECT_EQ(run(setrange{1, "EL"}, bytes("hello")), stored("hELlo").replies(5)); }
TEST(setrange, grows_at_the_end) { EXPECT_EQ(run(setrange{4, "0!"}, bytes("hello")), stored("hell0!").replies(6)); }
TEST(setrange, fills_a_gap_with_zero_bytes)
{
    EXPECT_EQ(run(setrange{3, "x"}, bytes("a")), stored(std::string("a\0\0x", 4)).replies(4));
    EXPECT_EQ(run(setrange{2, "x"}, absent), stored(std::string("\0\0x", 3)).replies(3));
}
TEST(setrange, of_nothing_changes_nothing)
{
    EXPECT_EQ(run(setrange{9, ""}, bytes("hello")), kept().replies(5));
    EXPECT_EQ(run(setrange{9, ""}, absent), kept().replies(0));
    EXPECT_EQ(run(setrange{largest, ""}, bytes("hello")), kept().replies(5));
}
TEST(setrange, keeps_the_expiry)
{
    EXPECT_EQ(run(setrange{0, "b"}, bytes("a").expiring_at(now + 1)), stored("b").expiring_at(now + 1).replies(1));
}
TEST(setrange, at_a_negative_offset_fails) { EXPECT_EQ(run(setrange{-1, "x"}, bytes("hello")), fails(errc::offset_out_of_range)); }
TEST(setrange, up_to_the_limit_and_not_beyond)
{
    auto const longest = std::string(value_bytes_max - 1, '\0') + 'x';
    EXPECT_EQ(run(setrange{value_bytes_max - 1, "x"}, absent), stored(longest).replies(value_bytes_max));
    EXPECT_EQ(run(setrange{value_bytes_max, "x"}, bytes("a")), fails(errc::value_too_long));
    EXPECT_EQ(run(setrange{0, std::string(value_bytes_max + 1, 'x')}, absent), fails(errc::value_too_long));
}
TEST(setrange, refuses_a_huge_offset_before_it_takes_memory)
{
    EXPECT_EQ(run(setrange{largest, "x"}, absent), fails(errc::value_too_long));
}
TEST(setrange, of_a_document_changes_nothing)
{
    EXPECT_EQ(run(setrange{0, "x"}, document("{}")), fails(errc::wrong_type));
    EXPECT_EQ(run(setrange{0, ""}, document("{}")), fails(errc::wrong_type));
}

TEST(incr_by, of_an_absent_key_counts_from_zero) { EXPECT_EQ(run(incr_by{5}, absent), stored("5").replies(5)); }
TEST(incr_by, adds_and_subtracts)
{
    EXPECT_EQ(run(incr_by{}, bytes("41")), stored("42").replies(42));
    EXPECT_EQ(run(incr_by{-50}, bytes("41")), stored("-9").replies(-9));
}
TEST(incr_by, reaches_both_ends_of_64_bits)
{
    EXPECT_EQ(run(incr_by{1}, bytes("9223372036854775806")), stored("9223372036854775807").replies(largest));
    EXPECT_EQ(run(incr_by{-1}, bytes("-9223372036854775807")), stored("-9223372036854775808").replies(smallest));
    EXPECT_EQ(run(incr_by{smallest}, absent), stored("-9223372036854775808").replies(smallest));
}
TEST(incr_by, past_64_bits_changes_nothing)
{
    EXPECT_EQ(run(incr_by{1}, bytes("9223372036854775807")), fails(errc::overflow));
    EXPECT_EQ(run(incr_by{-1}, bytes("-9223372036854775808")), fails(errc::overflow));
}
TEST(incr_by, is_exact_above_2_to_the_53)
{
    EXPECT_EQ(run(incr_by{1}, bytes("9007199254740992")), stored("9007199254740993").replies(9007199254740993));
}
TEST(incr_by, of_no_canonical_integer_changes_nothing)
{
    for (auto const* const value : {"", " 1", "1 ", "+1", "01", "-0", "1.0", "0x1", "ten", "9223372036854775808"}) {
        EXPECT_EQ(run(incr_by{1}, bytes(value)), fails(errc::not_an_integer)) << value;
    }
}
TEST(incr_by, keeps_the_expiry)
{
    EXPECT_EQ(run(incr_by{1}, bytes("1").expiring_at(now + 1)), stored("2").expiring_at(now + 1).replies(2));
}
TEST(incr_by, of_a_document_changes_nothing) { EXPECT_EQ(run(incr_by{1}, document("1")), fails(errc::wrong_type)); }

TEST(incr_by_float, of_an_absent_key_counts_from_zero) { EXPECT_EQ(run(incr_by_float{0.5L}, absent), stored("0.5").replies(text("0.5"))); }
TEST(incr_by_float, adds_decimals)
{
    EXPECT_EQ(run(incr_by_float{0.1L}, bytes("10.50")), stored("10.6").replies(text("10.6")));
    EXPECT_EQ(run(incr_by_float{-5.0L}, bytes("5")), stored("0").replies(text("0")));
}
TEST(incr_by_float, reads_exponents_and_writes_none)
{
    EXPECT_EQ(run(incr_by_float{200.0L}, bytes("5.0e3")), stored("5200").replies(text("5200")));
}
TEST(incr_by_float, of_no_number_changes_nothing)
{
    for (auto const* const value : {"", " 1", "1 ", "one", "nan", "1,5"}) {
        EXPECT_EQ(run(incr_by_float{1}, bytes(value)), fails(errc::not_a_float)) << value;
    }
}
TEST(incr_by_float, to_infinity_changes_nothing)
{
    auto const infinity = std::numeric_limits<long double>::infinity();
    EXPECT_EQ(run(incr_by_float{infinity}, bytes("1")), fails(errc::not_finite));
    EXPECT_EQ(run(incr_by_float{-infinity}, bytes("inf")), fails(errc::not_finite));
}
TEST(incr_by_float, over_the_length_limit_changes_nothing)
{
    EXPECT_EQ(run(incr_by_float{1e30L}, bytes("1")), fails(errc::value_too_long));
}
TEST(incr_by_float, keeps_the_expiry)
{
    EXPECT_EQ(run(incr_by_float{1}, bytes("1").expiring_at(now + 1)), stored("2").expiring_at(now + 1).replies(text("2")));
}
TEST(incr_by_float, of_a_document_changes_nothing) { EXPECT_EQ(run(incr_by_float{1}, document("1")), fails(errc::wrong_type)); }

TEST(exists, counts_any_record)
{
    EXPECT_EQ(run(exists{}, bytes("v")), kept().replies(1));
    EXPECT_EQ(run(exists{}, document("{}")), kept().replies(1));
    EXPECT_EQ(run(exists{}, absent), kept().replies(0));
}

TEST(type, names_the_format)
{
    EXPECT_EQ(run(type{}, bytes("v")), kept().replies(word("string")));
    EXPECT_EQ(run(type{}, document("{}")), kept().replies(word("ReJSON-RL")));
    EXPECT_EQ(run(type{}, absent), kept().replies(word("none")));
}

TEST(del, erases_any_record)
{
    EXPECT_EQ(run(del{}, bytes("v")), erased().replies(1));
    EXPECT_EQ(run(del{}, document("{}")), erased().replies(1));
}
TEST(del, of_an_absent_key_counts_nothing) { EXPECT_EQ(run(del{}, absent), kept().replies(0)); }

TEST(operations, that_only_read_say_so)
{
    static_assert(read_only<get> && read_only<op::strlen> && read_only<getrange> && read_only<exists> && read_only<type>);
    static_assert(read_only<ttl> && read_only<expire_time> && read_only<json_get> && read_only<json_type> && read_only<kv_get>);
    EXPECT_FALSE(read_only<set> || read_only<setnx> || read_only<getdel> || read_only<getex> || read_only<append> || read_only<setrange>);
    EXPECT_FALSE(read_only<incr_by> || read_only<incr_by_float> || read_only<del> || read_only<expire> || read_only<persist>);
    EXPECT_FALSE(read_only<json_set> || read_only<json_del> || read_only<kv_set>);
}
TEST(operations, need_the_record_unless_they_say_otherwise)
{
    EXPECT_TRUE(needs_before(get{}));
    EXPECT_TRUE(needs_before(del{}));
}

}  // namespace
}  // namespace mykeyv
