// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/encoded.hpp"

#include "mykeyv/base/limits.hpp"

#include <algorithm>
#include <cmath>

namespace mykeyv {
namespace {

// The library would write NaN as null and recurse without bound: a silent change and a broken stack.
errc why_not_exact(nlohmann::json const& value, std::size_t depth_left)
{
    if (value.is_number_float()) { return std::isfinite(value.get<double>()) ? errc::ok : errc::json_not_exact; }
    if (!value.is_structured()) { return errc::ok; }
    if (depth_left == 0) { return errc::json_too_deep; }
    for (auto const& inner : value) {
        if (auto const problem = why_not_exact(inner, depth_left - 1); problem != errc::ok) { return problem; }
    }
    return errc::ok;
}

}  // namespace

void encoded::encode(nlohmann::json const& document)
{
    problem_ = why_not_exact(document, limits::json_depth_max);
    if (problem_ != errc::ok) { return; }
    try {
        text_ = document.dump();
    } catch (nlohmann::json::type_error const&) {
        problem_ = errc::json_not_utf8;
    }
}

namespace detail {

result<nlohmann::json> parse_document(std::string_view text)
{
    auto document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_discarded()) { return make_error_code(errc::not_json); }
    return document;
}

}  // namespace detail
}  // namespace mykeyv
