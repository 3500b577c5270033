// SPDX-License-Identifier: Apache-2.0
// bench_micro: how long each piece of work takes, in nanoseconds. Takes Google Benchmark's flags.
#include "bench/micro/work.hpp"

#include <benchmark/benchmark.h>

#include <string>

int main(int count, char** arguments)
{
    for (auto const& piece : mykeyv::bench::pieces()) {
        benchmark::RegisterBenchmark(std::string{piece.name}.c_str(), [&piece](benchmark::State& state) {
            auto const work = piece.make();
            for (auto _ : state) { work(); }
        });
    }
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) { return 2; }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
