// SPDX-License-Identifier: Apache-2.0
// mykeyv: the command line.
#include "apps/mykeyv/command_line.hpp"

int main(int argc, char** argv) { return static_cast<int>(mykeyv::cli::run({argv + 1, argv + argc})); }
