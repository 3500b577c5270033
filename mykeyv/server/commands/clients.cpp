// SPDX-License-Identifier: Apache-2.0
// CLIENT LIST, INFO and KILL: sessions of every I/O thread, each asked on its own.
#include "mykeyv/base/number.hpp"
#include "mykeyv/server/handlers.hpp"
#include "mykeyv/server/later_reply.hpp"
#include "mykeyv/server/node_state.hpp"
#include "mykeyv/server/options.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::server::handlers {
namespace {

/// Goes from worker to worker; each adds to it on its own thread. The last one answers.
struct round_trip {
    later_reply reply;
    std::string text;
    std::int64_t killed = 0;
};

void visit_workers(node_state& node, std::size_t index, std::shared_ptr<round_trip> trip,
                   std::shared_ptr<unique_function<void(worker&, round_trip&)>> visit, unique_function<void(round_trip&)> done)
{
    if (index == node.workers.size()) { return done(*trip); }
    auto& at = *node.workers[index];
    at.thread.post([&node, &at, index, trip = std::move(trip), visit = std::move(visit), done = std::move(done)]() mutable {
        (*visit)(at, *trip);
        visit_workers(node, index + 1, std::move(trip), std::move(visit), std::move(done));
    });
}

void ask_workers(session& s, unique_function<void(worker&, round_trip&)> visit, unique_function<void(round_trip&)> done)
{
    auto trip = std::make_shared<round_trip>(round_trip{later_reply{s, later_reply::scope::some_keys}, {}, 0});
    auto shared = std::make_shared<unique_function<void(worker&, round_trip&)>>(std::move(visit));
    visit_workers(s.node(), 0, std::move(trip), std::move(shared), std::move(done));
}

/// Whom CLIENT KILL means. All that is given must fit.
struct kill_filter {
    std::optional<std::uint64_t> id;
    std::string address;
    std::string local_address;
    bool not_me = true;
    bool old_form = false;  // one address, and it must be there
    std::uint64_t me = 0;

    bool fits(session& s) const
    {
        if (id && s.facts().id != *id) { return false; }
        if (!address.empty() && s.wire().peer().text() != address) { return false; }
        if (!local_address.empty() && s.wire().local().text() != local_address) { return false; }
        return !(not_me && s.facts().id == me);
    }
};

std::optional<kill_filter> parse_kill(arguments options)
{
    kill_filter filter;
    if (options.size() == 1) {
        filter.address = options[0];
        filter.old_form = true;
        filter.not_me = false;
        return filter;
    }
    if (options.size() % 2 != 0) { return std::nullopt; }
    for (std::size_t i = 0; i < options.size(); i += 2) {
        auto const value = options[i + 1];
        if (is_word(options[i], "ID")) {
            filter.id = parse_unsigned(value);
            if (!filter.id) { return std::nullopt; }
        } else if (is_word(options[i], "ADDR")) {
            filter.address = value;
        } else if (is_word(options[i], "LADDR")) {
            filter.local_address = value;
        } else if (is_word(options[i], "SKIPME") && (is_word(value, "YES") || is_word(value, "NO"))) {
            filter.not_me = is_word(value, "YES");
        } else {
            return std::nullopt;
        }
    }
    return filter;
}

void kill(worker& at, round_trip& trip, kill_filter const& filter)
{
    std::vector<session*> meant;
    for (auto const& [id, each] : at.sessions) {
        if (filter.fits(*each)) { meant.push_back(each); }
    }
    for (auto* const each : meant) {
        ++trip.killed;
        each->facts().id == filter.me ? each->drain() : each->cut();  // whoever kills itself is answered first
    }
}

}  // namespace

verdict client_info(session& s, arguments)
{
    s.reply().verbatim("txt", s.description() + "\n");
    return verdict::done;
}

verdict client_list(session& s, arguments a)
{
    if (a.size() > 2) { return s.fail(errc::syntax); }
    ask_workers(
        s,
        [](worker& at, round_trip& trip) {
            for (auto const& [id, each] : at.sessions) { trip.text.append(each->description()).append("\n"); }
        },
        [](round_trip& trip) {
            std::string encoded;
            resp::writer{encoded, trip.reply.version()}.verbatim("txt", trip.text);
            trip.reply.send(std::move(encoded));
        });
    return verdict::done;
}

verdict client_kill(session& s, arguments a)
{
    auto filter = parse_kill(a.subspan(2));
    if (!filter) { return s.fail(errc::syntax); }
    filter->me = s.facts().id;
    auto const old_form = filter->old_form;
    ask_workers(
        s, [filter = std::move(*filter)](worker& at, round_trip& trip) { kill(at, trip, filter); },
        [old_form](round_trip& trip) {
            std::string encoded;
            resp::writer to{encoded, trip.reply.version()};
            if (!old_form) {
                to.integer(trip.killed);
            } else {
                trip.killed > 0 ? to.simple("OK") : to.error("ERR No such client");
            }
            trip.reply.send(std::move(encoded));
        });
    return verdict::done;
}

}  // namespace mykeyv::server::handlers
