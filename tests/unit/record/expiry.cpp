// SPDX-License-Identifier: Apache-2.0
// Moments, and the operations on the expiry of a record.
#include "tests/unit/record/fixture.hpp"

namespace mykeyv {
namespace {

using namespace op;
using enum time_unit;
constexpr auto from_now = moment::origin::now;
constexpr auto epoch = moment::origin::epoch;

constexpr auto first_ms = std::numeric_limits<std::int64_t>::min();

bool refused(result<moment> const& m) { return m.has_error() && is(m.error(), errc::invalid_expire); }

TEST(moments, are_kept_in_milliseconds)
{
    EXPECT_EQ(any_moment(5, seconds, from_now)->ms, 5000);
    EXPECT_EQ(any_moment(5, milliseconds, from_now)->ms, 5);
    EXPECT_EQ(any_moment(-5, seconds, epoch)->ms, -5000);
    EXPECT_EQ(any_moment(5, seconds, epoch)->from, epoch);
}
TEST(moments, that_64_bits_cannot_hold_are_refused)
{
    EXPECT_EQ(any_moment(last_ms / 1000, seconds, epoch)->ms, last_ms / 1000 * 1000);
    EXPECT_TRUE(refused(any_moment(last_ms / 1000 + 1, seconds, epoch)));
    EXPECT_TRUE(refused(any_moment(first_ms / 1000 - 1, seconds, epoch)));
    EXPECT_TRUE(refused(positive_moment(last_ms, seconds, epoch)));
}
TEST(moments, of_set_are_positive)
{
    EXPECT_EQ(positive_moment(1, milliseconds, from_now)->ms, 1);
    EXPECT_TRUE(refused(positive_moment(0, milliseconds, from_now)));
    EXPECT_TRUE(refused(positive_moment(-1, seconds, epoch)));
}
TEST(moments, resolve_against_now_or_the_epoch)
{
    EXPECT_EQ(in_ms(5).resolve({100})->value, 105);
    EXPECT_EQ(in_ms(-5).resolve({100})->value, 95);
    EXPECT_EQ(at_ms(5).resolve({100})->value, 5);
}
TEST(moments, resolve_up_to_the_last_millisecond)
{
    EXPECT_EQ(in_ms(last_ms - 100).resolve({100})->value, last_ms);
    EXPECT_TRUE(is(in_ms(last_ms - 99).resolve({100}).error(), errc::invalid_expire));
}

TEST(expire, gives_a_record_an_end)
{
    EXPECT_EQ(run(expire{in_ms(5)}, bytes("v")), stored("v").expiring_at(now + 5).replies(1));
    EXPECT_EQ(run(expire{at_ms(now + 5)}, bytes("v").expiring_at(now + 1)), stored("v").expiring_at(now + 5).replies(1));
}
TEST(expire, works_on_documents)
{
    EXPECT_EQ(run(expire{in_ms(5)}, document("{}")), stored_document("{}").expiring_at(now + 5).replies(1));
}
TEST(expire, of_an_absent_key_does_nothing)
{
    EXPECT_EQ(run(expire{in_ms(5)}, absent), kept().replies(0));
    EXPECT_EQ(run(expire{in_ms(-5)}, absent), kept().replies(0));
}
TEST(expire, in_the_past_erases)
{
    EXPECT_EQ(run(expire{in_ms(0)}, bytes("v")), erased().replies(1));
    EXPECT_EQ(run(expire{in_ms(-5)}, document("{}")), erased().replies(1));
    EXPECT_EQ(run(expire{at_ms(0)}, bytes("v")), erased().replies(1));
}
TEST(expire, past_64_bits_changes_nothing) { EXPECT_EQ(run(expire{in_ms(last_ms)}, bytes("v")), fails(errc::invalid_expire)); }
TEST(expire, also_works_on_a_value_over_todays_limit)
{
    std::string const value(value_bytes_max + 1, 'x');
    EXPECT_EQ(run(expire{in_ms(5)}, bytes(value)), stored(value).expiring_at(now + 5).replies(1));
}

TEST(expire, with_nx_wants_no_expiry_before)
{
    EXPECT_EQ(run(expire{.when = in_ms(5), .nx = true}, bytes("v")), stored("v").expiring_at(now + 5).replies(1));
    EXPECT_EQ(run(expire{.when = in_ms(5), .nx = true}, bytes("v").expiring_at(now + 1)), kept().replies(0));
}
TEST(expire, with_xx_wants_an_expiry_before)
{
    EXPECT_EQ(run(expire{.when = in_ms(5), .xx = true}, bytes("v")), kept().replies(0));
    EXPECT_EQ(run(expire{.when = in_ms(5), .xx = true}, bytes("v").expiring_at(now + 1)), stored("v").expiring_at(now + 5).replies(1));
}
TEST(expire, with_gt_only_moves_to_later)
{
    expire const to_5{.when = in_ms(5), .gt = true};
    EXPECT_EQ(run(to_5, bytes("v").expiring_at(now + 4)), stored("v").expiring_at(now + 5).replies(1));
    EXPECT_EQ(run(to_5, bytes("v").expiring_at(now + 5)), kept().replies(0));
    EXPECT_EQ(run(to_5, bytes("v")), kept().replies(0)) << "never is later than any time";
}
TEST(expire, with_lt_only_moves_to_sooner)
{
    expire const to_5{.when = in_ms(5), .lt = true};
    EXPECT_EQ(run(to_5, bytes("v").expiring_at(now + 6)), stored("v").expiring_at(now + 5).replies(1));
    EXPECT_EQ(run(to_5, bytes("v").expiring_at(now + 5)), kept().replies(0));
    EXPECT_EQ(run(to_5, bytes("v")), stored("v").expiring_at(now + 5).replies(1)) << "never is later than any time";
}
TEST(expire, with_xx_and_lt_wants_both)
{
    expire const to_5{.when = in_ms(5), .xx = true, .lt = true};
    EXPECT_EQ(run(to_5, bytes("v")), kept().replies(0));
    EXPECT_EQ(run(to_5, bytes("v").expiring_at(now + 6)), stored("v").expiring_at(now + 5).replies(1));
}
TEST(expire, in_the_past_still_asks_its_condition)
{
    EXPECT_EQ(run(expire{.when = in_ms(-1), .gt = true}, bytes("v").expiring_at(now + 1)), kept().replies(0));
    EXPECT_EQ(run(expire{.when = in_ms(-1), .lt = true}, bytes("v").expiring_at(now + 1)), erased().replies(1));
}

TEST(ttl, is_minus_two_without_a_record) { EXPECT_EQ(run(ttl{}, absent), kept().replies(-2)); }
TEST(ttl, is_minus_one_without_an_expiry)
{
    EXPECT_EQ(run(ttl{}, bytes("v")), kept().replies(-1));
    EXPECT_EQ(run(ttl{milliseconds}, document("{}")), kept().replies(-1));
}
TEST(ttl, in_milliseconds_is_exact) { EXPECT_EQ(run(ttl{milliseconds}, bytes("v").expiring_at(now + 1499)), kept().replies(1499)); }
TEST(ttl, in_seconds_is_rounded_to_the_nearest)
{
    EXPECT_EQ(run(ttl{}, bytes("v").expiring_at(now + 1499)), kept().replies(1));
    EXPECT_EQ(run(ttl{}, bytes("v").expiring_at(now + 1500)), kept().replies(2));
    EXPECT_EQ(run(ttl{}, document("{}").expiring_at(now + 499)), kept().replies(0));
}
TEST(ttl, of_the_last_moment_does_not_overflow)
{
    EXPECT_EQ(run(ttl{}, bytes("v").expiring_at(last_ms)), kept().replies((last_ms - now + 500) / 1000));
}

TEST(expire_time, is_absolute)
{
    EXPECT_EQ(run(expire_time{milliseconds}, bytes("v").expiring_at(now + 1499)), kept().replies(now + 1499));
    EXPECT_EQ(run(expire_time{}, document("{}").expiring_at(now + 1500)), kept().replies(now / 1000 + 2));
    EXPECT_EQ(run(expire_time{}, bytes("v").expiring_at(last_ms)), kept().replies(last_ms / 1000 + 1));
}
TEST(expire_time, is_minus_one_without_an_expiry_and_minus_two_without_a_record)
{
    EXPECT_EQ(run(expire_time{}, bytes("v")), kept().replies(-1));
    EXPECT_EQ(run(expire_time{}, absent), kept().replies(-2));
}

TEST(persist, drops_the_expiry)
{
    EXPECT_EQ(run(persist{}, bytes("v").expiring_at(now + 1)), stored("v").replies(1));
    EXPECT_EQ(run(persist{}, document("{}").expiring_at(now + 1)), stored_document("{}").replies(1));
}
TEST(persist, of_what_does_not_expire_does_nothing)
{
    EXPECT_EQ(run(persist{}, bytes("v")), kept().replies(0));
    EXPECT_EQ(run(persist{}, absent), kept().replies(0));
}

}  // namespace
}  // namespace mykeyv
