// SPDX-License-Identifier: Apache-2.0
// What an operator reads: one line per event, to stderr.
#pragma once

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <string_view>

namespace mykeyv {

enum class log_level { debug, info, warning, error, off };

/// "debug", "info", "warning", "error" or "off"; nothing for another word.
std::optional<log_level> parse_log_level(std::string_view) noexcept;

/// A log that is handed to whoever needs it; there is no global one. Safe from any thread. Lines go to stderr at once.
class log {
public:
    explicit log(log_level lowest = log_level::info);
    ~log();
    log(log const&) = delete;
    log& operator=(log const&) = delete;

    template <class... Args>
    void debug(fmt::format_string<Args...> text, Args&&... args) { write_if(log_level::debug, text, args...); }
    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) { write_if(log_level::info, text, args...); }
    template <class... Args>
    void warning(fmt::format_string<Args...> text, Args&&... args) { write_if(log_level::warning, text, args...); }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) { write_if(log_level::error, text, args...); }

private:
    template <class Text, class... Args>
    void write_if(log_level level, Text const& text, Args const&... args)
    {
        if (level >= lowest_) { write(level, fmt::vformat(text, fmt::make_format_args(args...))); }
    }
    void write(log_level, std::string_view line);

    log_level lowest_;
    struct sink;
    std::unique_ptr<sink> sink_;
};

}  // namespace mykeyv
