// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/net/output_buffer.hpp"

#include "mykeyv/base/limits.hpp"

#include <cassert>

namespace mykeyv::net {
namespace {

constexpr std::size_t output_kept_bytes_max = 4 * limits::read_chunk_bytes;  // what an idle connection may hold on to
constexpr std::size_t moved_bytes_max = 1u << 20;  // below it the sent front is not worth a move

}  // namespace

void output_buffer::sent(std::size_t bytes)
{
    assert(bytes <= size());
    sent_ += bytes;
    if (sent_ == bytes_.size()) {
        sent_ = 0;
        if (bytes_.capacity() > output_kept_bytes_max) { bytes_ = {}; }
        bytes_.clear();
    } else if (sent_ > moved_bytes_max && sent_ > size()) {
        bytes_.erase(0, sent_);
        sent_ = 0;
    }
}

}  // namespace mykeyv::net
