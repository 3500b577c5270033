// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/server/pending.hpp"

#include "mykeyv/server/error_replies.hpp"
#include "mykeyv/server/session.hpp"
#include "mykeyv/server/worker.hpp"

#include <algorithm>
#include <numeric>

namespace mykeyv::server {
namespace {

std::size_t total_bytes(std::vector<std::string> const& values)
{
    return std::accumulate(values.begin(), values.end(), std::size_t{0}, [](auto sum, auto const& v) { return sum + v.size(); });
}

}  // namespace

pending::pending(mykeyv::slot slot, std::vector<std::string> keys, store::access access, std::string_view command,
                 resp::protocol version, std::size_t payload_bytes)
    : operation{slot, std::move(keys), access}, payload_bytes_{payload_bytes}, command_{command}, version_{version}
{
}

void pending::bind(std::shared_ptr<session> asker, reply_queue::ticket ticket, bool at_reader) noexcept
{
    asker_ = std::move(asker);
    direct_ = nullptr;
    ticket_ = ticket;
    at_reader_ = at_reader;
}

resp::writer pending::begin_reply()
{
    if (direct_ != nullptr) { return resp::writer{*direct_, version_}; }
    reply_.clear();
    return resp::writer{reply_, version_};
}

void pending::completed(store::operation_ptr self, errc outcome) noexcept
{
    outcome_ = outcome;
    static_cast<void>(self.release());
    asker_->home().thread.send(std::unique_ptr<mail>{this});
}

void pending::delivered(std::unique_ptr<mail>) noexcept
{
    auto const asker = std::move(asker_);
    asker->operation_ended(slot(), at_reader_, payload_bytes_);
    answer(*asker, ticket_, outcome_, std::move(reply_));
    asker->go_on();
}

void pending::answer(session& asker, reply_queue::ticket ticket, errc outcome, std::string&& encoded)
{
    if (outcome != errc::ok) {
        encoded.clear();
        resp::writer{encoded, version_}.error(outcome == errc::moved ? asker.redirection(slot()) : error_text(outcome, command_));
    }
    asker.answer(ticket, std::move(encoded));
}

set_keys_operation::set_keys_operation(mykeyv::slot slot, std::vector<std::string> keys, std::vector<std::string> values,
                                       bool only_if_absent, std::string_view command, resp::protocol version)
    : pending{slot, std::move(keys), only_if_absent ? store::access::write : store::access::blind_write, command, version,
              total_bytes(values)},
      values_{std::move(values)},
      only_if_absent_{only_if_absent}
{
}

void set_keys_operation::decide(std::span<record_view const* const> before, context const& ctx, std::span<change> after)
{
    auto to = begin_reply();
    if (only_if_absent_ && std::any_of(before.begin(), before.end(), [](auto const* record) { return record != nullptr; })) {
        return to.integer(0);
    }
    if (std::any_of(values_.begin(), values_.end(), [&](auto const& v) { return v.size() > ctx.value_bytes_max; })) {
        return to.error(error_text(errc::value_too_long, command()));
    }
    for (std::size_t i = 0; i < values_.size(); ++i) { after[i] = put{values_[i], format::bytes, std::nullopt}; }
    only_if_absent_ ? to.integer(1) : to.simple("OK");
}

}  // namespace mykeyv::server
