// SPDX-License-Identifier: Apache-2.0
// One slot on its way out: what is to be sent next, after each thing that can happen.
#include "mykeyv/cluster/migration/outgoing.hpp"

#include "tests/unit/cluster/few_nodes.hpp"

#include <gmock/gmock.h>

namespace mykeyv::cluster {
namespace {

using enum outgoing::next;
using testing::ElementsAre;
using testing::IsEmpty;

/// A slot with tiny limits: two portions on the way, two dirty keys per portion and in a cut-over, three rounds.
class a_slot_on_its_way_out : public testing::Test {
protected:
    void begun() { out_.prepared(); }
    void read_up_to(std::string last, bool end = false) { out_.scanned(std::move(last), end); }
    void send(packed_rows rows = {}) { last_ = out_.sending(rows); }
    void answered() { out_.acknowledged(++answered_); }
    /// All has been read, sent and answered.
    void read_all()
    {
        begun();
        read_up_to("z", true);
        send();
        answered();
    }
    void written(std::initializer_list<char const*> keys, std::size_t bytes = 10)
    {
        for (auto const* key : keys) { out_.written(key, bytes); }
    }
    /// So often all its keys are sent again, and then each is written once more.
    void outrun(int rounds)
    {
        limits_.dirty_keys_per_portion = 3;
        written({"a", "b", "c"});
        for (int round = 0; round < rounds; ++round) {
            ASSERT_THAT(out_.take_dirty(), testing::SizeIs(3));
            send();
            answered();
            written({"a", "b", "c"});
        }
        limits_.dirty_keys_per_portion = 2;
    }
    enum outgoing::next next() const { return out_.next_step(); }

    move_limits limits_{.portion_bytes = 100,
                        .portions_on_the_way_max = 2,
                        .dirty_keys_per_portion = 2,
                        .cut_over_keys_max = 2,
                        .resend_rounds_max = 3,
                        .resend_rounds_at_rest = 2};
    outgoing out_{id(2), {5, 1}, limits_};
    std::uint64_t last_ = 0;
    std::uint64_t answered_ = 0;
};

TEST_F(a_slot_on_its_way_out, waits_until_the_target_is_ready) { EXPECT_EQ(next(), wait); }

TEST_F(a_slot_on_its_way_out, is_read_from_the_least_key_on)
{
    begun();
    EXPECT_EQ(next(), scan);
    EXPECT_EQ(out_.cursor(), "");
}

TEST_F(a_slot_on_its_way_out, is_read_on_behind_the_last_key)
{
    begun();
    read_up_to("k");
    EXPECT_EQ(out_.cursor(), (std::string_view{"k\0", 2}));
    EXPECT_EQ(next(), scan);
}

TEST_F(a_slot_on_its_way_out, is_read_and_sent_portion_by_portion_and_cut_over_at_last)
{
    begun();
    for (auto const* last : {"c", "f", "i"}) {
        ASSERT_EQ(next(), scan);
        read_up_to(last, last == std::string{"i"});
        send();
        answered();
    }
    EXPECT_EQ(next(), cut_over);
    EXPECT_EQ(last_, 3u);
}

TEST_F(a_slot_on_its_way_out, without_rows_is_cut_over_at_once)
{
    begun();
    out_.scanned(std::nullopt, true);
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, waits_while_the_window_is_full)
{
    begun();
    send();
    EXPECT_EQ(next(), scan);
    send();
    EXPECT_EQ(next(), wait);
    answered();
    EXPECT_EQ(next(), scan);
}

TEST_F(a_slot_on_its_way_out, is_not_cut_over_while_anything_is_on_the_way)
{
    begun();
    read_up_to("z", true);
    send();
    EXPECT_EQ(next(), wait);
    answered();
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, counts_each_answer_once_and_in_its_order)
{
    begun();
    read_up_to("z", true);
    send();
    send();
    out_.acknowledged(2);
    EXPECT_EQ(next(), wait);
    out_.acknowledged(1);
    out_.acknowledged(1);
    EXPECT_EQ(next(), wait);
    out_.acknowledged(2);
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, sends_a_key_written_behind_the_cursor_again)
{
    begun();
    read_up_to("m");
    written({"a", "m"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a", "m"));
}

TEST_F(a_slot_on_its_way_out, does_not_care_about_a_key_that_it_has_yet_to_read)
{
    begun();
    read_up_to("m");
    out_.written(std::string_view{"m\0", 2}, 1);
    written({"n", "z"});
    EXPECT_THAT(out_.take_dirty(), IsEmpty());
}

TEST_F(a_slot_on_its_way_out, does_not_care_about_a_key_before_anything_was_read)
{
    written({"a"});
    begun();
    written({"b"});
    EXPECT_THAT(out_.take_dirty(), IsEmpty());
}

TEST_F(a_slot_on_its_way_out, knows_every_key_to_be_read_once_all_is)
{
    read_all();
    written({"zzz"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("zzz"));
}

TEST_F(a_slot_on_its_way_out, sends_an_erasure_behind_the_cursor)
{
    begun();
    read_up_to("m");
    written({"a"}, 0);
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a"));
}

TEST_F(a_slot_on_its_way_out, sends_a_key_that_is_written_ten_times_once)
{
    read_all();
    for (int i = 0; i < 10; ++i) { written({"a"}); }
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a"));
    EXPECT_THAT(out_.take_dirty(), IsEmpty());
}

TEST_F(a_slot_on_its_way_out, knows_a_key_to_be_dirty_again_that_is_written_after_it_was_taken)
{
    read_all();
    written({"a"});
    out_.take_dirty();
    written({"a"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a"));
}

TEST_F(a_slot_on_its_way_out, takes_dirty_keys_some_at_a_time_by_number)
{
    read_all();
    written({"a", "b", "c"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a", "b"));
    EXPECT_THAT(out_.take_dirty(), ElementsAre("c"));
}

TEST_F(a_slot_on_its_way_out, takes_dirty_keys_some_at_a_time_by_bytes_but_one_at_least)
{
    read_all();
    written({"a", "b"}, 500);
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a"));
    EXPECT_THAT(out_.take_dirty(), ElementsAre("b"));
}

TEST_F(a_slot_on_its_way_out, gives_each_dirty_key_its_turn_before_one_that_was_written_again)
{
    read_all();
    written({"a", "b", "c", "d", "e"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("a", "b"));
    written({"a", "b"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("c", "d"));
    written({"c"});
    EXPECT_THAT(out_.take_dirty(), ElementsAre("e", "a"));
    EXPECT_THAT(out_.take_dirty(), ElementsAre("b", "c"));
    EXPECT_THAT(out_.take_dirty(), IsEmpty());
}

TEST_F(a_slot_on_its_way_out, takes_all_that_is_left_for_its_cut_over_from_wherever_the_round_is)
{
    limits_.dirty_keys_per_portion = 10;
    limits_.cut_over_keys_max = 4;
    read_all();
    written({"m"});
    out_.take_dirty();
    out_.written("", 0);
    written({"n", "a", "z"}, 32);  // 99 bytes with the keys
    out_.written("a", 33);         // and 100, which is a whole portion
    ASSERT_EQ(next(), cut_over);
    EXPECT_THAT(out_.take_dirty(), ElementsAre("n", "z", "", "a"));
}

TEST_F(a_slot_on_its_way_out, is_cut_over_with_a_few_dirty_keys)
{
    read_all();
    written({"a", "b"});
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, sends_again_before_it_is_cut_over_with_many_keys_or_many_bytes)
{
    read_all();
    written({"a", "b", "c"});
    EXPECT_EQ(next(), resend);
    out_.take_dirty();
    written({"a"}, 500);
    EXPECT_EQ(next(), resend);
}

TEST_F(a_slot_on_its_way_out, counts_the_bytes_of_a_key_as_it_was_written_last)
{
    read_all();
    written({"a"}, 500);
    ASSERT_EQ(next(), resend);
    written({"a"}, 0);
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, is_outpaced_then_parked_when_all_its_keys_are_written_again_before_each_is_sent)
{
    read_all();
    outrun(2);
    EXPECT_FALSE(out_.is_outpaced());
    outrun(1);
    EXPECT_TRUE(out_.is_outpaced());
    ASSERT_EQ(next(), resend);
    outrun(1);
    EXPECT_EQ(next(), park);
}

TEST_F(a_slot_on_its_way_out, is_not_parked_for_taking_many_messages_to_send_what_was_written_once)
{
    read_all();
    for (auto const* key : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}) { written({key}); }
    while (next() == resend) {
        EXPECT_FALSE(out_.is_outpaced());
        out_.take_dirty();
        send();
        answered();
    }
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, that_is_parked_sends_what_is_left_and_is_cut_over)
{
    read_all();
    outrun(4);
    ASSERT_EQ(next(), park);
    out_.parked();
    EXPECT_EQ(next(), resend);
    out_.take_dirty();
    send();
    EXPECT_EQ(next(), wait);
    answered();
    EXPECT_EQ(next(), cut_over);
}

TEST_F(a_slot_on_its_way_out, waits_for_the_answer_once_it_is_offered)
{
    read_all();
    out_.offered();
    EXPECT_EQ(next(), wait);
    written({"a"});
    EXPECT_THAT(out_.take_dirty(), IsEmpty());
}

TEST_F(a_slot_on_its_way_out, numbers_its_portions_and_counts_what_it_sends)
{
    moved_row const record{"k", moved_row::content{1, format::bytes, {}, "12345"}};
    moved_row const absent{"gone", {}};
    EXPECT_EQ(out_.sending({record, absent}), 1u);
    EXPECT_EQ(out_.sending({record}), 2u);
    EXPECT_EQ(out_.records_sent(), 2u);
    EXPECT_EQ(out_.bytes_sent(), 2 * record.bytes() + absent.bytes());
}

}  // namespace
}  // namespace mykeyv::cluster
