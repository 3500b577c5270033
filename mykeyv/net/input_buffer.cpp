// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/input_buffer.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace mykeyv::net {
namespace {

constexpr std::size_t input_kept_bytes_max = 2 * limits::read_chunk_bytes;  // what an idle connection may hold on to

}  // namespace

std::span<char> input_buffer::room(std::size_t smallest)
{
    auto const there = end_ - begin_;
    if (capacity_ - end_ < smallest) {
        if (capacity_ - there >= std::max(smallest, capacity_ / 2)) {
            std::memmove(bytes_.get(), bytes_.get() + begin_, there);
        } else {
            auto const grown = std::max(2 * there, there + smallest);
            auto larger = std::make_unique_for_overwrite<char[]>(grown);
            if (there > 0) { std::memcpy(larger.get(), bytes_.get() + begin_, there); }
            bytes_ = std::move(larger);
            capacity_ = grown;
        }
        begin_ = 0;
        end_ = there;
    }
    return {bytes_.get() + end_, capacity_ - end_};
}

void input_buffer::drop(std::size_t bytes) noexcept
{
    assert(bytes <= end_ - begin_);
    begin_ += bytes;
    if (begin_ != end_) { return; }
    begin_ = end_ = 0;
    if (capacity_ > input_kept_bytes_max) {
        bytes_.reset();
        capacity_ = 0;
    }
}

}  // namespace mykeyv::net
