// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <utility>

namespace mykeyv {
namespace {

constexpr std::array<std::pair<std::string_view, log_level>, 5> level_names{{
    {"debug", log_level::debug}, {"info", log_level::info}, {"warning", log_level::warning},
    {"error", log_level::error}, {"off", log_level::off},
}};

spdlog::level::level_enum spdlog_level(log_level level) noexcept
{
    switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
    case log_level::off: break;
    }
    return spdlog::level::off;
}

}  // namespace

struct log::sink {
    spdlog::logger logger{"mykeyv", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

std::optional<log_level> parse_log_level(std::string_view name) noexcept
{
    for (auto const& [known, level] : level_names) {
        if (known == name) { return level; }
    }
    return std::nullopt;
}

log::log(log_level lowest) : lowest_{lowest}, sink_{std::make_unique<sink>()}
{
    sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    sink_->logger.set_level(spdlog_level(lowest));
    sink_->logger.flush_on(spdlog::level::debug);
}

log::~log() = default;

void log::write(log_level level, std::string_view line)
{
    sink_->logger.log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace mykeyv
