// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/dialect.hpp"

#include <charconv>

namespace mykeyv::store {
namespace {

/// Takes a number and the dot behind it off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text) noexcept
{
    unsigned number = 0;
    auto const [stopped, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) { return std::nullopt; }
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    if (text.starts_with('.')) { text.remove_prefix(1); }
    return number;
}

}  // namespace

std::optional<dialect> dialect::parse(std::string_view text) noexcept
{
    dialect found;
    if (text.find("MariaDB") != text.npos) { found.made_by = product::mariadb; }
    // Old clients were kept happy by a prefix that some proxies still send.
    if (found.mariadb() && text.starts_with("5.5.5-")) { text.remove_prefix(6); }
    auto const major = take_number(text);
    auto const minor = take_number(text);
    auto const patch = take_number(text);
    if (!major || !minor || !patch) { return std::nullopt; }
    found.version = {*major, *minor, *patch};
    return found;
}

bool dialect::supported() const noexcept { return version >= (mariadb() ? release{10, 5, 0} : release{5, 6, 0}); }

std::string dialect::text() const
{
    return std::string{mariadb() ? "MariaDB " : "MySQL "} + std::to_string(version.major) + '.' + std::to_string(version.minor) + '.' +
           std::to_string(version.patch);
}

}  // namespace mykeyv::store
