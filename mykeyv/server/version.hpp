// SPDX-License-Identifier: Apache-2.0
// What this is, and what it passes for.
#pragma once

#include <string_view>

namespace mykeyv::server {

inline constexpr std::string_view mykeyv_version = "0.1.0";
/// The Redis whose commands, replies and errors are spoken. Clients choose what they dare to send by it.
inline constexpr std::string_view redis_version = "7.0.15";
/// What RedisInsight and others look for before they show documents.
inline constexpr std::string_view json_module = "ReJSON";
inline constexpr int json_module_version = 20606;

}  // namespace mykeyv::server
