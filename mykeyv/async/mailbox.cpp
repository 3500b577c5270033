// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/async/mailbox.hpp"

#include <utility>

namespace mykeyv::async {

mailbox::~mailbox()
{
    for (auto* letter = take_in_order(); letter != nullptr;) {
        std::unique_ptr<mail> const owned{std::exchange(letter, letter->next_)};
    }
}

bool mailbox::push(std::unique_ptr<mail> letter) noexcept
{
    auto* const sent = letter.release();
    auto* before = newest_.load(std::memory_order_relaxed);
    do {
        sent->next_ = before;
    } while (!newest_.compare_exchange_weak(before, sent, std::memory_order_release, std::memory_order_relaxed));
    return before == nullptr;
}

mail* mailbox::take_in_order() noexcept
{
    auto* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    mail* oldest = nullptr;
    while (newest != nullptr) {
        auto* const next = std::exchange(newest->next_, oldest);
        oldest = std::exchange(newest, next);
    }
    return oldest;
}

void mailbox::deliver() noexcept
{
    for (auto* letter = take_in_order(); letter != nullptr;) {
        auto* const current = std::exchange(letter, letter->next_);
        current->delivered(std::unique_ptr<mail>{current});
    }
}

}  // namespace mykeyv::async
