// SPDX-License-Identifier: Apache-2.0
// A callable that is moved, not copied: std::move_only_function, which C++20 lacks.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace mykeyv {

template <class Signature>
class unique_function;

/// Holds any callable of the signature, also one that cannot be copied; one of at most two pointers without memory of its own. Empty
/// when made without one, or moved from; calling an empty one is a bug.
template <class Result, class... Args>
class unique_function<Result(Args...)> {
public:
    unique_function() noexcept = default;

    template <class Callable>
        requires(!std::is_same_v<std::remove_cvref_t<Callable>, unique_function> &&
                 std::is_invocable_r_v<Result, std::remove_cvref_t<Callable>&, Args...>)
    unique_function(Callable&& from)  // NOLINT(google-explicit-constructor): as std::function
    {
        using held = holder<std::remove_cvref_t<Callable>>;
        if constexpr (fits<held>) {
            held_ = new (room_) held{std::forward<Callable>(from)};
        } else {
            held_ = new held{std::forward<Callable>(from)};
        }
    }

    unique_function(unique_function&& other) noexcept { take(other); }
    unique_function& operator=(unique_function&& other) noexcept
    {
        if (this != &other) {
            drop();
            take(other);
        }
        return *this;
    }
    ~unique_function() { drop(); }

    explicit operator bool() const noexcept { return held_ != nullptr; }
    Result operator()(Args... args) { return held_->call(std::forward<Args>(args)...); }

private:
    struct callable {
        virtual ~callable() = default;
        virtual Result call(Args&&... args) = 0;
        virtual callable* move_to(void* room) noexcept = 0;  // only of one that lies in its owner's room
    };
    template <class Callable>
    struct holder final : callable {
        template <class From>
        explicit holder(From&& from) : held{std::forward<From>(from)}
        {
        }
        Result call(Args&&... args) override { return held(std::forward<Args>(args)...); }
        callable* move_to(void* room) noexcept override
        {
            if constexpr (fits<holder>) {
                return new (room) holder{std::move(held)};
            } else {
                return nullptr;
            }
        }
        Callable held;
    };

    static constexpr std::size_t room_bytes = 3 * sizeof(void*);  // what a holder has besides is its table's address
    template <class Held>
    static constexpr bool fits = sizeof(Held) <= room_bytes && alignof(Held) <= alignof(void*) &&
                                 std::is_nothrow_move_constructible_v<decltype(Held::held)>;

    bool is_within() const noexcept { return static_cast<void const*>(held_) == room_; }

    void take(unique_function& other) noexcept
    {
        held_ = other.is_within() ? other.held_->move_to(room_) : other.held_;
        if (other.is_within()) { other.held_->~callable(); }
        other.held_ = nullptr;
    }

    void drop() noexcept
    {
        if (is_within()) {
            held_->~callable();
        } else {
            delete held_;
        }
        held_ = nullptr;
    }

    callable* held_ = nullptr;
    alignas(void*) std::byte room_[room_bytes];
};

}  // namespace mykeyv
