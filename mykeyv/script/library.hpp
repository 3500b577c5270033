// SPDX-License-Identifier: Apache-2.0
// The code that a node knows, by its SHA-1.
#pragma once

#include "mykeyv/base/hex.hpp"
#include "mykeyv/script/lru.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace mykeyv::script {

/// Code by script_id, for all threads of a node. Bounded in bytes of code: over it, what was used longest ago is forgotten;
/// its callers are told errc::no_such_script and send it again.
class library {
public:
    static constexpr std::size_t bytes_max_default = 64u << 20;

    explicit library(std::size_t bytes_max = bytes_max_default) : codes_{bytes_max} {}

    /// Keeps `code` (which need not compile; ask compile_error first) and answers its name. Known code is only marked as used.
    script_id add(std::string_view code);

    /// The code of that name, or nullptr. What was handed out stays valid when the library forgets it.
    std::shared_ptr<std::string const> find(script_id const& id);

    std::size_t count() const;
    /// Bytes of code that are kept now.
    std::size_t bytes() const;

private:
    mutable std::mutex mutex_;
    lru<script_id, std::shared_ptr<std::string const>> codes_;
};

}  // namespace mykeyv::script
