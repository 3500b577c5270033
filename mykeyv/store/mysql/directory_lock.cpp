// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/store/mysql/directory_lock.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace mykeyv::store {
namespace fs = std::filesystem;
namespace {

std::string pid_in(int file)
{
    char text[32] = {};
    auto const length = ::pread(file, text, sizeof text - 1, 0);
    return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "unknown";
}

}  // namespace

failure system_failure(std::string_view what, fs::path const& path)
{
    return failure::because(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

failure make_directory(fs::path const& directory)
{
    std::error_code problem;
    fs::create_directories(directory, problem);
    if (problem) { return failure::because(fmt::format("cannot make {}: {}", directory.string(), problem.message())); }
    return {};
}

failure directory_lock::take(fs::path const& directory)
{
    if (auto why = make_directory(directory)) { return why; }
    auto const path = directory / "lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) { return system_failure("open", path); }
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        auto const holder = pid_in(file_);
        release();
        return failure::because(fmt::format("the data directory {} is in use by another mykeyvd (process {})", directory.string(), holder));
    }
    auto const pid = std::to_string(::getpid());
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, pid.data(), pid.size(), 0) < 0) { return system_failure("write", path); }
    return {};
}

void directory_lock::release() noexcept
{
    if (file_ >= 0) { ::close(std::exchange(file_, -1)); }
}

}  // namespace mykeyv::store
