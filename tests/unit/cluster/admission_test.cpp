// SPDX-License-Identifier: Apache-2.0
// A node that is to become a member of another cluster forgets its slots first. When that comes to nothing it has them again, durably.
// One that is to be a member no more takes no slots any more.
#include "tests/unit/cluster/a_mover.hpp"

namespace mykeyv::cluster {
namespace {

class a_node_to_be_admitted : public a_mover {
protected:
    void SetUp() override
    {
        start({owned, {5, 1}, {}});
        ASSERT_EQ(mover_->close_all(), "");
        ASSERT_EQ(gate_now(), gate::closed);
    }
    void expect_taken_back()
    {
        EXPECT_EQ(mover_->take_all_back(), "");
        EXPECT_TRUE(has_row());
        EXPECT_EQ(gate_now(), gate::open);
    }
    bool has_row() const { return lane_.database.committed.slots.contains(s_) && row() == (slot_row{owned, {5, 1}, {}}); }
};

TEST_F(a_node_to_be_admitted, serves_again_when_it_is_not)
{
    ASSERT_EQ(mover_->give_all_up(), "");
    EXPECT_FALSE(has_row());
    expect_taken_back();
}

TEST_F(a_node_to_be_admitted, has_its_slots_again_when_nobody_knew_whether_they_were_forgotten)
{
    next_commit_is_unknown();
    EXPECT_NE(mover_->give_all_up(), "");
    EXPECT_FALSE(has_row());
    expect_taken_back();
}

TEST_F(a_node_to_be_admitted, serves_nothing_before_its_slots_are_its_own_again)
{
    ASSERT_EQ(mover_->give_all_up(), "");
    lane_.database.endings = {ending::refused, ending::refused, ending::refused, ending::refused};
    EXPECT_NE(mover_->take_all_back(), "");
    EXPECT_EQ(gate_now(), gate::closed);
    lane_.database.endings = {};
    expect_taken_back();
}

// A node that leaves

TEST_F(a_mover, takes_no_slot_that_is_not_wanted_here)
{
    outside_.wants = false;
    start({});
    EXPECT_FALSE(asked(prepare{})->yes);
    EXPECT_EQ(row().state, slot_state::none);
}

TEST_F(a_mover, takes_no_slot_that_was_on_its_way_when_arrivals_were_refused)
{
    imported();
    EXPECT_EQ(mover_->refuse_arrivals(), "");
    EXPECT_FALSE(asked(nothing_more())->yes);
    EXPECT_EQ(row().state, refused);
    EXPECT_EQ(gate_now(), gate::closed);
}

TEST_F(a_mover, that_refuses_arrivals_finds_out_whether_one_has_come)
{
    imported();
    next_commit_is_unknown();
    EXPECT_FALSE(asked(nothing_more()));
    EXPECT_EQ(mover_->refuse_arrivals(), "");
    EXPECT_EQ(outside_.owners.back().first, id(1));
}

}  // namespace
}  // namespace mykeyv::cluster
