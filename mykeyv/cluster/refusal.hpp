// SPDX-License-Identifier: Apache-2.0
// Why an input about the cluster was not accepted, as a sentence for the operator.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>

namespace mykeyv::cluster {

/// A sentence without a full stop that names what is wrong and where: "nodes[2].id must be 40 hex digits".
struct refusal {
    std::string reason;
};

/// A T, or why there is none. `value()` throws std::invalid_argument with the reason: for start-up.
template <class T>
using checked = boost::system::result<T, refusal>;

[[noreturn]] inline void throw_exception_from_error(refusal const& why, boost::source_location const&)
{
    throw std::invalid_argument{why.reason};
}

}  // namespace mykeyv::cluster
