// SPDX-License-Identifier: Apache-2.0
// Operations that wait for another node's answer: their order, and every bound.
#include "mykeyv/store/parked.hpp"

#include "mykeyv/base/limits.hpp"
#include "tests/unit/store/a_function.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace mykeyv::store::testing {
namespace {

/// An operation that brings so many bytes along.
class a_heavy_one final : public operation {
public:
    a_heavy_one(mykeyv::slot where, std::size_t bytes, std::optional<errc>& outcome)
        : operation{where, {"k"}, access::write}, bytes_{bytes}, outcome_{outcome}
    {
    }
    std::size_t payload_bytes() const noexcept override { return bytes_; }
    void decide(std::span<record_view const* const>, context const&, std::span<change>) override {}
    void completed(operation_ptr, errc outcome) noexcept override { outcome_ = outcome; }

private:
    std::size_t bytes_;
    std::optional<errc>& outcome_;
};

class what_is_parked : public ::testing::Test {
protected:
    using time = parked_operations::time;
    using outcome = std::optional<errc>;
    static constexpr slot one{1}, two{2};
    static constexpr std::chrono::milliseconds patience{700};
    static constexpr std::chrono::milliseconds moment{1};

    /// What becomes of it is found at the place that comes back.
    outcome& park(slot s, std::size_t bytes = 0)
    {
        auto& ending = endings_.emplace_back();
        parked_.park(std::make_unique<a_heavy_one>(s, bytes, ending), now_);
        return ending;
    }
    void pass(std::chrono::milliseconds by)
    {
        now_ += by;
        parked_.end_overdue(now_);
    }

    time now_{};
    parked_operations parked_{patience};
    std::deque<outcome> endings_;
};

TEST_F(what_is_parked, waits)
{
    auto& ending = park(one);
    pass(patience - moment);
    EXPECT_FALSE(ending);
}

TEST_F(what_is_parked, comes_back_in_its_order_and_by_slot)
{
    auto const& other = park(two, 9);
    for (std::size_t bytes = 1; bytes <= 3; ++bytes) { park(one, bytes); }
    auto const taken = parked_.take(one);
    ASSERT_EQ(taken.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) { EXPECT_EQ(taken[i]->payload_bytes(), i + 1); }
    EXPECT_FALSE(other);
    EXPECT_EQ(parked_.take(two).size(), 1u);
    EXPECT_TRUE(parked_.take(one).empty());
}

TEST_F(what_is_parked, is_refused_when_it_waits_too_long)
{
    auto& ending = park(one);
    EXPECT_EQ(parked_.next(), now_ + patience);
    pass(patience);
    EXPECT_EQ(ending, errc::in_transit);
    EXPECT_EQ(parked_.next(), time::max());
    EXPECT_TRUE(parked_.take(one).empty());
}

TEST_F(what_is_parked, waits_no_longer_than_the_first_of_its_slot)
{
    park(one);
    pass(patience - moment);
    auto& late = park(one);
    pass(moment);
    EXPECT_EQ(late, errc::in_transit);
}

TEST_F(what_is_parked, is_refused_at_once_when_its_slot_is_overdue)
{
    park(one);
    pass(patience);
    EXPECT_EQ(park(one), errc::in_transit);
    EXPECT_FALSE(park(two));
}

TEST_F(what_is_parked, waits_anew_once_the_slot_was_taken)
{
    park(one);
    pass(patience);
    parked_.take(one);
    auto& ending = park(one);
    pass(patience - moment);
    EXPECT_FALSE(ending);
    pass(moment);
    EXPECT_EQ(ending, errc::in_transit);
}

TEST_F(what_is_parked, of_one_slot_does_not_end_with_that_of_another)
{
    park(one);
    pass(moment);
    auto& ending = park(two);
    pass(patience - moment);
    EXPECT_FALSE(ending);
    EXPECT_EQ(parked_.next(), now_ + moment);
    pass(moment);
    EXPECT_EQ(ending, errc::in_transit);
}

TEST_F(what_is_parked, is_bounded_in_number)
{
    for (std::size_t i = 0; i < limits::parked_operations_max; ++i) { ASSERT_FALSE(park(i % 2 == 0 ? one : two)); }
    EXPECT_EQ(park(one), errc::in_transit);
    EXPECT_EQ(park(slot{3}), errc::in_transit);
    parked_.take(two);
    EXPECT_FALSE(park(one));
}

TEST_F(what_is_parked, is_bounded_in_bytes)
{
    EXPECT_FALSE(park(one, limits::parked_bytes_max - 1));
    EXPECT_EQ(park(two, 2), errc::in_transit);
    EXPECT_FALSE(park(two, 1));
    parked_.take(one);
    EXPECT_FALSE(park(two, limits::parked_bytes_max - 1));
}

TEST_F(what_is_parked, makes_room_when_it_is_refused)
{
    park(one, limits::parked_bytes_max);
    pass(patience);
    EXPECT_FALSE(park(two, limits::parked_bytes_max));
}

TEST_F(what_is_parked, is_refused_for_the_reason_that_is_given)
{
    auto& first = park(one);
    auto& second = park(two, 5);
    parked_.refuse_all(errc::stopping);
    EXPECT_EQ(first, errc::stopping);
    EXPECT_EQ(second, errc::stopping);
    EXPECT_EQ(parked_.next(), time::max());
    EXPECT_FALSE(park(one, limits::parked_bytes_max));
}

}  // namespace
}  // namespace mykeyv::store::testing
