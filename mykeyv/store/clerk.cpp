// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/clerk.hpp"

#include "mykeyv/base/limits.hpp"
#include "mykeyv/store/start_up_error.hpp"

#include <unordered_map>
#include <utility>

namespace mykeyv::store {
namespace {

constexpr std::chrono::milliseconds sweep_pause{100};
constexpr std::chrono::milliseconds sweep_pause_behind{2};  // while the list is longer than a page
constexpr std::chrono::milliseconds reconnect_pause{100};
constexpr std::size_t sweep_lines_max = 1000;

}  // namespace

clerk::clerk(environment& env, std::function<lane&(slot)> lane_of)
    : env_{env}, lane_of_{std::move(lane_of)}, queue_{limits::lane_queue_max}
{
    if (!reconnect()) { throw start_up_error{"the clerk cannot connect to MySQL"}; }
    thread_.start("clerk", [this] { run(); });
}

clerk::~clerk()
{
    close();
    join();
}

void clerk::join()
{
    thread_.join([this] { session_.link.interrupt(); });
}

void clerk::submit(task what, unique_function<void(errc)> done)
{
    item work{std::move(what), std::move(done)};
    if (!queue_.push(std::move(work))) { work.done(queue_.closed() ? errc::stopping : errc::overloaded); }
}

void clerk::run()
{
    std::vector<item> items;
    auto pause = sweep_pause;
    for (;;) {
        auto const took = queue_.take(items, pause);
        if (took == work_queue<item>::taken::closed) { return; }
        for (auto& each : items) { run_item(each); }
        pause = sweep_expired() ? sweep_pause_behind : sweep_pause;
    }
}

void clerk::run_item(item& each)
{
    if (!session_.usable() && !reconnect()) { return each.done(errc::cluster_down); }
    auto const failed = each.work(session_);
    if (session_.usable()) { session_.link.rollback(); }  // whatever is to stay has been committed
    if (failed) { env_.to_log.warning("clerk: {}", failed.text); }
    each.done(!failed ? errc::ok : failed.what == failure::kind::lost ? errc::cluster_down : errc::storage_failed);
}

bool clerk::sweep_expired()
{
    if (sweeps_under_way_ > 0) { return true; }
    if (!session_.usable() && !reconnect()) { return false; }
    std::unordered_map<lane*, std::vector<due_line>> by_lane;
    std::size_t lines = 0;
    auto const wanted = sweep_lines_max + lines_not_ours_;
    lines_not_ours_ = 0;
    auto const failed = session_.records->due_expiries(env_.time.now(), wanted, [&](expiry const& line) {
        ++lines;
        if (env_.gates.of(line.slot) != gate::open) { return void(++lines_not_ours_); }
        by_lane[&lane_of_(line.slot)].push_back({line.expires_at, line.slot, std::string{line.k}});
    });
    if (failed) { return false; }
    session_.link.rollback();
    sweeps_under_way_ = static_cast<int>(by_lane.size());
    for (auto& [lane, due] : by_lane) {
        lane->submit(sweep{std::move(due), [this] { --sweeps_under_way_; }});
    }
    return lines == wanted;
}

bool clerk::reconnect()
{
    auto const now = std::chrono::steady_clock::now();
    if (now < reconnect_not_before_) { return false; }
    reconnect_not_before_ = now + reconnect_pause;
    return !env_.mysql.open(session_);
}

}  // namespace mykeyv::store
