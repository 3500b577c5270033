// SPDX-License-Identifier: Apache-2.0
// How many slots may be on their way to one node at once: as many as it answers for in time. Without this, sources whose patience ends
// before their target has come to their requests would keep it busy with attempts that nobody waits for any more, for ever.
// And how many may be cut over at once: as many as the two nodes can do before the clients that wait for them notice.
#pragma once

#include <algorithm>
#include <cstddef>

namespace mykeyv::cluster {

/// TCP's slow start and congestion avoidance (RFC 5681), counted in slots. Begins with the most, for most targets are well.
class window {
public:
    explicit window(std::size_t most) noexcept : most_{static_cast<double>(most)}, size_{most_}, threshold_{most_} {}

    std::size_t size() const noexcept { return static_cast<std::size_t>(size_); }
    /// A slot has arrived.
    void taken() noexcept
    {
        unjudged_ -= unjudged_ > 0 ? 1 : 0;
        size_ = std::min(most_, size_ + (size_ < threshold_ ? 1 : 1 / size_));
    }
    /// A slot has arrived, and it took too long: fewer by three in ten (as CUBIC, RFC 9438, has it), but not fewer than `least`. What was
    /// on its way at that moment says nothing about the new size.
    void late(std::size_t least) noexcept
    {
        if (unjudged_ > 0) { return void(--unjudged_); }
        unjudged_ = size();
        size_ = threshold_ = std::max(size_ * 0.7, std::min(static_cast<double>(least), size_));
    }
    /// The target did not answer. Many slots that say so at once count as one.
    void lost() noexcept
    {
        if (size_ > 1) { threshold_ = std::max(size_ / 2, 1.0); }
        size_ = 1;
    }

private:
    double most_;
    double size_;
    double threshold_;
    std::size_t unjudged_ = 0;  // so many were on their way when it was made smaller for being late
};

}  // namespace mykeyv::cluster
