// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/watch.hpp"

#include "mykeyv/base/thread_name.hpp"
#include "mykeyv/store/mysql/durability.hpp"
#include "mykeyv/store/start_up_error.hpp"

namespace mykeyv::store {
namespace {

constexpr std::chrono::milliseconds renew_every{500};
constexpr int renewals_per_settings_check = 60;  // 30 seconds
static_assert(renew_every * 3 < lease_length, "a lease must outlast two missed renewals");

}  // namespace

watch::watch(environment& env, bool unsafe_is_allowed) : env_{env}, unsafe_is_allowed_{unsafe_is_allowed}, stop_{0}
{
    if (auto failed = renew()) { throw start_up_error{failed.text}; }
    thread_ = std::thread{[this] {
        name_this_thread("watch");
        run();
    }};
}

watch::~watch() { stop(); }

void watch::stop()
{
    stop_.close();
    if (thread_.joinable()) { thread_.join(); }
    env_.lease.end();
}

void watch::run()
{
    std::vector<int> none;
    for (int round = 1; stop_.take(none, renew_every) != work_queue<int>::taken::closed; ++round) {
        if (renew()) { continue; }  // the lease runs out by itself; reads then go to MySQL
        if (round % renewals_per_settings_check == 0) { check_settings(); }
    }
}

failure watch::renew()
{
    auto const asked_at = serving_lease::now();
    auto failed = session_.usable() ? env_.mysql.check(session_.link) : env_.mysql.open(session_);
    if (!failed) { env_.lease.renew(asked_at); }
    return failed;
}

void watch::check_settings()
{
    std::vector<finding> findings;
    if (check_durability(session_.link, env_.value_bytes_max, findings)) { return; }
    session_.link.rollback();
    bool const safe = findings.empty();
    if (!safe) {
        env_.to_log.error("MySQL's settings were changed: {}; {}", describe(findings),
                          unsafe_is_allowed_ ? "acknowledged writes may be lost" : "writes are refused until they are safe again");
    }
    if (safe && !env_.writes_are_safe) { env_.to_log.info("MySQL's settings are safe again"); }
    env_.writes_are_safe = safe || unsafe_is_allowed_;
}

}  // namespace mykeyv::store
