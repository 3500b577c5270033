// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/client/core.hpp"

#include "mykeyv/client/impl/answer.hpp"
#include "mykeyv/client/impl/engine.hpp"
#include "mykeyv/client/impl/update_plan.hpp"

#include <algorithm>
#include <utility>

namespace mykeyv::detail {
namespace {

// What a reply says; `ec` tells why it says nothing.
template <class Read>
auto read_unless(error_code& ec, resp::value&& reply, Read read)
{
    using value_type = typename decltype(read(std::move(reply)))::value_type;
    if (ec) { return value_type{}; }
    auto outcome = read(std::move(reply));
    if (outcome.has_value()) { return std::move(outcome).value(); }
    ec = outcome.error();
    return value_type{};
}

// Turns a reply into a result for `done`.
template <class Done, class Read>
engine::done reading(Done done, Read read)
{
    return [done = std::move(done), read](error_code ec, resp::value reply) mutable {
        auto outcome = read_unless(ec, std::move(reply), read);
        done(ec, std::move(outcome));
    };
}

// Collects the outcomes of the keys of one operation; tells when all are there. The error of them all, if all failed, is the first's.
template <class Outcome>
struct gathering {
    std::vector<Outcome> outcomes;
    std::size_t missing;
    core::done<std::vector<Outcome>> done;

    void one_is_there()
    {
        if (--missing == 0) { finish(); }
    }
    void finish()
    {
        auto const ec = error_of_all(outcomes);
        done(ec, std::move(outcomes));
    }

    static error_code error_of_all(std::vector<Outcome> const& outcomes)
    {
        bool const any_succeeded = std::any_of(outcomes.begin(), outcomes.end(), [](Outcome const& each) { return !each.error; });
        return any_succeeded || outcomes.empty() ? error_code{} : outcomes.front().error;
    }
};

// The requests of an update(): it lives in their continuations. The engine outlives those.
struct update_rounds : std::enable_shared_from_this<update_rounds> {
    update_rounds(engine& on, operation_id operation, update_plan to_do, core::done<std::vector<update_outcome>> then)
        : runs_on{on}, id{operation}, until{on.new_deadline()}, plan{std::move(to_do)}, done{std::move(then)}
    {
    }

    // A map first: to know which keys go together.
    void begin()
    {
        if (plan.has_one_slot()) { return ask_first(); }
        runs_on.perform(id, {.to = the_map{}}, until, [self = shared_from_this()](error_code ec, resp::value const&) {
            if (ec) { self->plan.fail_rest(ec); }
            self->ask_first();
        });
    }

    void ask_first()
    {
        auto groups = plan.first_round(runs_on.map(), [&](slot place) { return runs_on.goes_straight(place); });
        if (groups.empty()) { return finish(); }
        ask(std::move(groups));
    }

    void ask(std::vector<update_plan::group> groups)
    {
        unanswered += groups.size();
        for (auto& each : groups) {
            int const pauses = std::max(0, each.round - 1);
            auto what = std::move(each.what);
            runs_on.perform(id, std::move(what), until,
                            [self = shared_from_this(), group = std::move(each)](error_code ec, resp::value const& reply) {
                                self->on_answer(group, ec, reply);
                            }, pauses);
        }
    }

    void on_answer(update_plan::group const& group, error_code ec, resp::value const& reply)
    {
        std::vector<redirect> learned;
        auto more = plan.on_answer(group, ec, reply, learned);
        for (auto const& each : learned) { runs_on.learn(each); }
        ask(std::move(more));
        if (--unanswered == 0) { finish(); }
    }

    void finish()
    {
        auto outcomes = plan.take_outcomes();
        auto const ec = gathering<update_outcome>::error_of_all(outcomes);
        done(ec, std::move(outcomes));
    }

    engine& runs_on;
    operation_id id;
    engine::deadline until;
    update_plan plan;
    std::size_t unanswered = 0;
    core::done<std::vector<update_outcome>> done;
};

}  // namespace

core::core(boost::asio::any_io_executor const& executor, client_options const& options)
    : engine_{std::make_shared<engine>(executor, options)}
{
}

core::~core() { stop(); }

void core::stop()
{
    engine_->post([&engine = *engine_] { engine.stop(); });
}

operation_id core::new_operation() noexcept { return engine_->new_operation(); }

void core::cancel(operation_id id, cancel_mode mode)
{
    engine_->post([&engine = *engine_, id, mode] { engine.cancel(id, mode); });
}

found<bytes> read_record(error_code& ec, resp::value&& reply) { return read_unless(ec, std::move(reply), read_get); }

std::uint64_t read_version(error_code& ec, resp::value&& reply)
{
    return read_unless(ec, std::move(reply), [](resp::value&& said) { return read_set(said); });
}

void core::get(operation_id id, key const& name, done<resp::value> then)
{
    if (auto const problem = problem_with(name); problem != errc::ok) { return then(problem, {}); }
    engine_->post(id, get_request(name), std::move(then));
}

void core::get_many(operation_id id, key_list const& keys, done<std::vector<get_outcome<bytes>>> then)
{
    using gathered = gathering<get_outcome<bytes>>;
    auto const all = std::make_shared<gathered>(gathered{std::vector<get_outcome<bytes>>(keys.size()), keys.size(), std::move(then)});
    if (keys.size() == 0) { return all->finish(); }
    std::size_t index = 0;
    for (auto const& name : keys) {
        all->outcomes[index].key = name.text();
        get(id, name, [all, index](error_code ec, resp::value reply) {
            auto& outcome = all->outcomes[index];
            outcome.record = read_record(ec, std::move(reply));
            outcome.error = ec;
            all->one_is_there();
        });
        ++index;
    }
}

void core::set(operation_id id, key const& name, encoded const& record, set_options const& options, done<resp::value> then)
{
    for (auto const problem : {problem_with(name), record.problem(), problem_with(options)}) {
        if (problem != errc::ok) { return then(problem, {}); }
    }
    engine_->post(id, set_request(name, record, options), std::move(then));
}

void core::set_many(operation_id id, std::vector<std::pair<key, encoded>> const& records, set_options const& options,
                    done<std::vector<set_outcome>> then)
{
    using gathered = gathering<set_outcome>;
    auto const all = std::make_shared<gathered>(gathered{std::vector<set_outcome>(records.size()), records.size(), std::move(then)});
    if (records.empty()) { return all->finish(); }
    std::size_t index = 0;
    for (auto const& [name, record] : records) {
        all->outcomes[index].key = name.text();
        set(id, name, record, options, [all, index](error_code ec, resp::value reply) {
            auto& outcome = all->outcomes[index];
            outcome.version = read_version(ec, std::move(reply));
            outcome.error = ec;
            all->one_is_there();
        });
        ++index;
    }
}

void core::erase(operation_id id, key const& name, done<bool> then)
{
    if (auto const problem = problem_with(name); problem != errc::ok) { return then(problem, false); }
    engine_->post(id, erase_request(name), reading(std::move(then), [](resp::value&& reply) { return read_erase(reply); }));
}

void core::update(operation_id id, key_list const& keys, std::string code, nlohmann::json const& args,
                  done<std::vector<update_outcome>> then)
{
    encoded const args_text(args);  // braces would make an array of it
    update_plan plan{keys, {std::move(code), args_text.text()}, limits::redirects_max};
    if (args_text.problem() != errc::ok) { plan.fail_rest(args_text.problem()); }
    engine_->post([&engine = *engine_, id, plan = std::move(plan), then = std::move(then)]() mutable {
        std::make_shared<update_rounds>(engine, id, std::move(plan), std::move(then))->begin();
    });
}

void core::command(operation_id id, std::vector<std::string> const& arguments, command_route const& route, done<resp::value> then)
{
    if (arguments.empty()) { return then(errc::syntax, {}); }
    engine_->post(id, command_request(arguments, route), std::move(then));
}

void core::scan(operation_id id, endpoint const& node, std::string const& cursor, std::string const& pattern, std::size_t count,
                done<scan_page> then)
{
    engine_->post(id, scan_request(node, cursor, pattern, count), reading(std::move(then), read_scan));
}

void core::nodes(operation_id id, done<std::vector<node_info>> then)
{
    engine_->post(id, {.to = the_map{true}}, [&engine = *engine_, then = std::move(then)](error_code ec, resp::value const&) mutable {
        then(ec, ec ? std::vector<node_info>{} : engine.map().describe());
    });
}

void core::ping(operation_id id, done<> then)
{
    engine_->post(id, ping_request(), [then = std::move(then)](error_code ec, resp::value const&) mutable { then(ec); });
}

}  // namespace mykeyv::detail
