// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/environment.hpp"

#include <ctime>

namespace mykeyv::store {

serving_lease::clock_ms serving_lease::now() noexcept
{
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return clock_ms{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

connector::connector(server_settings settings, tenure held, log& to, unique_function<void()> on_fenced)
    : settings_{std::move(settings)}, held_{held}, log_{to}, on_fenced_{std::move(on_fenced)}
{
}

failure connector::open(session& opened)
{
    opened.records.reset();
    if (auto failed = opened.link.open(settings_)) { return failed; }
    if (auto failed = check(opened.link)) { return failed; }
    opened.records.emplace(opened.link);
    return {};
}

failure connector::check(connection& link)
{
    auto failed = verify(link, held_.epoch);
    if (failed.what == failure::kind::fenced) {
        std::call_once(fenced_once_, [&] {
            log_.error("another daemon has taken over the database '{}' at {} (epoch {} is over): this one serves no more",
                       settings_.database, settings_.where(), held_.epoch);
            if (on_fenced_) { on_fenced_(); }
        });
    }
    return failed;
}

}  // namespace mykeyv::store
