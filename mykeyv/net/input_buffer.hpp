// SPDX-License-Identifier: Apache-2.0
// The bytes that arrived and were not understood yet.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace mykeyv::net {

/// A buffer that is filled at its end and emptied at its front. It grows as data arrives, never by what a peer announces:
/// its room is at most twice what is in it plus one read.
class input_buffer {
public:
    /// Where the next read may put its bytes: at least `smallest` of them. Moves what is there.
    std::span<char> room(std::size_t smallest);
    /// The first `bytes` of the room are filled.
    void filled(std::size_t bytes) noexcept { end_ += bytes; }

    std::string_view unread() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
    /// `bytes` at the front are done with. A buffer that has grown large gives its memory back once it is empty.
    void drop(std::size_t bytes) noexcept;

    std::size_t capacity() const noexcept { return capacity_; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace mykeyv::net
