// SPDX-License-Identifier: Apache-2.0
// What a fuzz target is: an entry point that aborts when a property does not hold, and inputs to start from. Built with clang and
// -fsanitize=fuzzer the entry point is libFuzzer's; with any compiler, replay.cpp runs it over the seeds and their mutations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace mykeyv::fuzz {

/// Each target defines its own.
std::span<std::string_view const> seeds();

/// Aborts where a property does not hold, so that the fuzzer keeps the input.
inline void require(bool holds)
{
    if (!holds) { std::abort(); }
}

/// A fuzzer's bytes as text: the first chooses where the input is split, the rest is the input.
struct split_input {
    explicit split_input(std::uint8_t const* data, std::size_t size)
    {
        if (size == 0) { return; }
        whole = std::string_view{reinterpret_cast<char const*>(data) + 1, size - 1};
        piece = 1 + data[0] % 16u;
    }

    std::string_view whole = {};
    std::size_t piece = 1;  // bytes that arrive at once
};

}  // namespace mykeyv::fuzz
