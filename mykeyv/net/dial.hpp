// SPDX-License-Identifier: Apache-2.0
// Connects to another node.
#pragma once

#include "mykeyv/async/io_thread.hpp"
#include "mykeyv/base/endpoint.hpp"
#include "mykeyv/base/unique_function.hpp"
#include "mykeyv/net/connection.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace mykeyv::net {

/// To be called on `thread`, where `done` is called once: with a connection that is not started, or with none and a sentence why.
/// Names are looked up on that thread's resolver; `patience` bounds it all.
void dial(async::io_thread& thread, endpoint const& where, std::chrono::milliseconds patience,
          unique_function<void(std::shared_ptr<connection>, std::string why)> done);

}  // namespace mykeyv::net
