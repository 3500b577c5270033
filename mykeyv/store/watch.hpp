// SPDX-License-Identifier: Apache-2.0
// The watch: renews the lease while the fence holds, and looks after MySQL's settings.
#pragma once

#include "mykeyv/store/environment.hpp"
#include "mykeyv/store/work_queue.hpp"

#include <thread>

namespace mykeyv::store {

class watch {
public:
    /// Renews once before it returns; throws start_up_error. `unsafe_is_allowed`: unsafe settings are logged, not acted on.
    watch(environment&, bool unsafe_is_allowed);
    ~watch();
    watch(watch const&) = delete;
    watch& operator=(watch const&) = delete;

    /// Ends the lease and the thread.
    void stop();

private:
    void run();
    failure renew();
    void check_settings();

    environment& env_;
    bool const unsafe_is_allowed_;
    session session_;
    work_queue<int> stop_;  // closed to stop; never filled
    std::thread thread_;
};

}  // namespace mykeyv::store
