// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/session_order.hpp"

#include <cassert>

namespace mykeyv::server {

session_order::way session_order::way_of_read(slot s) const noexcept
{
    if (node_ || reading_[bucket_of(s)]) { return way::wait; }
    return in_lane_[bucket_of(s)] > 0 ? way::in_lane_order : way::at_once;
}

session_order::way session_order::way_of_write(slot s) const noexcept
{
    return node_ || reading_[bucket_of(s)] ? way::wait : way::in_lane_order;
}

void session_order::read_begins(slot s) noexcept
{
    assert(way_of_read(s) == way::at_once);
    reading_[bucket_of(s)] = true;
    ++unfinished_;
}

void session_order::read_ends(slot s) noexcept
{
    assert(reading_[bucket_of(s)]);
    reading_[bucket_of(s)] = false;
    --unfinished_;
}

void session_order::lane_begins(slot s) noexcept
{
    assert(way_of_write(s) == way::in_lane_order);
    ++in_lane_[bucket_of(s)];
    ++unfinished_;
}

void session_order::lane_ends(slot s) noexcept
{
    assert(in_lane_[bucket_of(s)] > 0);
    --in_lane_[bucket_of(s)];
    --unfinished_;
}

void session_order::node_begins() noexcept
{
    assert(node_may_begin());
    node_ = true;
    ++unfinished_;
}

void session_order::node_ends() noexcept
{
    assert(node_);
    node_ = false;
    --unfinished_;
}

}  // namespace mykeyv::server
