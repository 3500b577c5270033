// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/reply_queue.hpp"

#include <cassert>
#include <utility>

namespace mykeyv::server {
namespace {

constexpr std::size_t first_places = 16;
constexpr std::size_t kept_bytes_max = 4096;  // what an empty place may hold on to, to save the next allocation

}  // namespace

void reply_queue::grow()
{
    std::vector<place> larger(places_.empty() ? first_places : 2 * places_.size());
    for (auto t = first_; t != next_; ++t) { larger[t & (larger.size() - 1)] = std::move(at(t)); }
    places_ = std::move(larger);
}

reply_queue::ticket reply_queue::reserve()
{
    if (size() == places_.size()) { grow(); }
    return next_++;
}

void reply_queue::written(ticket t) noexcept
{
    assert(t >= first_ && t < next_ && !at(t).filled);
    at(t).filled = true;
    bytes_ += at(t).text.size();
}

void reply_queue::fill(ticket t, std::string&& encoded)
{
    text(t).swap(encoded);
    written(t);
}

bool reply_queue::release(std::string& out)
{
    auto const before = first_;
    while (first_ != next_ && at(first_).filled) {
        auto& done = at(first_++);
        bytes_ -= done.text.size();
        out += done.text;
        done.filled = false;
        done.text.clear();
        if (done.text.capacity() > kept_bytes_max) { done.text = {}; }
    }
    return first_ != before;
}

}  // namespace mykeyv::server
