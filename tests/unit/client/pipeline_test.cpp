// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/pipeline.hpp"

#include <gtest/gtest.h>

namespace mykeyv::detail {
namespace {

constexpr ticket a{1}, b{2}, c{3};

class pipeline_test : public testing::Test {
protected:
    pipeline line{100};

    void push(std::initializer_list<ticket> all)
    {
        for (auto const who : all) { ASSERT_TRUE(line.push(who, 10)); }
    }
    /// Sends all that waits, each as `commands` commands.
    void send(int commands = 1)
    {
        line.take_batch([&](ticket, std::string& out) {
            out += 'x';
            return commands;
        });
    }
    std::optional<std::pair<ticket, std::string>> next()
    {
        auto delivery = line.next_delivery();
        if (!delivery) { return std::nullopt; }
        return std::pair{delivery->who, delivery->reply.text() != nullptr ? *delivery->reply.text() : ""};
    }
};

using delivered = std::pair<ticket, std::string>;

TEST_F(pipeline_test, replies_belong_to_requests_in_order)
{
    push({a, b});
    send();
    line.receive("+one\r\n+two\r\n");
    EXPECT_EQ(next(), (delivered{a, "one"}));
    EXPECT_EQ(next(), (delivered{b, "two"}));
    EXPECT_FALSE(next());
    EXPECT_FALSE(line.has_sent());
}

TEST_F(pipeline_test, a_reply_may_come_in_pieces)
{
    push({a});
    send();
    for (char const piece : std::string{"$5\r\nhel\nlo\r\n"}.substr(0, 8)) {
        line.receive({&piece, 1});
        EXPECT_FALSE(next());
    }
    line.receive("o\r\n");
    EXPECT_EQ(next(), (delivered{a, "hel\no"}));
}

TEST_F(pipeline_test, of_several_commands_the_last_reply_counts)
{
    push({a});
    send(2);
    line.receive("+first\r\n");
    EXPECT_FALSE(next());
    line.receive("+last\r\n");
    EXPECT_EQ(next(), (delivered{a, "last"}));
}

TEST_F(pipeline_test, a_request_that_was_executed_is_not_failed_by_what_prepared_it)
{
    push({a});
    send(2);
    line.receive("-CLUSTERDOWN not saved\r\n+executed\r\n");
    EXPECT_EQ(next(), (delivered{a, "executed"}));
}

TEST_F(pipeline_test, of_a_request_that_lacked_its_code_the_first_error_counts)
{
    push({a});
    send(2);
    line.receive("-COMPILE line 1\r\n-NOSCRIPT no\r\n");
    EXPECT_EQ(next(), (delivered{a, "COMPILE line 1"}));
}

TEST_F(pipeline_test, messages_that_answer_nothing_are_passed_over)
{
    push({a});
    send();
    line.receive(">1\r\n+news\r\n+one\r\n");
    EXPECT_EQ(next(), (delivered{a, "one"}));
}

TEST_F(pipeline_test, a_reply_that_nobody_asked_for_breaks_it)
{
    line.receive("+one\r\n");
    EXPECT_FALSE(next());
    EXPECT_TRUE(line.broken());
}

TEST_F(pipeline_test, what_is_not_resp_breaks_it)
{
    push({a});
    send();
    line.receive("HTTP/1.1 400\r\n");
    EXPECT_FALSE(next());
    EXPECT_TRUE(line.broken());
}

TEST_F(pipeline_test, what_waits_is_bounded)
{
    EXPECT_TRUE(line.push(a, 60));
    EXPECT_FALSE(line.push(b, 50));
    EXPECT_TRUE(line.push(c, 40));
    send();
    EXPECT_TRUE(line.push(b, 100));
}

TEST_F(pipeline_test, what_nobody_wants_any_more_is_not_sent)
{
    push({a, b});
    auto const batch = line.take_batch([](ticket who, std::string& out) {
        if (who == a) { return 0; }
        out += "b";
        return 1;
    });
    EXPECT_EQ(batch, "b");
    line.receive("+one\r\n");
    EXPECT_EQ(next(), (delivered{b, "one"}));
}

TEST_F(pipeline_test, a_batch_is_bounded_but_never_empty)
{
    push({a, b, c});
    std::string const large(200u << 10, 'x');
    auto const write = [&](ticket, std::string& out) {
        out += large;
        return 1;
    };
    EXPECT_EQ(line.take_batch(write).size(), 2 * large.size());
    EXPECT_EQ(line.take_batch(write).size(), large.size());
}

TEST_F(pipeline_test, knows_when_nobody_waits_for_what_is_owed)
{
    push({a, b});
    EXPECT_FALSE(line.all_abandoned());
    send();
    line.abandon();
    EXPECT_FALSE(line.all_abandoned());
    line.abandon();
    EXPECT_TRUE(line.all_abandoned());
    line.receive("+one\r\n");
    next();
    line.passed_over();
    EXPECT_TRUE(line.all_abandoned());
}

TEST_F(pipeline_test, reset_gives_everything_back_and_forgets_half_a_reply)
{
    push({a});
    send();
    push({b, c});
    line.receive("$5\r\nhal");
    next();
    EXPECT_EQ(line.reset(), (std::vector<ticket>{a, b, c}));
    push({c});
    send();
    line.receive("+one\r\n");
    EXPECT_EQ(next(), (delivered{c, "one"}));
}

}  // namespace
}  // namespace mykeyv::detail
