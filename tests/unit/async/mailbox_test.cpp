// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/async/mailbox.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace mykeyv::async {
namespace {

class note final : public mail {
public:
    note(int number, std::vector<int>& read, int* dropped = nullptr) : number_{number}, read_{read}, dropped_{dropped} {}
    ~note() override
    {
        if (dropped_ != nullptr) { ++*dropped_; }
    }
    void delivered(std::unique_ptr<mail>) noexcept override { read_.push_back(number_); }

private:
    int number_;
    std::vector<int>& read_;
    int* dropped_;
};

struct mailbox_test : testing::Test {
    std::vector<int> read;
    mailbox box;
    bool push(int number) { return box.push(std::make_unique<note>(number, read)); }
};

TEST_F(mailbox_test, delivers_in_the_order_of_pushing)
{
    for (int i = 0; i < 3; ++i) { static_cast<void>(push(i)); }
    box.deliver();
    EXPECT_EQ(read, (std::vector{0, 1, 2}));
}

TEST_F(mailbox_test, only_the_first_letter_of_a_batch_asks_for_a_wake_up)
{
    EXPECT_TRUE(push(1));
    EXPECT_FALSE(push(2));
    box.deliver();
    EXPECT_TRUE(push(3));
}

TEST_F(mailbox_test, delivers_each_letter_once)
{
    static_cast<void>(push(1));
    box.deliver();
    box.deliver();
    EXPECT_EQ(read, std::vector{1});
}

TEST(mailbox, destroys_what_was_not_delivered)
{
    std::vector<int> read;
    int dropped = 0;
    {
        mailbox box;
        static_cast<void>(box.push(std::make_unique<note>(1, read, &dropped)));
        static_cast<void>(box.push(std::make_unique<note>(2, read, &dropped)));
    }
    EXPECT_EQ(dropped, 2);
    EXPECT_TRUE(read.empty());
}

TEST(mailbox, of_many_senders_loses_nothing_and_keeps_each_senders_order)
{
    constexpr int senders = 4;
    constexpr int letters = 2000;
    std::vector<int> read;
    mailbox box;
    std::vector<std::thread> threads;
    std::atomic<int> done{0};
    for (int s = 0; s < senders; ++s) {
        threads.emplace_back([&, s] {
            for (int i = 0; i < letters; ++i) { static_cast<void>(box.push(std::make_unique<note>(s * letters + i, read))); }
            ++done;
        });
    }
    while (done < senders) { box.deliver(); }
    for (auto& t : threads) { t.join(); }
    box.deliver();
    ASSERT_EQ(read.size(), std::size_t{senders * letters});
    std::vector<int> next(senders, 0);
    for (int const number : read) { EXPECT_EQ(number % letters, next[static_cast<std::size_t>(number / letters)]++); }
}

}  // namespace
}  // namespace mykeyv::async
