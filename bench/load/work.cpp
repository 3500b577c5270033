// SPDX-License-Identifier: Apache-2.0
#include "work.hpp"

#include "mykeyv/base/slot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace mykeyv::bench {
namespace {

double zeta(std::uint64_t count, double exponent)
{
    double sum = 0;
    for (std::uint64_t i = 1; i <= count; ++i) { sum += std::pow(1 / static_cast<double>(i), exponent); }
    return sum;
}

/// Another number below `count` for each, by a walk through a cycle of a power of two.
std::uint64_t scattered(std::uint64_t rank, std::uint64_t count)
{
    std::uint64_t mask = 1;
    while (mask < count) { mask <<= 1; }
    mask -= 1;
    do { rank = (rank * 0x5851f42d4c957f2d + 0x14057b7ef767814f) & mask; } while (rank >= count);
    return rank;
}

}  // namespace

std::string key_of(std::string_view prefix, std::uint64_t i)
{
    std::string key;
    key.reserve(prefix.size() + 12);
    key.append(prefix).append(12, '0');
    for (auto at = key.size(); i > 0; i /= 10) { key[--at] = static_cast<char>('0' + i % 10); }
    return key;
}

std::vector<std::uint32_t> in_order_of_slots(std::string_view prefix, std::uint64_t count)
{
    std::vector<std::vector<std::uint32_t>> by_slot(slot::count);
    for (std::uint64_t i = 0; i < count; ++i) { by_slot[slot_of(key_of(prefix, i)).number()].push_back(static_cast<std::uint32_t>(i)); }
    std::vector<std::uint32_t> order;
    order.reserve(count);
    for (auto const& those : by_slot) { order.insert(order.end(), those.begin(), those.end()); }
    return order;
}

std::string grouped_key_of(std::string_view prefix, std::uint64_t i)
{
    auto const within = i % mget_keys;
    auto key = "{" + key_of(prefix, i / mget_keys) + "}:";
    key += static_cast<char>('0' + within / 10);
    key += static_cast<char>('0' + within % 10);
    return key;
}

std::string value_of(std::string_view key, std::size_t bytes)
{
    std::string value{key};
    value += ':';
    value.resize(bytes, 'v');
    return value;
}

std::string value_number(std::uint64_t number, std::size_t bytes)
{
    auto value = key_of("", number % 1'000'000'000'000);
    value.resize(bytes, 'w');
    return value;
}

std::string document_of(std::uint64_t n, std::size_t bytes)
{
    auto text = fmt::format(R"({{"n":{},"band":"grateful dead","notes":""}})", n);
    if (text.size() < bytes) { text.insert(text.size() - 2, bytes - text.size(), 'd'); }
    return text;
}

key_choice::key_choice(std::uint64_t count, double exponent, std::uint64_t seed) : count_{count}, exponent_{exponent}, random_{seed}
{
    if (exponent_ > 0) {
        zeta_ = zeta(count_, exponent_);
        alpha_ = 1 / (1 - exponent_);
        eta_ = (1 - std::pow(2 / static_cast<double>(count_), 1 - exponent_)) / (1 - zeta(2, exponent_) / zeta_);
    }
}

std::uint64_t key_choice::next()
{
    if (exponent_ <= 0) { return random_() % count_; }
    auto const chance = static_cast<double>(random_() >> 11) * 0x1p-53;
    auto const share = chance * zeta_;
    std::uint64_t rank = 0;
    if (share >= 1 + std::pow(0.5, exponent_)) {
        rank = static_cast<std::uint64_t>(static_cast<double>(count_) * std::pow(eta_ * chance - eta_ + 1, alpha_));
    } else if (share >= 1) {
        rank = 1;
    }
    return scattered(std::min(rank, count_ - 1), count_);
}

period::period(steady::time_point begin, double seconds)
    : begin_{begin}, end_{begin + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{seconds})}
{}

bool period::counts_answer_at(steady::time_point now)
{
    if (!std::exchange(is_answered_, true)) { end_ = std::max(end_, now); }
    return now <= end_;
}

double period::seconds_until(steady::time_point now) const
{
    return std::chrono::duration<double>(std::min(now, end_) - begin_).count();
}

void figures::add(figures&& other)
{
    seconds = std::max(seconds, other.seconds);
    operations += other.operations;
    completed += other.completed;
    wrong += other.wrong;
    errors += other.errors;
    if (!other.last_error.empty()) { last_error = other.last_error; }
    latencies_ns.insert(latencies_ns.end(), other.latencies_ns.begin(), other.latencies_ns.end());
}

std::string figures::text()
{
    std::ranges::sort(latencies_ns);
    auto const at = [&](double share) {
        if (latencies_ns.empty()) { return 0.0; }
        return latencies_ns[static_cast<std::size_t>(share * static_cast<double>(latencies_ns.size() - 1))] / 1e3;
    };
    std::ranges::replace_if(last_error, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; }, '\'');
    auto const rate = seconds > 0 ? static_cast<double>(operations) / seconds : 0;
    return fmt::format(R"({{"seconds": {:.4f}, "operations": {}, "completed": {}, "per_second": {:.1f}, "p50_us": {:.1f}, )"
                       R"("p99_us": {:.1f}, "p999_us": {:.1f}, "max_us": {:.1f}, "wrong": {}, "errors": {}, "last_error": "{}"}})",
                       seconds, operations, completed, rate, at(0.5), at(0.99), at(0.999), at(1), wrong, errors, last_error);
}

}  // namespace mykeyv::bench
