// SPDX-License-Identifier: Apache-2.0
// rehash: begins it and watches it; or shows, pauses, resumes or slows what the nodes do.
#include "apps/mykeyv/amount.hpp"
#include "apps/mykeyv/cluster_access.hpp"
#include "apps/mykeyv/rehash_plan.hpp"
#include "apps/mykeyv/rehash_view.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace mykeyv::cli {
namespace {

void show(std::string const& text)
{
    print(text);
    std::fflush(stdout);
}

/// On stdout, unless that belongs to a program.
void say(std::string const& text, output_format output)
{
    if (output == output_format::json) { return complain(text); }
    show(text + '\n');
}

rehash_view::style style_of(output_format output)
{
    if (output == output_format::json) { return rehash_view::style::json; }
    return ::isatty(STDOUT_FILENO) == 1 ? rehash_view::style::bar : rehash_view::style::lines;
}

/// Returns when every slot is where it should be, or upon Ctrl-C.
exit_code rehash(global_options const& globals)
{
    using clock = std::chrono::steady_clock;
    cluster_access cluster{globals};
    boost::asio::io_context context{1};
    mykeyv::client client{context, options_of(globals)};
    rehash_view view{style_of(globals.output), clock::now()};

    boost::asio::cancellation_signal stop_watching;
    boost::asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](error_code ec, int) {
        if (!ec) { stop_watching.emit(boost::asio::cancellation_type::total); }
    });
    error_code outcome;
    auto const on_progress = [&](progress const& so_far) { show(view.on_progress(so_far, clock::now())); };
    auto const on_end = [&](error_code ec) {
        outcome = ec;
        signals.cancel();
    };
    client.async_rehash(on_progress, boost::asio::bind_cancellation_slot(stop_watching.slot(), on_end));
    context.run();

    if (!outcome) {
        show(view.on_done(clock::now()));
        return exit_code::done;
    }
    bool const was_left = is(outcome, errc::cancelled);
    if (was_left || view.begun()) { say(view.on_left(), globals.output); }
    return was_left ? exit_code::cluster_error : cluster.report("rehash", outcome);
}

exit_code show_status(global_options const& globals)
{
    cluster_access cluster{globals};
    auto const status = cluster.status();
    member::departures departed;
    for (auto const& node : status.nodes) {
        departed.slots += node.departed.slots;
        departed.records += node.departed.records;
        departed.bytes += node.departed.bytes;
    }
    if (globals.output == output_format::json) {
        print_json(json_line{{"topology_version", status.version},
                             {"slots_to_move", status.slots_to_move},
                             {"paused", status.paused},
                             {"bytes_per_second_max", status.bytes_per_second},
                             {"departed", {{"slots", departed.slots}, {"records", departed.records}, {"bytes", departed.bytes}}}});
        return exit_code::done;
    }
    auto const limit = status.bytes_per_second == 0
                           ? std::string{"no limit"}
                           : fmt::format("at most {}/s from each node", bytes_text(static_cast<double>(status.bytes_per_second)));
    print(status.slots_to_move == 0 ? "every slot is where it should be\n"
                                    : fmt::format("{} slots have still to move\n", status.slots_to_move));
    print(fmt::format("moved since the nodes started: {} slots, with {} records, {}\nspeed: {}\n", departed.slots, departed.records,
                      bytes_text(static_cast<double>(departed.bytes)), limit));
    if (status.paused) { print("paused: no further slot begins to move; `mykeyv rehash --resume` lets them\n"); }
    return exit_code::done;
}

/// Sends a command that every node hears of, and says `sentence`, or prints `line`.
exit_code tell(std::vector<std::string> words, std::string const& sentence, json_line const& line, global_options const& globals)
{
    cluster_access cluster{globals};
    words.insert(words.begin(), "KV.CLUSTER");
    std::string said;
    auto const answer = cluster.client().command(words, &said);
    if (answer.has_error()) { return cluster.report("rehash", answer.error(), said); }
    if (globals.output == output_format::json) {
        print_json(line);
    } else {
        print(sentence + '\n');
    }
    return exit_code::done;
}

exit_code pause(global_options const& globals)
{
    return tell({"PAUSE"}, "paused: no further slot begins to move; `mykeyv rehash --resume` lets them", {{"paused", true}}, globals);
}

exit_code resume(global_options const& globals) { return tell({"RESUME"}, "resumed", {{"paused", false}}, globals); }

exit_code set_rate(std::string const& text, global_options const& globals)
{
    auto const rate = parse_megabytes(text);
    if (!rate) {
        throw refusal{exit_code::usage, fmt::format("--rate is a number of megabytes per second, such as 20 or 0.5, not '{}'", text)};
    }
    auto const sentence = *rate == 0 ? std::string{"each node sends as fast as it can"}
                                     : fmt::format("each node sends at most {}/s", bytes_text(static_cast<double>(*rate)));
    return tell({"RATE", std::to_string(*rate)}, sentence, {{"bytes_per_second_max", *rate}}, globals);
}

}  // namespace

void add_rehash(CLI::App& app, command& chosen)
{
    struct request {
        bool dry_run = false, pauses = false, resumes = false, status = false;
        std::string rate;
    };
    auto const what = std::make_shared<request>();
    auto* const rehash_app = app.add_subcommand("rehash", "Move slots until each node has its share, and watch it");
    auto* const instead = rehash_app->add_option_group("Instead", "At most one");
    instead->add_flag("--dry-run", what->dry_run, "Show what would move, slots, records and bytes; change nothing");
    instead->add_flag("--status", what->status, "Show how far it is");
    instead->add_flag("--pause", what->pauses, "Let no further slot begin to move, also if nobody watches");
    instead->add_flag("--resume", what->resumes, "Let them move again");
    instead->add_option("--rate", what->rate, "Let each node send at most so many megabytes per second; 0: no limit")
        ->type_name("MB_PER_S");
    instead->require_option(0, 1);
    rehash_app->footer(R"(Moves as few slots as it takes; keys are served all the while. The nodes do the work: Ctrl-C ends the watching,
with exit code 3, and the rehash goes on. To watch it again, run it again.

Examples:
  mykeyv rehash --dry-run
  mykeyv rehash
  mykeyv rehash --rate 20)");
    rehash_app->callback([what, &chosen] {
        chosen = [what](global_options const& globals) {
            if (what->dry_run) { return show_plan(globals); }
            if (what->status) { return show_status(globals); }
            if (what->pauses) { return pause(globals); }
            if (what->resumes) { return resume(globals); }
            return what->rate.empty() ? rehash(globals) : set_rate(what->rate, globals);
        };
    });
}

}  // namespace mykeyv::cli
