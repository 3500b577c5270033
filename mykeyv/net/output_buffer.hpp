// SPDX-License-Identifier: Apache-2.0
// The bytes that wait to be sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mykeyv::net {

/// Replies are appended to `tail()`, a socket takes them from `unsent()`: everything that is queued goes in one write.
class output_buffer {
public:
    /// To be appended to only.
    std::string& tail() noexcept { return bytes_; }
    std::string_view unsent() const noexcept { return std::string_view{bytes_}.substr(sent_); }
    std::size_t size() const noexcept { return bytes_.size() - sent_; }

    /// The first `bytes` of unsent() are gone. A buffer that has grown large gives its memory back once it is empty.
    void sent(std::size_t bytes);

private:
    std::string bytes_;
    std::size_t sent_ = 0;
};

}  // namespace mykeyv::net
