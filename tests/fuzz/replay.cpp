// SPDX-License-Identifier: Apache-2.0
// A bounded, repeatable run of one fuzz target without libFuzzer: every seed, every prefix of it, and a fixed number of mutations.
// Arguments: files to run instead, such as the crash that a fuzzer kept.
#include "tests/fuzz/fuzz.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace {

constexpr int mutations_per_seed = 20'000;
constexpr std::string_view telling_bytes = "*$:+-%~>|=!,#_(?0123456789\r\n\"'\\x \xff";

void run(std::string const& input) { LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(input.data()), input.size()); }

/// Changes, drops, doubles or inserts a few bytes.
std::string mutated(std::string input, std::mt19937& random)
{
    auto const below = [&random](std::size_t bound) { return random() % bound; };
    for (auto changes = 1 + below(4); changes > 0 && !input.empty(); --changes) {
        auto const at = below(input.size());
        char const byte = telling_bytes[below(telling_bytes.size())];
        switch (below(4)) {
        case 0: input[at] = byte; break;
        case 1: input.erase(at, 1 + below(4)); break;
        case 2: input.insert(at, input.substr(at, 1 + below(16))); break;
        default: input.insert(at, 1, byte); break;
        }
    }
    return input;
}

void run_seed(std::string_view seed, std::mt19937& random)
{
    for (int piece = 0; piece < 16; ++piece) {
        std::string const input = static_cast<char>(piece) + std::string{seed};
        for (std::size_t length = 0; length <= input.size(); ++length) { run(input.substr(0, length)); }
    }
    for (int round = 0; round < mutations_per_seed; ++round) { run(mutated(static_cast<char>(round) + std::string{seed}, random)); }
}

}  // namespace

int main(int argc, char** argv)
{
    for (int i = 1; i < argc; ++i) {
        std::ifstream file{argv[i], std::ios::binary};
        if (!file) { return std::fprintf(stderr, "cannot read %s\n", argv[i]), 2; }
        run({std::istreambuf_iterator<char>{file}, {}});
    }
    if (argc > 1) { return 0; }
    std::mt19937 random{6958};  // the same run every time
    auto const seeds = mykeyv::fuzz::seeds();
    for (auto const seed : seeds) { run_seed(seed, random); }
    std::printf("%zu seeds with %d mutations each: every property held\n", seeds.size(), mutations_per_seed);
    return seeds.empty() ? 1 : 0;
}
