// SPDX-License-Identifier: Apache-2.0
// Letters from any thread to one thread: pushed without a lock, delivered in batches.
#pragma once

#include <atomic>
#include <memory>

namespace mykeyv::async {

/// Something that is to happen on another thread. Intrusive, so that sending what exists already costs no allocation.
class mail {
public:
    mail() = default;
    virtual ~mail() = default;
    mail(mail const&) = delete;
    mail& operator=(mail const&) = delete;

    /// Called once on the receiving thread, which hands the letter back to itself.
    virtual void delivered(std::unique_ptr<mail> self) noexcept = 0;

private:
    friend class mailbox;
    mail* next_ = nullptr;
};

/// Many senders, one receiver. The senders' letters stay in the order in which each pushed them.
class mailbox {
public:
    mailbox() = default;
    ~mailbox();  ///< drops what was never delivered
    mailbox(mailbox const&) = delete;
    mailbox& operator=(mailbox const&) = delete;

    /// Any thread. True: the box was empty, so the receiver must be woken; whoever pushes behind it need not.
    [[nodiscard]] bool push(std::unique_ptr<mail>) noexcept;

    /// The receiving thread. Delivers everything that was pushed before this call.
    void deliver() noexcept;

private:
    mail* take_in_order() noexcept;

    std::atomic<mail*> newest_{nullptr};
};

}  // namespace mykeyv::async
