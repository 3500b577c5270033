// SPDX-License-Identifier: Apache-2.0
// A cluster of three nodes for all tests of this program, and the programs that stand beside it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace mykeyv::test {

/// `mykeyv playground` on free ports. Started by the first who asks, stopped at the end.
class playground {
public:
    static playground& running();

    playground();
    ~playground();
    playground(playground const&) = delete;
    playground& operator=(playground const&) = delete;

    std::vector<std::string> const& seeds() const noexcept { return seeds_; }

private:
    pid_t pid_ = -1;
    int output_ = -1;
    std::vector<std::string> seeds_;
};

/// A program that was built with this one.
std::filesystem::path program(std::string const& name);

/// Runs it to its end.
struct finished {
    int exit_code;
    std::string output;  ///< stdout and stderr
};
finished run(std::string const& name, std::string const& argument);

}  // namespace mykeyv::test
