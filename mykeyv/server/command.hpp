// SPDX-License-Identifier: Apache-2.0
// A command, as a row of the one table of commands.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mykeyv::server {

class session;

/// The words of a command as sent; [0] is its name. Borrowed: valid until the handler returns.
using arguments = std::span<std::string_view const>;

/// What became of a command.
enum class verdict : std::uint8_t {
    done,  ///< answered, or its reply has a place in the queue
    wait,  ///< not begun: something of this session must end first; the same words come again then
};

using handler = verdict (*)(session&, arguments);

/// What clients learn about a command from COMMAND; the bits are ours, the words Redis's.
enum command_flag : std::uint16_t {
    flag_write = 1 << 0,
    flag_readonly = 1 << 1,
    flag_admin = 1 << 2,
    flag_fast = 1 << 3,
    flag_movablekeys = 1 << 4,  ///< the keys stand behind a count of them: COMMAND GETKEYS finds them
    flag_container = 1 << 5,    ///< the second word decides: rows "name|second"
    flag_hidden = 1 << 6,       ///< not for clients to see
};

struct command {
    std::string_view name;  ///< lower case; "cluster|slots" for a second word
    int arity;              ///< words, the name counted; negative: at least so many
    unsigned flags;
    int first_key;          ///< position of the first key; 0: no keys
    int last_key;           ///< negative: counted from the end
    int key_step;
    server::handler handler;
    std::string_view group;
    std::string_view summary;

    bool has(command_flag flag) const noexcept { return (flags & flag) != 0; }
};

}  // namespace mykeyv::server
