// SPDX-License-Identifier: Apache-2.0
// The life of one request, as transcripts; and every transcript again with a failure after each of its steps.
#include "mykeyv/client/impl/request_machine.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace mykeyv::detail {
namespace {

using kind = action::kind;

endpoint const elsewhere{"elsewhere", 1};

answer moved() { return {.what = answer::kind::moved, .place = slot{1}, .node = elsewhere}; }
answer ask() { return {.what = answer::kind::ask, .place = slot{1}, .node = elsewhere}; }
answer try_later() { return {.what = answer::kind::try_later, .error = errc::cluster_down}; }
answer unknown_code() { return {.what = answer::kind::unknown_code, .error = errc::no_such_script}; }
answer failed(errc e) { return {.what = answer::kind::failed, .error = e}; }

action sends() { return {.what = kind::send}; }
action sends_by_a_new_map() { return {.what = kind::send, .refresh_map = true}; }
action completes(errc e = errc::ok) { return {.what = kind::complete, .error = e}; }
action waits(int attempt) { return {.what = kind::wait, .refresh_map = true, .attempt = attempt}; }

request_machine sent_machine(request_machine::rules rules = {})
{
    request_machine machine{rules};
    machine.start();
    machine.on_sent();
    return machine;
}

constexpr request_machine::rules reading{.repeatable = true};
constexpr request_machine::rules writing{};
constexpr request_machine::rules updating{.has_code = true};

TEST(request_machine, is_sent_and_answered)
{
    request_machine machine{writing};
    EXPECT_EQ(machine.start(), sends());
    machine.on_sent();
    EXPECT_EQ(machine.on_reply({}), completes());
    EXPECT_TRUE(machine.done());
}

TEST(request_machine, an_error_for_the_caller_is_passed_on)
{
    EXPECT_EQ(sent_machine().on_reply(failed(errc::wrong_type)), completes(errc::wrong_type));
}

TEST(request_machine, moved_leads_to_the_node_and_to_a_new_map)
{
    EXPECT_EQ(sent_machine().on_reply(moved()), (action{.what = kind::send, .node = elsewhere, .refresh_map = true}));
}

TEST(request_machine, ask_leads_to_the_node_but_not_to_a_new_map)
{
    EXPECT_EQ(sent_machine().on_reply(ask()), (action{.what = kind::send, .node = elsewhere, .first = action::prelude::asking}));
}

TEST(request_machine, redirects_are_counted)
{
    auto machine = sent_machine({.redirects_max = 2});
    EXPECT_EQ(machine.on_reply(moved()).what, kind::send);
    machine.on_sent();
    EXPECT_EQ(machine.on_reply(ask()).what, kind::send);
    machine.on_sent();
    EXPECT_EQ(machine.on_reply(moved()), completes(errc::too_many_redirects));
}

TEST(request_machine, a_redirect_that_is_not_to_be_followed_is_reported)
{
    EXPECT_EQ(sent_machine({.follows_redirects = false}).on_reply(moved()), completes(errc::moved));
}

TEST(request_machine, pauses_grow_and_the_time_out_tells_why)
{
    auto machine = sent_machine();
    EXPECT_EQ(machine.on_reply(try_later()), waits(0));
    EXPECT_EQ(machine.on_waited(), sends());
    machine.on_sent();
    EXPECT_EQ(machine.on_reply(try_later()), waits(1));
    EXPECT_EQ(machine.on_deadline(), completes(errc::cluster_down));
}

TEST(request_machine, code_that_is_not_known_is_sent_in_front)
{
    auto machine = sent_machine(updating);
    EXPECT_EQ(machine.on_reply(unknown_code()), (action{.what = kind::send, .first = action::prelude::code}));
    EXPECT_EQ(sent_machine(writing).on_reply(unknown_code()), completes(errc::no_such_script));
}

TEST(request_machine, a_lost_read_is_repeated_within_bounds)
{
    auto machine = sent_machine({.repeatable = true, .redirects_max = 1});
    EXPECT_EQ(machine.on_lost(), sends_by_a_new_map());
    machine.on_sent();
    EXPECT_EQ(machine.on_lost(), completes(errc::outcome_unknown));
}

TEST(request_machine, a_lost_write_is_not_repeated) { EXPECT_EQ(sent_machine().on_lost(), completes(errc::outcome_unknown)); }

TEST(request_machine, what_was_not_sent_is_not_lost)
{
    request_machine machine{writing};
    machine.start();
    EXPECT_EQ(machine.on_lost(), sends_by_a_new_map());
    EXPECT_EQ(machine.on_unreachable(), sends_by_a_new_map());
    EXPECT_EQ(machine.on_deadline(), completes(errc::not_connected));
}

TEST(request_machine, an_impatient_one_ends_at_the_first_trouble)
{
    request_machine::rules const impatient{.repeatable = true, .patient = false};
    EXPECT_EQ(sent_machine(impatient).on_lost(), completes(errc::not_connected));
    EXPECT_EQ(sent_machine(impatient).on_reply(try_later()), completes(errc::cluster_down));
    request_machine machine{impatient};
    machine.start();
    EXPECT_EQ(machine.on_unreachable(), completes(errc::not_connected));
}

TEST(request_machine, cancelling_is_total_only_before_it_is_sent)
{
    request_machine unsent{writing};
    unsent.start();
    EXPECT_EQ(unsent.on_cancel(cancel_mode::if_unsent), completes(errc::cancelled));
    auto sent = sent_machine(writing);
    EXPECT_EQ(sent.on_cancel(cancel_mode::if_unsent), action{});
    EXPECT_EQ(sent.on_cancel(cancel_mode::abandon), completes(errc::outcome_unknown));
    EXPECT_EQ(sent_machine(reading).on_cancel(cancel_mode::if_unsent), completes(errc::cancelled));
}

TEST(request_machine, stopping_claims_nothing_about_what_was_sent)
{
    request_machine unsent{writing};
    unsent.start();
    EXPECT_EQ(unsent.on_stop(), completes(errc::stopping));
    EXPECT_EQ(sent_machine(writing).on_stop(), completes(errc::outcome_unknown));
    EXPECT_EQ(sent_machine(reading).on_stop(), completes(errc::stopping));
}

TEST(request_machine, one_that_waits_for_another_tells_what_keeps_that_one)
{
    request_machine machine{writing};
    machine.start();
    machine.on_held_up(errc::cluster_down);
    EXPECT_EQ(machine.on_deadline(), completes(errc::cluster_down));
}

TEST(request_machine, one_of_several_slots_is_given_back_instead_of_repeated)
{
    EXPECT_EQ(sent_machine({.divisible = true}).on_reply(try_later()), completes(errc::cluster_down));
}

TEST(request_machine, may_begin_with_a_pause)
{
    request_machine machine{writing};
    EXPECT_EQ(machine.start_later(3), waits(3));
    EXPECT_EQ(machine.on_waited(), sends());
}

// A failure at every step

using event = std::function<action(request_machine&)>;
action on_sent(request_machine& machine)
{
    machine.on_sent();
    return {};
}
event replies(answer what) { return [what](request_machine& machine) { return machine.on_reply(what); }; }

std::vector<std::vector<event>> const transcripts{
    {&request_machine::start, on_sent, replies({})},
    {&request_machine::start, on_sent, replies(moved()), on_sent, replies(ask()), on_sent, replies({})},
    {&request_machine::start, on_sent, replies(try_later()), &request_machine::on_waited, on_sent, replies({})},
    {&request_machine::start, on_sent, replies(unknown_code()), on_sent, replies({})},
    {&request_machine::start, &request_machine::on_unreachable, on_sent, replies({})},
};

struct trouble {
    char const* name;
    event happens;
};
std::vector<trouble> const troubles{
    {"lost", &request_machine::on_lost},
    {"deadline", &request_machine::on_deadline},
    {"stop", &request_machine::on_stop},
    {"cancel", [](request_machine& machine) { return machine.on_cancel(cancel_mode::abandon); }},
};

// After each prefix of each transcript: a write that is owed an answer ends as unknown, and only such a one.
TEST(request_machine, trouble_at_any_step_ends_as_unknown_just_if_an_answer_is_owed)
{
    int cells = 0;
    for (auto const& transcript : transcripts) {
        for (std::size_t steps = 1; steps < transcript.size(); ++steps) {
            for (auto const& [name, happens] : troubles) {
                request_machine machine{updating};
                for (std::size_t i = 0; i < steps; ++i) { transcript[i](machine); }
                bool const owed = machine.sent();
                auto const then = happens(machine);
                EXPECT_EQ(then.error == errc::outcome_unknown, owed) << name << " after step " << steps;
                EXPECT_TRUE(then.what == kind::complete || (!owed && then.what == kind::send)) << name << " after step " << steps;
                ++cells;
            }
        }
    }
    EXPECT_EQ(cells, 4 * (2 + 6 + 5 + 4 + 3));
}

TEST(request_machine, once_done_it_stays_done)
{
    for (auto const& transcript : transcripts) {
        request_machine machine{updating};
        for (auto const& step : transcript) { step(machine); }
        ASSERT_TRUE(machine.done());
        for (auto const& [name, happens] : troubles) { EXPECT_EQ(happens(machine), action{}) << name; }
        for (auto const& reply : {answer{}, moved(), try_later(), unknown_code()}) { EXPECT_EQ(machine.on_reply(reply), action{}); }
        EXPECT_EQ(machine.on_waited(), action{});
        EXPECT_EQ(machine.on_unreachable(), action{});
        EXPECT_EQ(machine.on_refused(errc::overloaded), action{});
        EXPECT_EQ(machine.on_no_owner(errc::cluster_down), action{});
    }
}

}  // namespace
}  // namespace mykeyv::detail
