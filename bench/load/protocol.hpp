// SPDX-License-Identifier: Apache-2.0
// How the servers are spoken to that one thread can serve many connections of: what is sent, where a reply ends, whether it is right.
#pragma once

#include "work.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mykeyv::bench {

class protocol {
public:
    virtual ~protocol() = default;

    /// Sent once on each connection, and how many replies that has.
    struct opening {
        std::string bytes;
        std::size_t replies = 0;
    };
    virtual opening open() const { return {}; }

    /// Appends the command for the `i`th key (or group of keys); `number` differs from command to command.
    virtual void encode(std::string& to, std::uint64_t i, std::uint64_t number) const = 0;
    /// Bytes of the first reply in `in`; 0: it is not whole.
    virtual std::size_t reply_bytes(std::string_view in) const = 0;
    /// Whether that is the reply to the command for the `i`th key.
    virtual bool is_right(std::string_view reply, std::uint64_t i) const = 0;
};

/// resp, memcached or handlersocket; throws std::invalid_argument for what they cannot do.
std::unique_ptr<protocol> make_protocol(work const&);

}  // namespace mykeyv::bench
