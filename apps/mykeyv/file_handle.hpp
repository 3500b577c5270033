// SPDX-License-Identifier: Apache-2.0
// An open file of the system's, closed by its owner's end.
#pragma once

#include <unistd.h>
#include <utility>

namespace mykeyv::cli {

class file_handle {
public:
    file_handle() = default;
    explicit file_handle(int file) noexcept : file_{file} {}
    file_handle(file_handle&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
    file_handle& operator=(file_handle&& other) noexcept
    {
        std::swap(file_, other.file_);
        return *this;
    }
    ~file_handle()
    {
        if (file_ >= 0) { ::close(file_); }
    }

    /// -1: none.
    int get() const noexcept { return file_; }
    explicit operator bool() const noexcept { return file_ >= 0; }

private:
    int file_ = -1;
};

}  // namespace mykeyv::cli
