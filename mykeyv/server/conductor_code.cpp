// SPDX-License-Identifier: Apache-2.0
// The part of the conductor that sees to it that code for update() is known where it is asked for.
#include "mykeyv/server/conductor.hpp"

#include "mykeyv/server/node_state.hpp"

#include <utility>

namespace mykeyv::server {

void conductor::find_script(script_id id, unique_function<void(std::shared_ptr<std::string const>)> done)
{
    thread_.post([this, id, done = std::move(done)]() mutable {
        struct search {
            std::size_t left;
            unique_function<void(std::shared_ptr<std::string const>)> done;
        };
        if (links_.empty()) { return done(nullptr); }
        auto const shared = std::make_shared<search>(search{links_.size(), std::move(done)});
        for (auto& [of, each] : links_) {
            each.talk->ask({"KV.NODE", "CODE", id.text()}, [shared, id](resp::value const* reply, auto const&) {
                auto const* const text = reply != nullptr && reply->kind == resp::kind::bulk ? reply->text() : nullptr;
                --shared->left;
                if (!shared->done) { return; }
                if (text != nullptr && script_id::of(*text) == id) {
                    return std::exchange(shared->done, {})(std::make_shared<std::string const>(*text));
                }
                if (shared->left == 0) { std::exchange(shared->done, {})(nullptr); }
            });
        }
    });
}

void conductor::hand_code_over(node_id to, done_or_why done)
{
    struct delivery : std::enable_shared_from_this<delivery> {
        std::shared_ptr<peer_link> to;
        std::vector<std::shared_ptr<std::string const>> left;
        std::function<void(std::string const&)> done;

        void go_on()
        {
            if (left.empty()) { return done({}); }
            to->ask({"KV.NODE", "KEEP", *left.back()}, [self = shared_from_this()](resp::value const* reply, std::string const& why) {
                if (reply == nullptr) { return self->done(why); }
                if (reply->is_error()) { return self->done(std::string{*reply->text()}); }
                self->left.pop_back();
                self->go_on();
            });
        }
    };
    auto const place = links_.find(to);
    if (place == links_.end()) { return done("it is no member"); }
    auto const made = std::make_shared<delivery>();
    made->to = place->second.talk;
    made->left = node_.store->scripts();
    made->done = std::move(done);
    made->go_on();
}

}  // namespace mykeyv::server
