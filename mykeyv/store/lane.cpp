// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/lane.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::store {

lane::lane(unsigned index, environment& env, std::unique_ptr<lane_session> session)
    : queue_{limits::lane_queue_max}, core_{index, env, std::move(session), *this}
{
}

lane::~lane()
{
    close();
    join();
}

void lane::start()
{
    thread_.start("lane", [this] { run(); });
}

void lane::join()
{
    thread_.join([this] { core_.interrupt(); });
}

void lane::submit(lane_item work)
{
    if (!queue_.push(std::move(work))) { lane_core::refuse(work, queue_.closed() ? errc::stopping : errc::overloaded); }
}

void lane::run()
{
    using std::chrono::milliseconds;
    std::vector<lane_item> items;
    for (;;) {
        auto const wait = std::chrono::ceil<milliseconds>(core_.idle() - core_.surroundings().time.steady());
        auto const took = queue_.take(items, std::max(wait, milliseconds{0}));
        if (took == work_queue<lane_item>::taken::closed) { break; }
        core_.run_items(items);
    }
    core_.stop(errc::stopping);
}

}  // namespace mykeyv::store
