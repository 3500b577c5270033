// SPDX-License-Identifier: Apache-2.0
// Replies in the order of their commands, whatever order the work ends in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mykeyv::server {

/// A ring of places for replies. Each command that cannot be answered at once takes a place; so does every command behind it.
/// Empty: nothing is awaited, and replies may go straight to the output. One thread.
class reply_queue {
public:
    /// Names a place; never used again.
    using ticket = std::uint64_t;

    bool empty() const noexcept { return first_ == next_; }
    std::size_t size() const noexcept { return static_cast<std::size_t>(next_ - first_); }
    /// Bytes of replies that wait behind others.
    std::size_t bytes() const noexcept { return bytes_; }

    /// Takes the next place. It gets one reply, once: by fill(), or written to text() and finished with written().
    ticket reserve();
    /// `encoded` is taken over.
    void fill(ticket, std::string&& encoded);
    /// Empty at first; valid until the next reserve().
    std::string& text(ticket t) noexcept { return at(t).text; }
    void written(ticket) noexcept;

    /// Moves the replies up to the first that is missing to the end of `out`. True: there were any.
    bool release(std::string& out);

private:
    struct place {
        std::string text;
        bool filled = false;
    };
    place& at(ticket t) noexcept { return places_[t & (places_.size() - 1)]; }
    void grow();

    std::vector<place> places_;  // a power of two of them
    ticket first_ = 0;
    ticket next_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace mykeyv::server
