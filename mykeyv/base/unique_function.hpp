// SPDX-License-Identifier: Apache-2.0
// A callable that is moved, not copied: std::move_only_function, which C++20 lacks.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace mykeyv {

template <class Signature>
class unique_function;

/// Holds any callable of the signature, also one that cannot be copied. Empty when made without one; calling an empty
/// one is a bug.
template <class Result, class... Args>
class unique_function<Result(Args...)> {
public:
    unique_function() = default;

    template <class Callable>
        requires(!std::is_same_v<std::remove_cvref_t<Callable>, unique_function> &&
                 std::is_invocable_r_v<Result, std::remove_cvref_t<Callable>&, Args...>)
    unique_function(Callable&& from)  // NOLINT(google-explicit-constructor): as std::function
        : held_{std::make_unique<holder<std::remove_cvref_t<Callable>>>(std::forward<Callable>(from))}
    {
    }

    explicit operator bool() const noexcept { return held_ != nullptr; }
    Result operator()(Args... args) { return held_->call(std::forward<Args>(args)...); }

private:
    struct callable {
        virtual ~callable() = default;
        virtual Result call(Args&&... args) = 0;
    };
    template <class Callable>
    struct holder final : callable {
        template <class From>
        explicit holder(From&& from) : held{std::forward<From>(from)} {}
        Result call(Args&&... args) override { return held(std::forward<Args>(args)...); }
        Callable held;
    };
    std::unique_ptr<callable> held_;
};

}  // namespace mykeyv
