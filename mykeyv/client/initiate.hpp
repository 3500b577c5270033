// SPDX-License-Identifier: Apache-2.0
// How an Asio completion token meets the core: handlers are kept with their executor and their cancellation slot.
// Not for direct use.
#pragma once

#include "mykeyv/client/core.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mykeyv::detail {

// Memory for one task on its way to an io_context. The task owns it: an io_context moves a task out of its memory, and gives that back,
// before it runs or drops the task. Other executors need not.
struct task_room {
    task_room() noexcept {}  // which leaves the bytes as they are
    alignas(std::max_align_t) std::byte bytes[160];
};
template <class T>
struct task_room_allocator {
    using value_type = T;
    task_room* in;

    explicit task_room_allocator(task_room& room) noexcept : in{&room} {}
    template <class Other>
    task_room_allocator(task_room_allocator<Other> const& other) noexcept : in{other.in}
    {
    }
    T* allocate(std::size_t count)
    {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        auto const size = count * sizeof(T);
        return static_cast<T*>(size <= sizeof in->bytes ? static_cast<void*>(in->bytes) : ::operator new(size));
    }
    void deallocate(T* memory, std::size_t) noexcept
    {
        if (static_cast<void*>(memory) != in->bytes) { ::operator delete(memory); }
    }
    friend bool operator==(task_room_allocator const&, task_room_allocator const&) = default;
};
template <class Task>
struct task_with_room {
    using allocator_type = task_room_allocator<std::byte>;
    Task task;
    task_room* room;
    allocator_type get_allocator() const noexcept { return allocator_type{*room}; }
    void operator()() { task(); }
};
// Where the type of an executor is erased, each task that is posted is allocated twice; most of them are an io_context's. `room` is the
// task's own.
template <class Executor, class Task>
void post_to(Executor const& where, task_room& room, Task&& task)
{
    using plain_executor = boost::asio::io_context::executor_type;
    auto const* plain = [&]() -> plain_executor const* {
        if constexpr (std::same_as<Executor, plain_executor>) { return &where; }
        if constexpr (std::same_as<Executor, boost::asio::any_io_executor>) { return where.template target<plain_executor>(); }
        return nullptr;
    }();
    if (plain == nullptr) { return boost::asio::post(where, std::forward<Task>(task)); }
    boost::asio::post(*plain, task_with_room<std::decay_t<Task>>{std::forward<Task>(task), &room});
}

// The client's own executor, for a handler that has none: it needs no guard, for what will complete an operation is itself at work there.
class unguarded_executor {
public:
    explicit unguarded_executor(boost::asio::any_io_executor of) noexcept : of_{std::move(of)} {}
    boost::asio::any_io_executor const& get_executor() const noexcept { return of_; }
    void reset() noexcept {}

private:
    boost::asio::any_io_executor of_;
};

// A user's handler. What the core calls it with, `finish.read` turns into what travels, and it is posted to the handler's own executor,
// which is kept at work until then; there `finish` turns it into what the handler takes. So user code never runs inside the client.
template <class Handler, class Finish>
class waiting_handler {
    using executor = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
    struct none {};
    static constexpr bool has_none = std::same_as<boost::asio::associated_executor_t<Handler, none>, none>;
    using work = std::conditional_t<has_none, unguarded_executor, boost::asio::executor_work_guard<executor>>;

public:
    waiting_handler(Handler handler, Finish finish, boost::asio::any_io_executor const& fallback)
        : kept_{new parts{work{boost::asio::get_associated_executor(handler, fallback)}, std::move(handler), std::move(finish), {}}}
    {
    }

    /// Where the handler will run.
    executor get_executor() const { return kept_->at.get_executor(); }

    template <class... Results>
    void operator()(error_code ec, Results&&... results)
    {
        auto const where = get_executor();
        auto travels = kept_->finish.read(ec, std::move(results)...);
        auto& room = kept_->room;
        post_to(where, room, [kept = std::move(kept_), ec, travels = std::move(travels)]() mutable {
            std::apply([&](auto&... each) { run(std::move(kept), ec, std::move(each)...); }, travels);
        });
    }

private:
    // What stays where it is while the operation goes from hand to hand.
    struct parts {
        work at;
        Handler handler;
        Finish finish;
        task_room room;
    };

    // The handler finds the memory given back, as Asio promises: what it begins next can have it.
    template <class... Results>
    static void run(std::unique_ptr<parts> kept, error_code const& ec, Results&&... results)
    {
        auto handler = std::move(kept->handler);
        auto const finish = std::move(kept->finish);
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) { slot.clear(); }
        kept->at.reset();
        kept.reset();
        finish(std::move(handler), ec, std::move(results)...);
    }

    std::unique_ptr<parts> kept_;
};

struct canceller {
    std::weak_ptr<core> target;
    operation_id id;

    void operator()(boost::asio::cancellation_type type) const
    {
        using boost::asio::cancellation_type;
        auto const alive = target.lock();
        if (!alive || type == cancellation_type::none) { return; }
        bool const may_take_effect = (type & (cancellation_type::terminal | cancellation_type::partial)) != cancellation_type::none;
        alive->cancel(id, may_take_effect ? cancel_mode::abandon : cancel_mode::if_unsent);
    }
};

// Hands the results on as they are.
struct finish_plainly {
    template <class... Results>
    std::tuple<Results...> read(error_code const&, Results&&... results) const
    {
        return {std::move(results)...};
    }
    template <class Handler, class... Results>
    void operator()(Handler&& handler, error_code const& ec, Results&&... results) const
    {
        std::forward<Handler>(handler)(ec, std::forward<Results>(results)...);
    }
};

// Begins an operation for any completion token: `start(core, id, done)` hands it to the core.
template <class Signature, class Token, class Finish, class Start>
auto initiate(Token&& token, std::shared_ptr<core> const& target, boost::asio::any_io_executor const& executor, Finish finish, Start start)
{
    return boost::asio::async_initiate<Token, Signature>(
        [target, executor, finish = std::move(finish), start = std::move(start)](auto&& handler) mutable {
            using handler_type = std::decay_t<decltype(handler)>;
            auto const id = target->new_operation();
            if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
                slot.assign(canceller{target, id});
            }
            waiting_handler<handler_type, Finish> waiting{std::forward<decltype(handler)>(handler), std::move(finish), executor};
            start(*target, id, std::move(waiting));
        },
        token);
}

}  // namespace mykeyv::detail
