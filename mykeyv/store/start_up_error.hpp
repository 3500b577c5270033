// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace mykeyv::store {

/// Why a store cannot start, in a sentence that names the setting or the file to mend.
class start_up_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace mykeyv::store
