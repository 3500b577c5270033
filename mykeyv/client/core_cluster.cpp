// SPDX-License-Identifier: Apache-2.0
// The operations of the core that concern the cluster itself.
#include "mykeyv/client/core.hpp"
#include "mykeyv/client/impl/cluster_answer.hpp"
#include "mykeyv/client/impl/engine.hpp"
#include "mykeyv/client/impl/rehash_watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mykeyv::detail {
namespace {

// How often a rehash is looked at, and how long the node that told last is waited for before another one is asked.
constexpr std::chrono::milliseconds look_every{250};
constexpr std::chrono::milliseconds patience_with_one_node{1'000};

// Asking again for these changes nothing.
request question(std::initializer_list<std::string> words)
{
    auto made = cluster_request(std::vector<std::string>{words});
    made.repeatable = true;
    return made;
}

template <class T, class Read>
engine::done answered_by(core::done<T> then, Read read)
{
    return [then = std::move(then), read](error_code ec, resp::value const& reply) mutable {
        auto outcome = ec ? result<T>{ec} : read(reply);
        then(outcome.has_error() ? outcome.error() : error_code{}, outcome.has_error() ? T{} : std::move(*outcome));
    };
}

bool is_the_end(error_code const& ec) { return is(ec, errc::cancelled) || is(ec, errc::stopping); }

// The life of one watch; it lives in the continuations of its requests. The engine outlives those.
//
//     begin -> ask -> on_status -> pause -> ask ...
//               ^       |  |
//               |       |  `-- finished, or no node can be reached: done
//               `-------'      the node that told last does not answer: any other
struct watching : std::enable_shared_from_this<watching> {
    watching(engine& on, operation_id operation, unique_function<void(progress const&)> handler, core::done<> then)
        : runs_on{on}, id{operation}, report{std::move(handler)}, done{std::move(then)}
    {
    }

    void begin()
    {
        runs_on.perform(id, question({"REHASH"}), runs_on.new_deadline(),
                        [self = shared_from_this()](error_code ec, resp::value const& reply) {
                            auto const plan = ec ? result<rehash_plan>{ec} : read_plan(reply);
                            if (plan.has_error()) { return self->done(plan.error()); }
                            self->watch.begin(*plan);
                            self->ask();
                        });
    }

    void ask()
    {
        auto what = question({"STATUS"});
        auto until = runs_on.new_deadline();
        if (told_last) {
            what.to = *told_last;
            what.patient = false;
            until = std::min(until, engine::clock::now() + patience_with_one_node);
        }
        runs_on.perform(id, std::move(what), until, [self = shared_from_this()](error_code ec, resp::value const& reply) {
            auto const status = ec ? result<cluster_status>{ec} : read_status(reply);
            self->on_status(status);
        });
    }

    void on_status(result<cluster_status> const& status)
    {
        if (status.has_error()) {
            if (is_the_end(status.error()) || !std::exchange(told_last, {})) { return done(status.error()); }
            return ask();
        }
        watch.on_status(*status, engine::clock::now());
        told_last = the_one_who_told(*status);
        report(watch.so_far());
        if (watch.finished()) { return done({}); }
        pause();
    }

    void pause()
    {
        runs_on.perform(id, {.to = a_while{look_every}}, engine::deadline::max(),
                        [self = shared_from_this()](error_code ec, resp::value const&) {
                            if (ec) { return self->done(ec); }
                            self->ask();
                        });
    }

    // It is asked again, because from one node the figures only grow. Nothing: it is no member.
    static std::optional<endpoint> the_one_who_told(cluster_status const& status)
    {
        auto const himself = std::find_if(status.nodes.begin(), status.nodes.end(),
                                          [](member const& each) { return each.heard_ago == std::chrono::milliseconds{0}; });
        return himself == status.nodes.end() ? std::nullopt : std::optional{himself->address};
    }

    engine& runs_on;
    operation_id id;
    rehash_watch watch;
    std::optional<endpoint> told_last;
    unique_function<void(progress const&)> report;
    core::done<> done;
};

}  // namespace

void core::status(operation_id id, done<cluster_status> then)
{
    engine_->post(id, question({"STATUS"}), answered_by<cluster_status>(std::move(then), read_status));
}

void core::plan(operation_id id, done<rehash_plan> then)
{
    engine_->post(id, question({"PLAN"}), answered_by<rehash_plan>(std::move(then), read_plan));
}

void core::change_cluster(operation_id id, std::vector<std::string> const& words, done<std::string> then)
{
    engine_->post(id, cluster_request(words), [then = std::move(then)](error_code ec, resp::value const& reply) mutable {
        if (!is(ec, errc::unexpected_reply) || !reply.is_error()) { return then(ec, {}); }
        auto const& said = *reply.text();
        then(errc::refused, said.starts_with("ERR ") ? said.substr(4) : said);
    });
}

void core::watch(operation_id id, bool begins, unique_function<void(progress const&)> report, done<> then)
{
    engine_->post([&engine = *engine_, id, begins, report = std::move(report), then = std::move(then)]() mutable {
        auto const made = std::make_shared<watching>(engine, id, std::move(report), std::move(then));
        if (begins) { return made->begin(); }
        made->ask();
    });
}

}  // namespace mykeyv::detail
