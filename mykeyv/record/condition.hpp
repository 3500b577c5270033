// SPDX-License-Identifier: Apache-2.0
// On what a write may depend: NX, XX, IFEQ, IFVERSION.
#pragma once

#include "mykeyv/record/record.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace mykeyv {

struct always {};
/// NX.
struct if_absent {};
/// XX.
struct if_present {};
/// IFEQ: the record is there, and its value is this, byte by byte.
struct if_equals {
    std::string value;
};
/// IFVERSION: the record has this version. 0 stands for an absent record, since no record has it.
struct if_version {
    std::uint64_t version = 0;
};

using condition = std::variant<always, if_absent, if_present, if_equals, if_version>;

bool holds(condition const&, record_view const* before) noexcept;

/// The answer of a write whose condition does not hold: errc::version_mismatch after if_version, `otherwise` after the others.
decision unmet(condition const&, reply otherwise);

inline bool is_conditional(condition const& c) noexcept { return !std::holds_alternative<always>(c); }

}  // namespace mykeyv
