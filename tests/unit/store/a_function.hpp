// SPDX-License-Identifier: Apache-2.0
// An operation made of a function, which notes how it ended.
#pragma once

#include "mykeyv/store/operation.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mykeyv::store::testing {

/// What became of an operation, and what it saw when it was last decided.
struct fate {
    std::optional<errc> outcome;
    std::vector<std::optional<std::string>> saw;
    std::uint64_t version = 0;
    int decisions = 0;
};

class a_function final : public operation {
public:
    using function = std::function<change(record_view const*)>;

    a_function(std::vector<std::string> keys, store::access how, function decide, fate& into)
        : operation{slot_of(keys.front()), std::move(keys), how}, decide_{std::move(decide)}, fate_{into}
    {
    }

    void decide(std::span<record_view const* const> before, context const& known, std::span<change> after) override
    {
        ++fate_.decisions;
        fate_.version = known.version;
        fate_.saw.clear();
        for (std::size_t i = 0; i < before.size(); ++i) {
            fate_.saw.push_back(before[i] != nullptr ? std::optional<std::string>{before[i]->value} : std::nullopt);
            after[i] = decide_(before[i]);
        }
    }

    void completed(operation_ptr, errc outcome) noexcept override { fate_.outcome = outcome; }

private:
    function decide_;
    fate& fate_;
};

inline operation_ptr set(std::string key, std::string value, fate& into, std::optional<unix_ms> expires_at = {})
{
    return std::make_unique<a_function>(std::vector{std::move(key)}, access::blind_write,
                                        [=](record_view const*) { return put{value, format::bytes, expires_at}; }, into);
}

inline operation_ptr append(std::string key, std::string tail, fate& into)
{
    auto const longer = [=](record_view const* before) {
        return put{(before != nullptr ? std::string{before->value} : "") + tail, format::bytes, {}};
    };
    return std::make_unique<a_function>(std::vector{std::move(key)}, access::write, longer, into);
}

inline operation_ptr remove(std::string key, fate& into)
{
    auto const gone = [](record_view const* before) { return before != nullptr ? change{erase{}} : change{keep{}}; };
    return std::make_unique<a_function>(std::vector{std::move(key)}, access::write, gone, into);
}

inline operation_ptr read(std::vector<std::string> keys, fate& into)
{
    return std::make_unique<a_function>(std::move(keys), access::read, [](record_view const*) { return keep{}; }, into);
}

inline operation_ptr refused_set(std::string key, fate& into)
{
    return std::make_unique<a_function>(std::vector{std::move(key)}, access::blind_write, [](record_view const*) { return keep{}; }, into);
}

}  // namespace mykeyv::store::testing
