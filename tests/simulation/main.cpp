// SPDX-License-Identifier: Apache-2.0
// simulate: histories of a cluster from seeds, each checked; and whether faults that are put in on purpose are found.
#include "mykeyv/cluster/mutants.hpp"
#include "tests/simulation/run.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace mykeyv;
using simulation::report;

struct totals {
    std::uint64_t seeds = 0;
    report sum;

    void add(report const& one)
    {
        ++seeds;
        sum.operations += one.operations;
        sum.unknown += one.unknown;
        sum.events += one.events;
        for (auto const& [what, times] : one.seen) { sum.seen[what] += times; }
    }
};

/// Runs seeds until one breaks a promise; that one.
std::optional<std::uint64_t> run_seeds(std::uint64_t first, std::uint64_t count, simulation::weather how, totals& all)
{
    for (auto seed = first; seed < first + count; ++seed) {
        auto const one = simulation::run(seed, how, false);
        all.add(one);
        if (one.violated) {
            fmt::print("seed {}: {}\n", seed, *one.violated);
            return seed;
        }
    }
    return std::nullopt;
}

int check(std::uint64_t first, std::uint64_t count, simulation::weather how)
{
    auto const begin = std::chrono::steady_clock::now();
    totals all;
    auto const failed = run_seeds(first, count, how, all);
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (auto const& [what, times] : all.sum.seen) { fmt::print("{:>12}  {}\n", times, what); }
    fmt::print("{} seeds from {} on, {:.0f} a second; {} operations checked, {} of unknown outcome, {} events\n", all.seeds, first,
               static_cast<double>(all.seeds) / seconds, all.sum.operations, all.sum.unknown, all.sum.events);
    if (!failed) { return 0; }
    fmt::print("seed {} breaks a promise. Its history:\n", *failed);
    simulation::run(*failed, how, true);
    fmt::print("again: simulate{} --first {} --seeds 1\n", how == simulation::weather::members ? " --members" : "", *failed);
    return 1;
}

/// Each fault must be found within `count` seeds.
int check_mutants(std::uint64_t first, std::uint64_t count, std::string const& only)
{
    int survived = 0;
    int found = 0;
    for (auto const& [name, which] : cluster::mutant_names) {
        if (!only.empty() && only != name) { continue; }
        cluster::chosen_mutant = which;
        totals all;
        fmt::print("{}: ", name);
        auto const is_of_membership = which >= cluster::first_of_membership;
        if (run_seeds(first, count, is_of_membership ? simulation::weather::members : simulation::weather::rough, all)) {
            ++found;
        } else {
            fmt::print("NOT FOUND in {} seeds\n", count);
            ++survived;
        }
    }
    cluster::chosen_mutant = cluster::mutants::none;
    fmt::print("{} passed, {} failed\n", found, survived);
    return survived == 0 && found > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words)
{
    CLI::App app{"Simulates a cluster whose slots move while everything goes wrong, and checks every promise"};
    std::optional<std::uint64_t> seeds;
    std::uint64_t first = std::random_device{}();
    std::string mutant;
    app.add_option("--seeds", seeds, "histories to run [1000]; with --mutants: for each at most [20000], as some take thousands");
    app.add_option("--first", first, "the first seed; a random one unless given");
    bool members = false, mutants = false;
    app.add_flag("--members", members, "only histories in which nodes join and leave; without it one in eight");
    auto* const all = app.add_flag("--mutants", mutants, "show that each fault that is put in on purpose is found");
    std::vector<std::string> names;
    for (auto const& [name, which] : cluster::mutant_names) { names.emplace_back(name); }
    app.add_option("--mutant", mutant, "with --mutants: only this one")->check(CLI::IsMember(names))->needs(all);
    CLI11_PARSE(app, count, words);
    if (mutants) { return check_mutants(first, seeds.value_or(20'000), mutant); }
    return check(first, seeds.value_or(1'000), members ? simulation::weather::members : simulation::weather::any);
}
