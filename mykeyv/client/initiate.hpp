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
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mykeyv::detail {

// Where the type of an executor is erased, each task that is posted is allocated twice; most of them are an io_context's.
template <class Executor, class Task>
void post_to(Executor const& where, Task&& task)
{
    if constexpr (std::same_as<Executor, boost::asio::any_io_executor>) {
        if (auto const* plain = where.template target<boost::asio::io_context::executor_type>()) {
            return boost::asio::post(*plain, std::forward<Task>(task));
        }
    }
    boost::asio::post(where, std::forward<Task>(task));
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

// A user's handler. What the core calls it with, it posts to the handler's own executor, which it keeps at work until then;
// there `finish` turns it into what the handler takes. So user code never runs inside the client.
template <class Handler, class Finish>
class waiting_handler {
    using executor = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
    struct none {};
    static constexpr bool has_none = std::same_as<boost::asio::associated_executor_t<Handler, none>, none>;
    using work = std::conditional_t<has_none, unguarded_executor, boost::asio::executor_work_guard<executor>>;

public:
    waiting_handler(Handler handler, Finish finish, boost::asio::any_io_executor const& fallback)
        : work_{boost::asio::get_associated_executor(handler, fallback)}, handler_{std::move(handler)}, finish_{std::move(finish)}
    {
    }

    /// Where the handler will run.
    executor get_executor() const { return work_.get_executor(); }

    template <class... Results>
    void operator()(error_code const& ec, Results&&... results)
    {
        auto const where = get_executor();
        post_to(where, [self = std::move(*this), ec, results = std::make_tuple(std::move(results)...)]() mutable {
            std::apply([&](auto&... each) { self.run(ec, std::move(each)...); }, results);
        });
    }

private:
    template <class... Results>
    void run(error_code const& ec, Results&&... results)
    {
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler_); slot.is_connected()) { slot.clear(); }
        work_.reset();
        finish_(std::move(handler_), ec, std::move(results)...);
    }

    work work_;
    Handler handler_;
    Finish finish_;
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
