// SPDX-License-Identifier: Apache-2.0
// bench_repeat: does one piece of work so many times, for whoever counts instructions from outside. Without arguments it lists them.
#include "bench/micro/work.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** arguments)
{
    auto const all = mykeyv::bench::pieces();
    if (count == 1) {
        for (auto const& piece : all) { std::puts(std::string{piece.name}.c_str()); }
        return 0;
    }
    auto const chosen = std::ranges::find(all, std::string_view{arguments[1]}, &mykeyv::bench::piece::name);
    auto const times = count == 3 ? std::atol(arguments[2]) : 0;
    if (chosen == all.end() || times <= 0) {
        std::fputs("usage: bench_repeat [PIECE TIMES]\n", stderr);
        return 2;
    }
    auto const work = chosen->make();
    for (long i = 0; i < times; ++i) { work(); }
    return 0;
}
