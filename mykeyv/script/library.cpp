// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/script/library.hpp"

namespace mykeyv::script {

script_id library::add(std::string_view code)
{
    auto const id = script_id::of(code);
    std::lock_guard const lock{mutex_};
    if (codes_.find(id) == nullptr) {
        codes_.insert(id, std::make_shared<std::string const>(code), code.size(), [](auto const&) {});
    }
    return id;
}

std::shared_ptr<std::string const> library::find(script_id const& id)
{
    std::lock_guard const lock{mutex_};
    auto const* const found = codes_.find(id);
    return found != nullptr ? *found : nullptr;
}

std::size_t library::count() const
{
    std::lock_guard const lock{mutex_};
    return codes_.count();
}

std::size_t library::bytes() const
{
    std::lock_guard const lock{mutex_};
    return codes_.weight();
}

}  // namespace mykeyv::script
