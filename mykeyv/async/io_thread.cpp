// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/async/io_thread.hpp"

#include "mykeyv/base/thread_name.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <future>
#include <thread>
#include <utility>

namespace mykeyv::async {
namespace {

class posted final : public mail {
public:
    explicit posted(unique_function<void()> work) : work_{std::move(work)} {}
    void delivered(std::unique_ptr<mail>) noexcept override { work_(); }

private:
    unique_function<void()> work_;
};

}  // namespace

// The mailbox stands behind the context, so it goes first: letters that were never delivered may hold sockets.
struct io_thread::parts {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    mailbox letters;
    std::thread thread;
};

io_thread::io_thread(char const* name) : parts_{std::make_unique<parts>()}
{
    parts_->thread = std::thread{[name, &context = parts_->context] {
        name_this_thread(name);
        context.run();
    }};
}

io_thread::~io_thread() { stop(); }

void io_thread::send(std::unique_ptr<mail> letter) noexcept
{
    if (parts_->letters.push(std::move(letter))) {
        boost::asio::post(parts_->context, [this] { parts_->letters.deliver(); });
    }
}

void io_thread::post(unique_function<void()> work) { send(std::make_unique<posted>(std::move(work))); }

void io_thread::run_and_wait(unique_function<void()> work)
{
    std::promise<void> done;
    post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

bool io_thread::is_current() const noexcept { return std::this_thread::get_id() == parts_->thread.get_id(); }

void io_thread::stop()
{
    parts_->context.stop();
    if (parts_->thread.joinable()) { parts_->thread.join(); }
}

boost::asio::io_context& io_thread::context() noexcept { return parts_->context; }

// A handler that Asio has queued already cannot be cancelled any more; it sees by `round` that it is out of date.
struct timer::parts {
    explicit parts(boost::asio::io_context& context) : waiting{context} {}
    boost::asio::steady_timer waiting;
    unique_function<void()> then;
    unsigned round = 0;
};

timer::timer(io_thread& thread) : parts_{std::make_shared<parts>(thread.context())} {}

timer::~timer() { cancel(); }

void timer::start(std::chrono::milliseconds delay, unique_function<void()> then)
{
    auto const round = ++parts_->round;
    parts_->then = std::move(then);
    parts_->waiting.expires_after(delay);
    parts_->waiting.async_wait([kept = parts_, round](boost::system::error_code const&) {
        if (round != kept->round) { return; }
        auto due = std::exchange(kept->then, {});
        due();
    });
}

void timer::cancel()
{
    ++parts_->round;
    parts_->then = {};
    parts_->waiting.cancel();
}

}  // namespace mykeyv::async
