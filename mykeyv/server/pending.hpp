// SPDX-License-Identifier: Apache-2.0
// Operations of the store on behalf of a session: a record function, and the reply that it encodes.
#pragma once

#include "mykeyv/async/mailbox.hpp"
#include "mykeyv/base/limits.hpp"
#include "mykeyv/record/decide.hpp"
#include "mykeyv/resp/writer.hpp"
#include "mykeyv/server/encode.hpp"
#include "mykeyv/server/reply_queue.hpp"
#include "mykeyv/store/operation.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mykeyv::server {

class session;

/// Decided on a thread of the store, or on the session's own when the cache answers; ends as a letter to the session's thread.
class pending : public store::operation, public async::mail {
public:
    /// Before it is handed to the store: whom to answer, where in the order.
    void bind(std::shared_ptr<session> asker, reply_queue::ticket, bool at_reader) noexcept;
    /// For a read that the cache may answer: the reply goes to the end of `out`. Until unset, decide() is called once at most.
    void answer_into(std::string* out) noexcept { direct_ = out; }

    std::size_t payload_bytes() const noexcept final { return payload_bytes_; }
    std::size_t reply_bytes() const noexcept final { return reply_.size(); }
    void completed(store::operation_ptr self, errc outcome) noexcept final;
    void delivered(std::unique_ptr<mail> self) noexcept final;

protected:
    /// `command` is the lower-case name, valid for ever.
    pending(mykeyv::slot, std::vector<std::string> keys, store::access, std::string_view command, resp::protocol,
            std::size_t payload_bytes);
    void set_version(resp::protocol version) noexcept { version_ = version; }

    std::string_view command() const noexcept { return command_; }
    resp::protocol version() const noexcept { return version_; }
    /// Where decide() writes the reply, which it begins anew each time.
    resp::writer begin_reply();
    /// The end, on the session's thread: passes the reply on.
    virtual void answer(session&, reply_queue::ticket, errc outcome, std::string&& encoded);

private:
    std::shared_ptr<session> asker_;
    std::string* direct_ = nullptr;
    std::string reply_;
    reply_queue::ticket ticket_ = 0;
    std::size_t payload_bytes_;
    std::string_view command_;
    resp::protocol version_;
    errc outcome_ = errc::ok;
    bool at_reader_ = false;
};

template <operation Op>
store::access access_of(Op const& op) noexcept
{
    if constexpr (read_only<Op>) { return store::access::read; }
    return needs_before(op) ? store::access::write : store::access::blind_write;
}

/// Bytes that an operation brings along.
template <operation Op>
std::size_t payload_of(Op const& op) noexcept
{
    if constexpr (requires { op.value.size(); }) { return op.value.size(); }
    if constexpr (requires { op.document.size(); }) { return op.document.size(); }
    return 0;
}

inline std::vector<std::string> only_key(std::string_view key)
{
    std::vector<std::string> keys;
    keys.emplace_back(key);
    return keys;
}

/// One key, one record function.
template <operation Op>
class key_operation final : public pending {
public:
    key_operation(mykeyv::slot slot, std::string_view key, Op op, std::string_view command, resp::protocol version)
        : pending{slot, only_key(key), access_of(op), command, version, payload_of(op)}, op_{std::move(op)}
    {
    }

    void decide(std::span<record_view const* const> before, context const& ctx, std::span<change> after) override
    {
        auto decided = op_(before[0], ctx);
        encode(decided.reply, begin_reply(), command());
        after[0] = std::move(decided.change);
    }

private:
    Op op_;
};

/// A read of one key that is tried on the cache, and never submitted; used again and again, so that a hit allocates nothing.
template <operation Op>
    requires read_only<Op>
class cache_probe final : public pending {
public:
    explicit cache_probe(std::string_view command)
        : pending{mykeyv::slot{}, only_key(""), store::access::read, command, resp::protocol::resp2, 0}
    {
    }
    void aim(mykeyv::slot slot, std::string_view key, resp::protocol version)
    {
        aim_at(slot, key);
        set_version(version);
    }
    void decide(std::span<record_view const* const> before, context const& ctx, std::span<change>) override
    {
        encode(Op{}(before[0], ctx).reply, begin_reply(), command());
    }
};

/// What the replies for many keys come to.
enum class combine_replies {
    list,  ///< an array of them
    sum,   ///< their sum; they are numbers
};

/// Many keys of one slot, the same record function for each.
template <operation Op>
class keys_operation final : public pending {
public:
    keys_operation(mykeyv::slot slot, std::vector<std::string> keys, Op op, combine_replies how, std::string_view command,
                   resp::protocol version)
        : pending{slot, std::move(keys), access_of(op), command, version, payload_of(op)}, op_{std::move(op)}, how_{how}
    {
    }

    void decide(std::span<record_view const* const> before, context const& ctx, std::span<change> after) override
    {
        auto to = begin_reply();
        if (how_ == combine_replies::list) {
            if (is_too_long(before)) { return to.error("ERR the values together are longer than a reply may be"); }
            to.array(before.size());
        }
        std::int64_t total = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            auto decided = op_(before[i], ctx);
            after[i] = std::move(decided.change);
            if (how_ == combine_replies::list) {
                encode(decided.reply, to, command());
            } else {
                total += std::get<std::int64_t>(decided.reply.value);
            }
        }
        if (how_ == combine_replies::sum) { to.integer(total); }
    }

private:
    /// A key may be named a million times; a longer reply would only get the connection closed.
    static bool is_too_long(std::span<record_view const* const> before) noexcept
    {
        std::size_t bytes = 0;
        for (auto const* const record : before) { bytes += record != nullptr ? record->value.size() : 0; }
        return bytes > limits::output_close_bytes;
    }

    Op op_;
    combine_replies how_;
};

/// MSET and MSETNX: a value for each key.
class set_keys_operation final : public pending {
public:
    /// `keys` are distinct. `only_if_absent`: all or none, the reply is 1 or 0; else it is OK.
    set_keys_operation(mykeyv::slot, std::vector<std::string> keys, std::vector<std::string> values, bool only_if_absent,
                       std::string_view command, resp::protocol);
    void decide(std::span<record_view const* const> before, context const&, std::span<change> after) override;

private:
    std::vector<std::string> values_;
    bool only_if_absent_;
};

}  // namespace mykeyv::server
