// SPDX-License-Identifier: Apache-2.0
// What a client says about itself and its connection.
#include "mykeyv/base/number.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/options.hpp"
#include "mykeyv/server/session.hpp"
#include "mykeyv/server/version.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::server::handlers {
namespace {

verdict ok(session& s)
{
    s.reply().simple("OK");
    return verdict::done;
}

constexpr std::string_view no_password_set =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";

/// Names and versions of clients stand in lines of words, so they may not hold blanks or line ends.
bool is_plain_word(std::string_view text) noexcept
{
    return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

/// What HELLO asks for besides the protocol.
struct greeting {
    std::optional<std::string_view> name;
    bool authenticates = false;
};

std::optional<greeting> parse_greeting(arguments options)
{
    greeting g;
    while (!options.empty()) {
        if (is_word(options[0], "AUTH") && options.size() >= 3) {
            g.authenticates = true;
            options = options.subspan(3);
        } else if (is_word(options[0], "SETNAME") && options.size() >= 2) {
            g.name = options[1];
            options = options.subspan(2);
        } else {
            return std::nullopt;
        }
    }
    return g;
}

void write_module(resp::writer to)
{
    to.map(4);
    to.bulk("name");
    to.bulk(json_module);
    to.bulk("ver");
    to.integer(json_module_version);
    to.bulk("path");
    to.bulk("");
    to.bulk("args");
    to.array(0);
}

void write_hello(session& s)
{
    auto to = s.reply();
    to.map(7);
    to.bulk("server");
    to.bulk("redis");
    to.bulk("version");
    to.bulk(redis_version);
    to.bulk("proto");
    to.integer(static_cast<int>(s.version()));
    to.bulk("id");
    to.integer(static_cast<std::int64_t>(s.facts().id));
    to.bulk("mode");
    to.bulk("cluster");
    to.bulk("role");
    to.bulk("master");
    to.bulk("modules");
    to.array(1);
    write_module(to);
}

constexpr std::string_view bad_name = "ERR Client names cannot contain spaces, newlines or special characters.";

}  // namespace

verdict say_ok(session& s, arguments) { return ok(s); }

verdict ping(session& s, arguments a)
{
    if (a.size() > 2) { return s.fail("ERR wrong number of arguments for 'ping' command"); }
    a.size() == 2 ? s.reply().bulk(a[1]) : s.reply().simple("PONG");
    return verdict::done;
}

verdict echo(session& s, arguments a)
{
    s.reply().bulk(a[1]);
    return verdict::done;
}

verdict hello(session& s, arguments a)
{
    auto version = s.version();
    if (a.size() > 1) {
        auto const number = parse_integer(a[1]);
        if (!number) { return s.fail("ERR Protocol version is not an integer or out of range"); }
        if (*number != 2 && *number != 3) { return s.fail("NOPROTO unsupported protocol version"); }
        version = *number == 3 ? resp::protocol::resp3 : resp::protocol::resp2;
    }
    auto const g = parse_greeting(a.size() > 2 ? a.subspan(2) : arguments{});
    if (!g) { return s.fail("ERR Syntax error in HELLO option"); }
    if (g->authenticates) { return s.fail(no_password_set); }
    if (g->name && !is_plain_word(*g->name)) { return s.fail(bad_name); }
    if (g->name) { s.facts().name = *g->name; }
    s.set_version(version);
    write_hello(s);
    return verdict::done;
}

verdict auth(session& s, arguments a)
{
    if (a.size() > 3) { return s.fail("ERR syntax error"); }
    return s.fail(no_password_set);
}

verdict acl_whoami(session& s, arguments)
{
    s.reply().bulk("default");
    return verdict::done;
}

verdict quit(session& s, arguments)
{
    s.close_after_replies();
    return ok(s);
}

verdict reset(session& s, arguments)
{
    s.reset();
    s.reply().simple("RESET");
    return verdict::done;
}

verdict select(session& s, arguments a)
{
    auto const number = parse_integer(a[1]);
    if (!number) { return s.fail("ERR invalid DB index"); }
    return *number == 0 ? ok(s) : s.fail("ERR SELECT is not allowed in cluster mode");
}

/// A browser that was talked into sending an HTTP request here: its headers must not be taken for commands.
verdict cross_protocol(session& s, arguments)
{
    s.node().log.warning("{} sent HTTP instead of commands: closed (cross-protocol attack?)", s.wire().peer().text());
    s.close_after_replies();
    return verdict::done;
}

verdict client_id(session& s, arguments)
{
    s.reply().integer(static_cast<std::int64_t>(s.facts().id));
    return verdict::done;
}

verdict client_getname(session& s, arguments)
{
    s.facts().name.empty() ? s.reply().null() : s.reply().bulk(s.facts().name);
    return verdict::done;
}

verdict client_setname(session& s, arguments a)
{
    if (!is_plain_word(a[2])) { return s.fail(bad_name); }
    s.facts().name = a[2];
    return ok(s);
}

verdict client_setinfo(session& s, arguments a)
{
    if (!is_plain_word(a[3])) { return s.fail("ERR lib-name and lib-ver cannot contain spaces, newlines or special characters."); }
    if (is_word(a[2], "LIB-NAME")) {
        s.facts().library = a[3];
    } else if (is_word(a[2], "LIB-VER")) {
        s.facts().library_version = a[3];
    } else {
        return s.fail(std::string{"ERR Unrecognized option '"}.append(a[2].substr(0, 64)).append("'"));
    }
    return ok(s);
}

verdict client_reply(session& s, arguments a)
{
    return is_word(a[2], "ON") ? ok(s) : s.fail("ERR every command is answered: CLIENT REPLY OFF and SKIP are not supported");
}

/// A switch that switches nothing.
verdict client_on_or_off(session& s, arguments a)
{
    return is_word(a[2], "ON") || is_word(a[2], "OFF") ? ok(s) : s.fail(errc::syntax);
}

verdict module_list(session& s, arguments)
{
    auto to = s.reply();
    to.array(1);
    write_module(to);
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
