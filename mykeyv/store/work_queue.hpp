// SPDX-License-Identifier: Apache-2.0
// A queue from many threads to one, which takes everything that is there at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace mykeyv::store {

/// Any thread pushes; one thread takes. Waking that thread costs a system call only when it waits.
template <class Item>
class work_queue {
public:
    /// `items_max`: what push() admits.
    explicit work_queue(std::size_t items_max) : items_max_{items_max} {}

    /// False, with `item` untouched: the queue is full or closed.
    bool push(Item&& item)
    {
        {
            std::lock_guard const lock{mutex_};
            if (closed_ || items_.size() >= items_max_) { return false; }
            items_.push_back(std::move(item));
            if (!std::exchange(waiting_, false)) { return true; }
        }
        filled_.notify_one();
        return true;
    }

    enum class taken { items, nothing, closed };

    /// Waits for items, at most `patience`, and moves all of them into `out`, which is emptied before. `closed`: none are
    /// left and none will come.
    taken take(std::vector<Item>& out, std::chrono::milliseconds patience)
    {
        out.clear();
        std::unique_lock lock{mutex_};
        auto const deadline = std::chrono::steady_clock::now() + patience;
        while (items_.empty() && !closed_) {
            waiting_ = true;
            if (filled_.wait_until(lock, deadline) == std::cv_status::timeout) { break; }
        }
        waiting_ = false;
        if (items_.empty()) { return closed_ ? taken::closed : taken::nothing; }
        items_.swap(out);
        return taken::items;
    }

    /// No more items; those that are there can still be taken.
    void close()
    {
        {
            std::lock_guard const lock{mutex_};
            closed_ = true;
        }
        filled_.notify_all();
    }

    bool closed() const
    {
        std::lock_guard const lock{mutex_};
        return closed_;
    }

private:
    std::size_t const items_max_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::vector<Item> items_;
    bool waiting_ = false;
    bool closed_ = false;
};

}  // namespace mykeyv::store
