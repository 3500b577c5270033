// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/impl/pipeline.hpp"

#include <utility>

namespace mykeyv::detail {

bool pipeline::push(ticket who, std::size_t bytes)
{
    if (queued_bytes_ + bytes > queue_bytes_max_) { return false; }
    queued_bytes_ += bytes;
    queue_.push_back({who, bytes});
    return true;
}

std::optional<pipeline::delivery> pipeline::next_delivery()
{
    while (!broken_) {
        auto parsed = parser_.parse(std::string_view{input_}.substr(parsed_));
        parsed_ += parsed.consumed;
        if (parsed.state == resp::progress::need_more) {
            input_.erase(0, std::exchange(parsed_, 0));
            return std::nullopt;
        }
        if (parsed.state == resp::progress::complete && parsed.reply.kind == resp::kind::push) { continue; }
        if (parsed.state == resp::progress::failed || sent_.empty()) {
            broken_ = true;
            return std::nullopt;
        }
        auto& front = sent_.front();
        if (parsed.reply.is_error() && !front.first_error && front.replies_left > 1) { front.first_error = std::move(parsed.reply); }
        if (--front.replies_left > 0) { continue; }
        // The last command is the request; those before it only prepare it. Where it lacked what they should have brought, their
        // error says why. Otherwise it was executed, whatever became of them.
        bool const unprepared = parsed.reply.is_error() && parsed.reply.text()->starts_with("NOSCRIPT");
        delivery made{front.who, unprepared && front.first_error ? std::move(*front.first_error) : std::move(parsed.reply)};
        sent_.pop_front();
        return made;
    }
    return std::nullopt;
}

std::vector<ticket> pipeline::reset()
{
    std::vector<ticket> all;
    for (auto const& each : sent_) { all.push_back(each.who); }
    for (auto const& each : queue_) { all.push_back(each.who); }
    *this = pipeline{queue_bytes_max_};
    return all;
}

}  // namespace mykeyv::detail
